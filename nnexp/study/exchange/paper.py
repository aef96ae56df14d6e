"""A comparison as a table for LaTeX, and a file of results as an entry for BibTeX.

Both name the file, its digest, and the line that checks it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from nnexp.config.plurals import some
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
