"""Published curves that belong beside the runs of a report.

The book's ship with the program; `replay --record` and `import-curve` record others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from mlflow.entities import Run

from nnexp.config.compose import flatten
from nnexp.record.store import Store
from nnexp.report.chart import Floats, finite
from nnexp.study.frames import curves_of
from nnexp.study.published import REPLAYED, agrees, published, summary

SHIPPED = (*REPLAYED, "network2_recorded")

Curve = tuple[Floats, Floats]
"""Steps and values."""


@dataclass(frozen=True)
class Beside:
    """A published run."""

    name: str
    setting: str
    """The setting it belongs to; empty for a curve without a config, drawn beside all."""
    curves: Mapping[str, Curve]
    final: Mapping[str, float]
    """Its last and best values; empty if it was trained for another number of epochs."""


def beside(
    store: Store, recorded: Sequence[Run], settings: Mapping[str, Mapping[str, str]]
) -> tuple[Beside, ...]:
    """The published runs that belong to settings, which are given with the params of one run."""
    found = [b for run in recorded for b in _recorded(store, run, settings)]
    known = {run.info.run_name for run in recorded}
    for name in SHIPPED:
        title = f"published {name}"
        if title in known:
            continue
        book = published(name)
        params = flatten(book.config)
        for setting in _homes(params, settings):
            whole = params["train.epochs"] == settings[setting]["train.epochs"]
            curves = {
                metric: (finite(range(1, len(values) + 1)), finite(values))
                for metric, values in book.curves.items()
            }
            final = summary(book) if whole else {}
            found.append(Beside(title, setting, _with_gaps(curves), final))
    return tuple(found)


def _recorded(store: Store, run: Run, settings: Mapping[str, Mapping[str, str]]) -> list[Beside]:
    params = run.data.params
    homes = _homes(params, settings) if "train.epochs" in params else [""]
    if not homes:
        return []
    curves: dict[str, Curve] = {}
    long: pd.DataFrame = curves_of(store, [run])
    for metric, part in long.groupby("metric"):
        part = part.sort_values("step")
        curves[str(metric)] = (finite(part["step"]), finite(part["value"]))
    name = str(run.info.run_name)
    return [
        Beside(
            name,
            home,
            _with_gaps(curves),
            dict(run.data.metrics)
            if home and params["train.epochs"] == settings[home]["train.epochs"]
            else {},
        )
        for home in homes
    ]


def _with_gaps(curves: dict[str, Curve]) -> dict[str, Curve]:
    """With `gap/test` and `gap/validation`, where both accuracies are known for the same steps."""
    found = dict(curves)
    for part in ("test", "validation"):
        if "train/accuracy" in curves and f"{part}/accuracy" in curves:
            (steps, train), (others, held_out) = (
                curves["train/accuracy"],
                curves[f"{part}/accuracy"],
            )
            if np.array_equal(steps, others):
                found[f"gap/{part}"] = (steps, train - held_out)
    return found


def _homes(params: Mapping[str, str], settings: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [setting for setting, ours in settings.items() if agrees(params, ours)]
