"""A badge for a page: two words side by side as an SVG image that fetches nothing."""

from __future__ import annotations

from html import escape

GREEN, RED, GREY = "#2e7d32", "#c62828", "#555555"

_WIDE, _PAD = 7, 10
"""Pixels a character may take at 11 pixels' height, and beside a text."""

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="20" role="img">
<title>{label}: {text}</title>
<rect width="{whole}" height="20" rx="3" fill="{colour}"/>
<rect width="{left}" height="20" rx="3" fill="#333333"/>
<rect x="{edge}" width="3" height="20" fill="#333333"/>
<g fill="#ffffff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">
<text x="10" y="14" textLength="{label_wide}">{label}</text>
<text x="{text_at}" y="14" textLength="{text_wide}">{text}</text>
</g>
</svg>
"""


def badge(label: str, text: str, colour: str) -> bytes:
    """A label on dark ground, and what is said of it on a colour."""
    label_wide, text_wide = _WIDE * len(label), _WIDE * len(text)
    left = label_wide + 2 * _PAD
    made = _SVG.format(
        whole=left + text_wide + 2 * _PAD,
        left=left,
        edge=left - 3,
        text_at=left + _PAD,
        label_wide=label_wide,
        text_wide=text_wide,
        label=escape(label),
        text=escape(text),
        colour=colour,
    )
    return made.encode()
