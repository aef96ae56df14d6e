"""The report's template: what it is filled with, and what is made of headings and cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nnexp.record.palette import COLOURS
from nnexp.report.chart import plot_data
from nnexp.report.figures import LEADS, WEIGHTS
from nnexp.report.interactive import Play, plays
from nnexp.report.palette import ON_DARK
from nnexp.report.plots import Drawn
from nnexp.report.search import SEARCH
from nnexp.report.svg import inline
from nnexp.report.tables import commands
from nnexp.study.exchange.page import MARK

if TYPE_CHECKING:
    from nnexp.report.page import Report

HERE = Path(__file__).parent


def render(report: Report, command: str, question: str, files: Mapping[str, str]) -> str:
    """The page, without the results that it may carry.

    Args:
        files: the figures beside the page, with their digests.
    """
    environment = Environment(
        loader=PackageLoader("nnexp.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"interval": _interval, "anchor": _anchor, "held": _held}
    material = report.material
    playthings = plays(material)
    pictures = [
        (section.title, section.lead, list(map(_picture, section.figures)))
        for section in report.sections
    ]
    charts = any(drawn["plots"] for _, _, figures in pictures for drawn in figures)
    first = _lead(pictures, about_weights=report.about_weights)
    return environment.get_template("page.html.j2").render(
        title=material.name,
        question=question,
        files=" ".join(f"{name}={digest}" for name, digest in files.items()),
        report=report,
        runs=len(material.runs),
        settings=len(material.settings),
        failed=len(material.failed),
        unfinished=material.unfinished,
        where=material.where,
        first=first,
        contents=_contents(report, pictures, playthings),
        charts=charts,
        sections=[section for section in pictures if section[2]],
        command=command,
        commands=commands(material),
        light=list(enumerate(COLOURS)),
        dark=list(enumerate(ON_DARK)),
        plays=playthings,
        proof=report.proof,
        mark=Markup(MARK),
        style=_static("page.css"),
        play_style=_static("play.css"),
        script=_static("page.js"),
        scripts={play.name: _static(f"{play.name}.js") for play in playthings},
        plot_style=_static("vendor/uPlot.min.css"),
        plot_script=_static("vendor/uPlot.iife.min.js"),
        plot_licence=_static("vendor/LICENSE"),
    )


def _picture(drawn: Drawn) -> dict[str, Any]:
    return {
        "title": drawn.title,
        "note": drawn.note,
        "svg": Markup(inline(drawn)),
        "text": drawn.text,
        "plots": [(chart.text, chart.panel, plot_data(chart)) for chart in drawn.charts],
    }


def _anchor(title: str) -> str:
    """A heading as an id within the page."""
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _held(sentence: str) -> str:
    """No line ends within `n = 2` or `95 %`."""
    return re.sub(r" (?=%(?:\W|$)|= )|(?<= =) ", "\N{NO-BREAK SPACE}", sentence)


def _lead(pictures: list[Any], *, about_weights: bool) -> Any:
    """Take out the figure that shows the answer, if there is any.

    How a search went; the chapter's own, or against the size of the training set; else the end of
    every run.
    """
    titles = {title: figures for title, _, figures in pictures if figures}
    searched = [title for title in titles if title.startswith(SEARCH)]
    for title in (*searched, *([WEIGHTS] if about_weights else []), *LEADS, *titles):
        if title in titles:
            return titles[title].pop(0)
    return None


def _contents(
    report: Report, pictures: list[Any], playthings: Sequence[Play]
) -> list[tuple[str, bool]]:
    """The headings of the page, in their order, and whether they need a script to be there."""
    tables = [table.title for table in (*report.tables, *report.afterwards)]
    drawn = [title for title, _, figures in pictures if figures]
    rest = [*drawn, *tables, "Commands"]
    return [*((play.title, True) for play in playthings), *((title, False) for title in rest)]


def _interval(cell: str) -> Markup:
    """`1.2 (1.1 to 1.3)`: what stands in brackets comes below, smaller."""
    value, bracket, rest = cell.partition(" (")
    small = Markup("<small>({})</small>").format(rest.removesuffix(")")) if bracket else ""
    return Markup("{} {}").format(value, small)


def _static(name: str) -> Markup:
    return Markup((HERE / name).read_text(encoding="utf-8"))
