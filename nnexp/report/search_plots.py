"""How a search went, and how its metric answers to each key."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nnexp.record.figures.style import BLUE, GREY, INK, ORANGE, VERMILION, quiet
from nnexp.report.plots import TEXT, WIDTH, Drawn, inches, new_picture, panels
from nnexp.study.search_space import Interval, Space, coordinates
from nnexp.study.searched import RecordedSearch, Trial

Floats = NDArray[np.float64]

STEPS = 81
"""Values of a key at which its curve is drawn."""
_BAND = 1.96
"""Standard deviations to either side: 95 %."""


def over_time(search: RecordedSearch) -> Drawn:
    """Every trial in its order, the best value until then, and the means of the race."""
    figure = new_picture(3.7)
    axes = inches(figure, 0.62, 1.1, WIDTH - 0.8, 2.5)
    whole, pruned = search.whole, [t for t in search.trials if t.pruned is not None]
    values = shown(search, whole)
    best = np.maximum.accumulate(search.metric.sign * values)
    axes.step(
        _numbers(whole),
        search.metric.sign * best,
        where="post",
        color=BLUE,
        label="best until then",
    )
    dots(axes, _numbers(whole), values, "trained to the end")
    axes.plot(
        _numbers(pruned), shown(search, pruned), "v", color=GREY, markerfacecolor="none",
        markersize=4, label="given up (its last value)",
    )  # fmt: skip
    raced = [t for t in whole if t.raced]
    axes.plot(
        _numbers(raced), [search.metric.scale * fmean(t.raced.values()) for t in raced], "D",
        color=ORANGE, markersize=5, label="mean over the race's seeds",
    )  # fmt: skip
    if search.best is not None:
        axes.axvline(search.best, color=VERMILION, linewidth=1.0, label="chosen")
    within(axes, search)
    axes.set_xlabel("trial", size=TEXT, color=INK)
    quiet(axes)
    below(figure, axes)
    failed = sum(t.value is None for t in search.trials)
    centre = search.centre
    text = (
        f"{search.metric.name} of {len(search.trials)} trials in their order: {len(whole)} trained "
        f"to the end, {len(pruned)} given up, {failed} failed; the best is trial {centre.number}."
    )
    return Drawn(
        "search_trials", f"{axis_of(search)}: trials over time", text, figure, _cut(search)
    )


def responses(search: RecordedSearch) -> Drawn:
    """A panel for each key: every whole trial, and the curve when only that key changes."""
    figure, places, _ = panels(
        len(search.spaces), left=0.62, bottom=0.75, gap=0.68, high=1.6, step=2.2, above=0.35,
        margin=0.13,
    )  # fmt: skip
    told = []
    for axes, space in zip(places, search.spaces, strict=True):
        told.append(_response(axes, search, space))
        within(axes, search)
        quiet(axes)
    below(figure, figure.axes[0], columns=3)
    note = (
        f"the curve: {axis_of(search)} if only this key changes from the chosen setting, by a "
        "Gaussian process through all whole trials (the worst are drawn in), with its 95 % band; a "
        "dot differs from the chosen setting in the other keys too"
    )
    return Drawn(
        "search_responses",
        f"{axis_of(search)} by each key",
        f"{search.metric.name}, if one key changes. {'; '.join(told)}.",
        figure,
        note if search.surface is not None else "too few trials for a curve",
    )


def _response(axes: Axes, search: RecordedSearch, space: Space) -> str:
    whole = search.whole
    at = [position(space, t) for t in whole]
    dots(axes, at, shown(search, whole), "a trial")
    chosen = search.centre
    here = position(space, chosen)
    scale_axis(axes, space)
    axes.set_xlabel(space.key, size=TEXT, color=INK)
    if search.surface is not None:
        x, mean, band = slice_of(search, space)
        if isinstance(space, Interval):
            axes.fill_between(x, mean - band, mean + band, color=BLUE, alpha=0.2, linewidth=0)
            axes.plot(x, mean, color=BLUE, linewidth=1.6, label="only this key changes")
        else:
            axes.errorbar(x, mean, band, fmt="s", color=BLUE, capsize=3, markersize=4,
                          label="only this key changes")  # fmt: skip
        top = float(x[int(np.argmax(search.metric.sign * mean))])
        told = f"{space.key}: best at {value_text(space, top)}"
    else:
        told = f"{space.key}: {chosen.point[space.key]} is best"
    axes.axvline(here, color=VERMILION, linewidth=1.0, label="chosen")
    return told


def slice_of(search: RecordedSearch, space: Space) -> tuple[Floats, Floats, Floats]:
    """Along one key, the others as chosen: its values, the metric's mean, half its 95 % band."""
    surface = search.surface
    assert surface is not None
    shares = np.linspace(0.0, 1.0, STEPS)
    typed = [space.at(u) for u in shares] if isinstance(space, Interval) else list(space.values)
    points = [{**search.centre.point, space.key: value} for value in typed]
    at = np.array([coordinates(search.spaces, point) for point in points])
    x = np.array(
        [float(v) for v in typed] if isinstance(space, Interval) else range(len(typed)), float
    )
    scale = search.metric.scale
    return x, scale * search.metric.sign * surface.mean(at), scale * _BAND * surface.sd(at)


def position(space: Space, trial: Trial) -> float:
    """Where a trial stands on the axis of a key."""
    value = trial.point[space.key]
    return float(value) if isinstance(space, Interval) else float(space.values.index(value))


def scale_axis(axes: Axes, space: Space, *, which: str = "x") -> None:
    """Linear, logarithmic, or with the names of values."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if not isinstance(space, Interval):
        axis.set_ticks(list(range(len(space.values))), list(space.values))
        axes.set(**{f"{which}lim": (-0.5, len(space.values) - 0.5)})
    elif space.log:
        axes.set(**{f"{which}scale": "log"})


def value_text(space: Space, position: float) -> str:
    """A value by its place on the axis of its key."""
    return f"{position:.3g}" if isinstance(space, Interval) else space.values[round(position)]


def dots(axes: Axes, x: Sequence[float], y: Floats, label: str) -> None:
    """Whole trials."""
    axes.plot(x, y, "o", color=GREY, markersize=3.5, alpha=0.7, label=label)


def shown(search: RecordedSearch, trials: Sequence[Trial]) -> Floats:
    """Values as the axis has them; those that are far off lie on its edge."""
    values = np.array([np.nan if t.value is None else t.value for t in trials], np.float64)
    low, high = limits(search)
    return np.clip(search.metric.scale * values, low, high)


def limits(search: RecordedSearch) -> tuple[float, float]:
    """The range worth looking at: the better half of whole trials, and as much below it.

    What the race made of them is inside too: the best of many first values is seldom kept up.
    """
    scale = search.metric.sign * search.metric.scale
    values = scale * np.array([t.value for t in search.whole], float)
    raced = [scale * fmean(t.raced.values()) for t in search.whole if t.raced]
    best, middle = float(values.max()), float(np.median(values))
    reach = max(3.0 * (best - middle), 1e-6 * abs(best))
    low = min([max(best - reach, float(values.min())), *raced])
    best, reach = max([best, *raced]), max([best, *raced]) - low
    ends = search.metric.sign * (best + 0.1 * reach), search.metric.sign * (low - 0.05 * reach)
    return min(ends), max(ends)


def within(axes: Axes, search: RecordedSearch) -> None:
    """Give an axis of the metric its range."""
    axes.set_ylim(*limits(search))


def axis_of(search: RecordedSearch) -> str:
    """The metric with its unit."""
    return f"{search.metric.name}{search.metric.unit_behind}"


def below(figure: Figure, axes: Axes, columns: int = 2) -> None:
    """A legend of some axes under them."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="lower left", bbox_to_anchor=(0.1, 0.0), ncols=columns,
                  fontsize=TEXT - 1.0, frameon=False, labelcolor=INK)  # fmt: skip


def _numbers(trials: Sequence[Trial]) -> list[float]:
    return [float(trial.number) for trial in trials]


def _cut(search: RecordedSearch) -> str:
    worst = search.metric.sign * min(search.metric.sign * (t.value or 0.0) for t in search.whole)
    low, high = limits(search)
    inside = low <= search.metric.scale * worst <= high
    return "" if inside else "values far below the others lie on the lower edge"
