"""matplotlib's figures as files, and as a part of the page whose colours follow its theme."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.transforms import Bbox

from nnexp.record.figures.style import INK
from nnexp.report.figure import Drawn
from nnexp.report.palette import AS_VARIABLES
from nnexp.report.plots import DPI, TEXT

_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"(?<=[ \"\n(])-?\d+\.\d{3,}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FONT = re.compile(r"font: ((?:\w+ )*[\d.]+px) [^;\"]*|font-family: [^;\"]*")

_TITLE_CHARACTERS = 60
_TITLE_LINE = 0.18
"""Inches."""
_MARGIN = 0.12
"""Inches, beside and above a title."""


def png_file(drawn: Drawn) -> bytes:
    """The figure as a PNG file, under its title: it has to be understood without the page."""
    with _titled(drawn) as box:
        return _saved(drawn, "png", box, {"Software": None}, dpi=DPI)


def svg_file(drawn: Drawn) -> bytes:
    """The figure as an SVG file, under its title: text as text, the same bytes every time."""
    with _titled(drawn) as box:
        return _svg(drawn, box)


def inline(drawn: Drawn) -> str:
    """The figure as an element of a page: as wide as there is room, in the colours of the page."""
    content = _svg(drawn, None).decode("utf-8")
    content = content[content.index("<svg") :]
    opening, _, rest = content.partition(">")
    box = re.search(r'viewBox="[^"]*"', opening)
    assert box is not None
    rest = re.sub(r"<metadata>.*?</metadata>", "", rest, flags=re.DOTALL)
    rest = _TAG.sub(lambda found: _short(found.group()), rest)
    alternative = f'role="img" aria-label="{escape(drawn.text)}"'
    return f"<svg {box.group()} {alternative}><title>{escape(drawn.text)}</title>{rest}"


@contextmanager
def _titled(drawn: Drawn) -> Iterator[Bbox]:
    """While the context lasts, the title stands above the figure; the box of both, in inches."""
    width, height = drawn.figure.get_size_inches()
    lines = textwrap.wrap(drawn.title, _TITLE_CHARACTERS)
    text = drawn.figure.text(
        _MARGIN / width, 1.0, "\n".join(lines),
        size=TEXT + 1.0, color=INK, parse_math=False, va="bottom", linespacing=1.2,
    )  # fmt: skip
    try:
        yield Bbox([[0.0, 0.0], [width, height + _TITLE_LINE * len(lines) + _MARGIN]])
    finally:
        text.remove()


def _svg(drawn: Drawn, box: Bbox | None) -> bytes:
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": drawn.name}):
        return _saved(drawn, "svg", box, {"Date": None, "Creator": None})


def _saved(
    drawn: Drawn, kind: str, box: Bbox | None, metadata: dict[str, None], **how: Any
) -> bytes:
    buffer = io.BytesIO()
    drawn.figure.savefig(buffer, format=kind, bbox_inches=box, metadata=metadata, **how)
    return buffer.getvalue()


def _short(tag: str) -> str:
    """A tag (never the text between tags) with shorter numbers, the page's font and colours."""
    tag = _NUMBER.sub(lambda found: f"{float(found.group()):.2f}", tag)
    tag = _COLOUR.sub(lambda found: AS_VARIABLES.get(found.group(), found.group()), tag)
    return _FONT.sub(lambda f: f"font: {f.group(1)} sans-serif" if f.group(1) else "", tag)
