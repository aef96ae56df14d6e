"""What a paper or a page shows of a file of results: table, figure, entry for BibTeX, badge.

Table and entry name the file, its digest, and the line that checks it. A figure has every run as a
dot, and the means with their intervals, as PDF. A badge is two words side by side as an SVG image
that fetches nothing.
"""

from __future__ import annotations

import io
import math
from datetime import UTC, datetime
from html import escape

from nnexp.config.plurals import some
from nnexp.record.palette import COLOURS
from nnexp.study.compare import Comparison
from nnexp.study.exchange.manifest import Manifest
from nnexp.study.metric import Metric

DIGITS = 16
"""Digits of the digest in a caption: enough to see that two are the same."""

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "λ": r"$\lambda$",
    "η": r"$\eta$",
    "μ": r"$\mu$",
    "₁": r"$_1$",
    "−": "$-$",
    **{char: f"\\{char}" for char in "&%$#_{}"},
}

WIDTH, ROW, FRAME = 5.0, 0.3, 0.9
"""Inches: of the figure, of a setting, and around them."""

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


def latex(comparison: Comparison, file: str, digest: str, picture: str) -> str:
    """The settings of a comparison as a table, the best first, and as a figure.

    Packages booktabs and graphicx; `picture` is the file of the figure.
    """
    metric = Metric(comparison.metric)
    unit = escaped(metric.unit.strip().replace("%", "percent"))
    rows = []
    for s in comparison.ranked:
        m = s.summary
        interval = f"{metric.text(m.low)} to {metric.text(m.high)}" if m.n > 1 else "--"
        cells = [escaped(comparison.named(s)), str(m.n), metric.text(m.mean), interval]
        rows.append(" & ".join(cells) + r" \\")
    measured = escaped(comparison.metric) + (f" in {unit}" if unit else "")
    caption = (
        f"{measured}: mean over the runs of a setting and 95\\,\\% interval of the mean. "
        f"Check: {check_line(file)}; SHA-256 {digest[:DIGITS]}."
    )
    lines = [
        f"% made from {escaped(file)}, SHA-256 {digest}",
        r"\begin{table}",
        r"\centering",
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        rf"{escaped(comparison.head)} & $n$ & mean & 95\,\% interval \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        rf"\caption{{{caption}}}",
        rf"\label{{tab:nnexp-{digest[:8]}}}",
        r"\end{table}",
        r"\begin{figure}",
        r"\centering",
        rf"\includegraphics[width=\linewidth]{{{picture}}}",
        rf"\caption{{Every run a dot. {caption[0].upper()}{caption[1:]}}}",
        rf"\label{{fig:nnexp-{digest[:8]}}}",
        r"\end{figure}",
    ]
    return "\n".join(lines) + "\n"


def bibtex(manifest: Manifest, file: str, digest: str, author: str) -> str:
    """An entry for the file itself; `author` may be empty."""
    runs = manifest.runs
    ended = datetime.fromtimestamp(max(run.end_time for run in runs) / 1000.0, UTC)
    what = ", ".join(dict.fromkeys(manifest.chosen.names[:3]))
    fields = {
        "author": f"{{{escaped(author)}}}" if author else "",
        "title": f"Recorded results: {escaped(what)} ({some(len(runs), 'run')})",
        "year": str(ended.year),
        "howpublished": rf"File \texttt{{{escaped(file)}}}, SHA-256 {digest}",
        "note": f"Made with {escaped(manifest.made_by)}. Check: {check_line(file)}",
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{nnexp-{digest[:8]},", *lines, "}"]) + "\n"


def check_line(file: str) -> str:
    """The command that checks the file."""
    return rf"\texttt{{python -m nnexp verify {escaped(file)}}}"


def escaped(text: str) -> str:
    """Plain text for LaTeX."""
    return "".join(_SPECIAL.get(char, char) for char in text if char.isprintable())


def figure(comparison: Comparison) -> bytes:
    """The settings of a comparison, the best on top. The same comparison gives the same bytes."""
    from matplotlib.figure import Figure

    from nnexp.record.figures import style

    metric = Metric(comparison.metric)
    drawn = Figure(figsize=(WIDTH, FRAME + ROW * len(comparison.settings)), layout="constrained")
    axes = drawn.add_subplot()
    ranked = comparison.ranked[::-1]
    for row, setting in enumerate(ranked):
        values = [metric.scale * value for value in setting.values.values()]
        summary = setting.summary
        axes.plot(values, [row] * len(values), "o", color=style.GREY, markersize=3, alpha=0.6)
        if math.isfinite(summary.low) and summary.n > 1:
            ends = [metric.scale * summary.low, metric.scale * summary.high]
            axes.plot(ends, [row, row], color=COLOURS[0], linewidth=2.0)
        axes.plot([metric.scale * summary.mean], [row], "D", color=COLOURS[0], markersize=5)
    axes.set_yticks(
        range(len(ranked)), [comparison.named(s) for s in ranked], color=style.INK, fontsize=8
    )
    axes.set_xlabel(f"{comparison.metric}{metric.unit_behind}", color=style.INK, fontsize=8)
    axes.set_ylim(-0.6, len(ranked) - 0.4)
    style.quiet(axes)
    buffer = io.BytesIO()
    undated = {"CreationDate": None, "Creator": None, "Producer": None}
    drawn.savefig(buffer, format="pdf", metadata=undated)
    return buffer.getvalue()


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
