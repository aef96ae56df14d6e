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

from nnexp.record.figures.style import GREY, INK
from nnexp.report.palette import AS_VARIABLES
from nnexp.report.plots import DPI, TEXT, Drawn

_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"(?<=[ \"\n(])-?\d+\.\d{3,}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FONT = re.compile(r"font: ((?:\w+ )*[\d.]+px) [^;\"]*|font-family: [^;\"]*")

_LINE = 0.19
"""Inches from one line above a figure to the next."""
_MARGIN = 0.12
"""Inches, beside and above a title."""


def png_file(drawn: Drawn) -> bytes:
    """The figure as a PNG file, under title and note: it has to be understood without the page."""
    with _titled(drawn) as box:
        return _saved(drawn, "png", box, {"Software": None}, dpi=DPI)


def svg_file(drawn: Drawn) -> bytes:
    """The figure as an SVG file, under title and note: text as text, the same bytes every time."""
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
    # Nothing refers to a group, and figures of one page would have the same names for theirs.
    rest = re.sub(r'<g id="[^"]*"', "<g", rest)
    rest = _TAG.sub(lambda found: _short(found.group()), rest)
    alternative = f'role="img" aria-label="{escape(drawn.text)}"'
    return f"<svg {box.group()} {alternative}><title>{escape(drawn.text)}</title>{rest}"


@contextmanager
def _titled(drawn: Drawn) -> Iterator[Bbox]:
    """While the context lasts, title and note stand above the figure; the box of all, in inches."""
    figure = drawn.figure
    width, height = figure.get_size_inches()
    title, note = textwrap.wrap(drawn.title, 60), textwrap.wrap(drawn.note, 76)
    notes_high = len(note) * _LINE
    texts = [
        figure.text(
            _MARGIN / width, 1.0 + above / height, "\n".join(lines),
            size=size, color=colour, parse_math=False, va="bottom", linespacing=1.2,
        )
        for lines, above, size, colour in (
            (title, notes_high, TEXT + 1.0, INK),
            (note, 0.0, TEXT - 1.0, GREY),
        )
    ]  # fmt: skip
    try:
        yield Bbox([[0.0, 0.0], [width, height + notes_high + len(title) * _LINE + _MARGIN]])
    finally:
        for text in texts:
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
