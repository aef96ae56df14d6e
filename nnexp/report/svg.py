"""matplotlib's figures as files, and as a part of the page whose colours follow its theme."""

from __future__ import annotations

import io
import re
from html import escape

import matplotlib as mpl

from nnexp.report.figure import Drawn
from nnexp.report.palette import AS_VARIABLES

_TAG = re.compile(r"<[^>]*>")
_NUMBER = re.compile(r"(?<=[ \"\n(])-?\d+\.\d{3,}")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_FONT = re.compile(r"font: ((?:\w+ )*[\d.]+px) [^;\"]*|font-family: [^;\"]*")


def svg_file(drawn: Drawn) -> bytes:
    """The figure as an SVG file: text as text, the same bytes every time."""
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": drawn.name}):
        drawn.figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def inline(svg: bytes, text: str) -> str:
    """The same as an element of a page: as wide as there is room, in the colours of the page."""
    content = svg.decode("utf-8")
    content = content[content.index("<svg") :]
    opening, _, rest = content.partition(">")
    box = re.search(r'viewBox="[^"]*"', opening)
    assert box is not None
    rest = re.sub(r"<metadata>.*?</metadata>", "", rest, flags=re.DOTALL)
    rest = _TAG.sub(lambda found: _short(found.group()), rest)
    alternative = f'role="img" aria-label="{escape(text)}"'
    return f"<svg {box.group()} {alternative}><title>{escape(text)}</title>{rest}"


def _short(tag: str) -> str:
    """A tag (never the text between tags) with shorter numbers, the page's font and colours."""
    tag = _NUMBER.sub(lambda found: f"{float(found.group()):.2f}", tag)
    tag = _COLOUR.sub(lambda found: AS_VARIABLES.get(found.group(), found.group()), tag)
    return _FONT.sub(lambda f: f"font: {f.group(1)} sans-serif" if f.group(1) else "", tag)
