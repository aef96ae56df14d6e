"""What a report says of recorded searches: the choice in words, figures, and the trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean

from nnexp.config.plurals import some
from nnexp.report.plots import Section
from nnexp.report.search_maps import heat_map, parallel
from nnexp.report.search_plots import over_time, responses
from nnexp.study.metric import Metric
from nnexp.study.searched import RecordedSearch, Trial
from nnexp.study.statistics import summarize
from nnexp.study.text_table import TextTable

SEARCH = "Search"
"""What the headings of searches begin with."""


def search_sections(searches: Sequence[RecordedSearch]) -> list[Section]:
    """A section for each search: trials over time, each key, two keys, all keys."""
    made = []
    for number, search in enumerate(searches, 1):
        drawn = [over_time(search), responses(search), heat_map(search), parallel(search)]
        figures = [picture for picture in drawn if picture is not None]
        if len(searches) > 1:
            figures = [replace(picture, name=f"{picture.name}{number}") for picture in figures]
        made.append(Section(_title(search), tuple(figures), _lead(search)))
    return made


def _title(search: RecordedSearch) -> str:
    return f"{SEARCH}{search.name.removeprefix('search')}"


def _lead(search: RecordedSearch) -> str:
    if not search.reused:
        return ""
    were = "was" if search.reused == 1 else "were"
    return f"{some(search.reused, 'run')} {were} recorded by other sweeps, and not drawn here."


def search_answer(search: RecordedSearch) -> str:
    """What was chosen, on what, and what it is worth."""
    metric, best = search.metric, search.centre
    point = said(best.heeded)
    if search.best is None:
        value = f"{metric.text(best.value or 0.0)}{metric.unit}"
        return f"{_title(search)} has not ended; the best trial until now is {point} ({value})."
    where = f" with {said(search.here)}" if search.here else ""
    sentence = f"Chosen{where}: {point}, on {metric.name} by {search.looks} looks"
    fresh = search.fresh.get(metric.name)
    if fresh:
        seen = fmean(best.raced.values()) if best.raced else best.value or 0.0
        optimism = search.metric.sign * (seen - fmean(fresh))
        seeds = some(len(fresh), "fresh seed")
        sentence += (
            f"; over {seeds} {_interval(metric, fresh)}{metric.unit}, in the "
            f"search {metric.text(seen)}: optimism "
            f"{metric.text(optimism, sign=True).replace('-', '−')}{metric.difference_unit}"
        )
    if tested := search.fresh.get(search.metric.tested):
        test = Metric(search.metric.tested)
        sentence += f"; {test.name} of the same runs {_interval(test, tested)}{test.unit}"
    return f"{sentence}."


def said(point: Mapping[str, str]) -> str:
    """`train.eta 0.31, reg.lmbda 0.2`."""
    return ", ".join(f"{key} {value}" for key, value in point.items())


def _interval(metric: Metric, values: Sequence[float]) -> str:
    summary = summarize(values, bounds=metric.bounds)
    return metric.with_interval(summary.mean, summary.interval)


def search_table(search: RecordedSearch) -> TextTable:
    """The trials of a search, the chosen one first, then by their values."""
    keys, metric = [space.key for space in search.spaces], search.metric
    rows = [
        (
            str(trial.number),
            *(trial.heeded.get(key, "-") for key in keys),
            "" if trial.value is None else metric.text(trial.value),
            _interval(metric, list(trial.raced.values())) if trial.raced else "",
            _state(search, trial),
        )
        for trial in sorted(search.trials, key=lambda trial: _rank(search, trial))
    ]
    head = ("trial", *keys, f"{metric.name}{metric.unit_behind}", "over the race", "state")
    note = (
        "of a trial that was given up its last value; over the race: the mean over further seeds "
        "with its 95 % interval (docs/search.md)"
    )
    return TextTable(f"Trials of the {search.name}", head, tuple(rows), note)


def _rank(search: RecordedSearch, trial: Trial) -> tuple[bool, bool, bool, float, int]:
    value = -search.metric.sign * (trial.value or 0.0)
    chosen = trial.number == search.best
    return not chosen, not trial.raced, not trial.whole, value, trial.number


def _state(search: RecordedSearch, trial: Trial) -> str:
    if trial.number == search.best:
        return "chosen"
    if trial.value is None:
        return "failed"
    if trial.pruned is not None:
        return f"given up after {trial.pruned} epochs"
    return "raced" if trial.raced else "trained to the end"
