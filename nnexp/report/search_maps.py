"""Several keys of a search at once: a map over two of them, and all as parallel coordinates."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from nnexp.record.figures.style import BLUE, GREY, INK, PALE, SEQUENTIAL, quiet
from nnexp.report.plots import TEXT, WIDTH, Drawn, inches, label_inside, new_picture
from nnexp.report.search_plots import axis_of, limits, position, scale_axis, shown, slice_of
from nnexp.study.search_space import Interval, coordinates
from nnexp.study.searched import RecordedSearch, Trial

_CELLS = 40
"""Steps of a map along either side."""


def heat_map(search: RecordedSearch) -> Drawn | None:
    """The two intervals along which the metric changes most; None where there are no two."""
    intervals = [space for space in search.spaces if isinstance(space, Interval)]
    surface = search.surface
    if len(intervals) < 2 or surface is None:
        return None
    reach = {space.key: float(np.ptp(slice_of(search, space)[1])) for space in intervals}
    x, y = max(combinations(intervals, 2), key=lambda pair: sum(reach[s.key] for s in pair))
    shares = (np.arange(_CELLS) + 0.5) / _CELLS
    points = [
        {**search.centre.point, x.key: x.at(u), y.key: y.at(v)} for v in shares for u in shares
    ]
    at = np.array([coordinates(search.spaces, point) for point in points])
    means = search.metric.scale * search.metric.sign * surface.mean(at).reshape(_CELLS, _CELLS)
    figure = new_picture(3.7)
    axes = inches(figure, 0.75, 0.5, 3.1, 3.0)
    edges = [[float(s.at(u)) for u in np.linspace(0.0, 1.0, _CELLS + 1)] for s in (x, y)]
    colours = _colours(search)
    low, high = limits(search)
    axes.pcolormesh(*edges, means, cmap=colours.cmap, vmin=low, vmax=high, rasterized=True)
    for space, which in ((x, "x"), (y, "y")):
        scale_axis(axes, space, which=which)
    for trial, marker, size in [*((t, "o", 3.0) for t in search.whole), (search.centre, "*", 11.0)]:
        axes.plot(position(x, trial), position(y, trial), marker, color=INK, markersize=size,
                  markerfacecolor="white", markeredgewidth=0.7)  # fmt: skip
    axes.set_xlim(edges[0][0], edges[0][-1])
    axes.set_ylim(edges[1][0], edges[1][-1])
    axes.set_xlabel(x.key, size=TEXT, color=INK)
    axes.set_ylabel(y.key, size=TEXT, color=INK)
    quiet(axes, grid=False)
    _scale_beside(figure, colours, search)
    at_best = points[int(np.argmax(search.metric.sign * means))]
    others = "the other keys as chosen; " if len(search.spaces) > 2 else ""
    return Drawn(
        "search_map",
        f"{axis_of(search)} by {x.key} and {y.key}",
        f"{search.metric.name} by {x.key} and {y.key}: best near {x.key} {at_best[x.key]} with "
        f"{y.key} {at_best[y.key]}; chosen {x.key} {search.centre.point[x.key]}, "
        f"{y.key} {search.centre.point[y.key]}.",
        figure,
        f"by a Gaussian process through all whole trials (dots); {others}a star for the chosen one",
    )


def parallel(search: RecordedSearch) -> Drawn | None:
    """An axis for each key and one for the metric, a line for each trial; None of one key."""
    if len(search.spaces) < 2:
        return None
    figure = new_picture(3.5)
    axes = inches(figure, 0.35, 0.6, WIDTH - 1.0, 2.75)
    colours = _colours(search)
    pruned = [t for t in search.trials if t.pruned is not None]
    for trial in pruned:
        axes.plot(_heights(search, trial)[:-1], color=PALE, linewidth=0.8)
    ranked = sorted(search.whole, key=lambda trial: search.metric.sign * (trial.value or 0.0))
    for trial, hue in zip(ranked, colours.to_rgba(shown(search, ranked)), strict=True):
        axes.plot(_heights(search, trial), color=hue, linewidth=1.2)
    axes.plot(_heights(search, search.centre), color=BLUE, linewidth=2.4)
    for place, space in enumerate(search.spaces):
        axes.axvline(place, color=GREY, linewidth=0.8)
        values = [space.at(0.0), space.at(1.0)] if isinstance(space, Interval) else space.values
        for number, value in enumerate(values):
            _mark(axes, place, number / max(len(values) - 1, 1), value)
    axes.axvline(len(search.spaces), color=GREY, linewidth=0.8)
    low, high = limits(search)
    _mark(axes, len(search.spaces), 0.0, f"{low:.4g}")
    _mark(axes, len(search.spaces), 1.0, f"{high:.4g}")
    names = [*(space.key for space in search.spaces), axis_of(search)]
    axes.set_xticks(
        range(len(names)), [name.replace(".", ".\n", 1).replace("/", "/\n", 1) for name in names]
    )
    axes.set_xlim(-0.1, len(names) - 0.9)
    axes.set_ylim(-0.03, 1.03)
    axes.yaxis.set_visible(False)
    quiet(axes, grid=False)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    best = ", ".join(f"{key} {value}" for key, value in search.centre.point.items())
    return Drawn(
        "search_parallel",
        "All keys and what came of them",
        f"A line for each of {len(search.whole)} whole trials through its values of "
        f"{', '.join(names[:-1])} to its {search.metric.name}; the chosen one: {best}.",
        figure,
        "blue: the chosen setting; pale: given up" if pruned else "blue: the chosen setting",
    )


def _heights(search: RecordedSearch, trial: Trial) -> list[float]:
    heights = []
    for space in search.spaces:
        if isinstance(space, Interval):
            heights.append(space.share(float(trial.point[space.key])))
        else:
            heights.append(position(space, trial) / max(len(space.values) - 1, 1))
    low, high = limits(search)
    return [*heights, (float(shown(search, [trial])[0]) - low) / (high - low)]


def _mark(axes: Axes, place: int, height: float, text: str) -> None:
    axes.text(place + 0.03, height, text, size=TEXT - 1.5, color=INK, va="center",
              parse_math=False, bbox={"facecolor": "white", "alpha": 0.7, "pad": 0.5,
                                      "edgecolor": "none"})  # fmt: skip


def _colours(search: RecordedSearch) -> ScalarMappable:
    """The better the darker."""
    cmap = SEQUENTIAL if search.metric.sign > 0 else SEQUENTIAL.reversed()
    return ScalarMappable(Normalize(*limits(search)), cmap)


def _scale_beside(figure: Figure, colours: ScalarMappable, search: RecordedSearch) -> None:
    width, height = figure.get_size_inches()
    axes = figure.add_axes(((width - 0.75) / width, 0.6 / height, 0.12 / width, 2.0 / height))
    figure.colorbar(colours, cax=axes)
    axes.tick_params(labelsize=TEXT - 1.0)
    label_inside(axes, -1.5, 1.04, axis_of(search).rpartition("/")[2], size=TEXT - 1.0)
