"""The book's published curves: their settings as configs, their values by our metric names.

Replayed, they are the same draws in the same order: the same numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config import schema
from nnexp.config.compose import flatten, schema_keys
from nnexp.config.varying_keys import ASIDE
from nnexp.data.dataset import dataset_of
from nnexp.record.store import Store
from nnexp.study.frames import runs_in
from nnexp.train.loop import train

FOLDER = Path(__file__).parent / "book"
REPLAYED = ("overfitting", "regularized", "overfitting_full", "regularized_full")
"""The seeded ones, which come out again number for number."""

_NAMES = {
    "test_cost": "test/cost_network2",
    "train_cost": "train/cost",
    "test_correct": "test/correct",
    "train_correct": "train/correct",
    "validation_cost": "validation/cost_network2",
    "validation_correct": "validation/correct",
}
_FREE = ("seed", "rng", "train.dtype", "size", "train.epochs")
"""Keys in which a published run may differ from ours and still be of the same setting."""

_HELD_OUT = 10_000
"""Images of the test set, and of the validation set."""

QUICK = ("overfitting", "regularized")
FULL = ("overfitting_full", "regularized_full")

COST_TOLERANCE = 1e-10
"""Costs agree within this: sums are made in another order than the book's program made them."""


@dataclass(frozen=True)
class Published:
    """One published run."""

    name: str
    source: str
    config: schema.Config
    curves: Mapping[str, list[float]]
    """Values by our metric names; value k, counted from 0, belongs to step k + 1."""


@lru_cache(maxsize=8)
def published(name: str) -> Published:
    """A published run by the name of its file."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    settings = content["settings"]
    n, lmbda = settings["n_train"], settings["lmbda"]
    seeded = "seed" in settings
    hidden = settings["architecture"][1:-1]
    config = schema.Config(
        seed=settings.get("seed", 0),
        rng="nielsen2014" if seeded else "pcg64",
        size=f"{n // 1000}k",
        reg=schema.RegConfig("l2", lmbda) if lmbda else schema.RegConfig(),
        data=schema.DataConfig(n_train=n),
        init=schema.InitConfig(
            "large" if settings["initializer"].startswith("large") else "scaled"
        ),
        train=schema.TrainConfig(
            epochs=settings["epochs"],
            eta=settings["eta"],
            batch_size=settings["batch_size"],
            dtype="float64" if seeded else "float32",
        ),
        monitor=schema.MonitorConfig(test="epoch" if "test" in settings["evaluated_on"] else "end"),
        tracking=schema.TrackingConfig(experiment="book"),
    )
    assert config.model.hidden == hidden
    curves = {ours: content[theirs] for theirs, ours in _NAMES.items() if theirs in content}
    for metric in list(curves):
        part, _, kind = metric.partition("/")
        if kind == "correct":
            size = n if part == "train" else _HELD_OUT
            curves[f"{part}/accuracy"] = [count / size for count in curves[metric]]
    return Published(name, content["source"], config, curves)


def summary(run: Published) -> dict[str, float]:
    """Final and best values of a published run by our metric names."""
    values = {name: curve[-1] for name, curve in run.curves.items()}
    train, test = run.curves.get("train/accuracy"), run.curves.get("test/accuracy")
    if train and test:
        values["gap/best"] = max(train) - max(test)
        values["gap/final"] = train[-1] - test[-1]
    return values


def agrees(
    theirs: Mapping[Any, Any], ours: Mapping[Any, Any], needed: Collection[str] = ()
) -> bool:
    """Whether a published run is of the setting of one of ours, both given by their parameters.

    It is if the configs agree in all but what no two repetitions share: the seed, its generators,
    the number format, the number of epochs. It may lack keys, but none of `needed`, and has to
    agree in those too.
    """
    keys = [k for k in schema_keys() if not k.startswith(ASIDE) and k not in _FREE]
    shared = [k for k in keys if k in theirs and k in ours]
    return all(k in theirs for k in needed) and all(
        _text(theirs[k]) == _text(ours[k]) for k in (*needed, *shared)
    )


def _text(value: Any) -> str:
    """The same text for 1000 and 1000.0: a column's type depends on what else is in it."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return f"{float(value):.17g}" if number else str(value)


def published_runs(store: Store, experiments: Sequence[str]) -> pd.DataFrame:
    """What was published and may stand beside experiments' runs: recorded there, and the book's.

    Raises:
        UserError: no such experiment.
    """
    recorded = [runs_in(store, name, None, "published") for name in experiments]
    return pd.concat([*recorded, book_frame()], ignore_index=True)


def book_frame() -> pd.DataFrame:
    """The book's published runs as `study.runs` would give them: config and summary, a row each."""
    rows = [{**flatten(run.config), **summary(run)} for run in map(published, REPLAYED)]
    frame = pd.DataFrame(rows)
    for column in frame.columns.difference(["size"]):
        with suppress(ValueError, TypeError):
            frame[column] = pd.to_numeric(frame[column])
    return frame


@dataclass(frozen=True)
class Agreement:
    """How one replayed curve compares with the published one."""

    run: str
    metric: str
    values: int
    agree: int
    """Equal counts and accuracies; costs within `COST_TOLERANCE`."""
    largest: float
    """The largest absolute difference."""

    @property
    def whole(self) -> bool:
        """Whether every value agrees."""
        return self.agree == self.values


def replay(
    names: Sequence[str], progress: Callable[[str, int, int], None] = lambda *_: None
) -> list[Agreement]:
    """Train published runs and compare every published value.

    `progress` is told name, epoch and number of epochs.
    """
    agreements: list[Agreement] = []
    for name in names:
        run = published(name)
        dataset = dataset_of(run.config)
        ours: dict[str, list[float]] = {metric: [] for metric in run.curves}
        for report in train(run.config, dataset):
            if report.epoch:
                for metric, values in ours.items():
                    values.append(report.metrics[metric])
            progress(name, report.epoch, run.config.train.epochs)
        agreements += _compare(run, ours)
    return agreements


def _compare(run: Published, ours: dict[str, list[float]]) -> list[Agreement]:
    agreements = []
    for metric, values in run.curves.items():
        if metric.endswith("/accuracy"):
            continue  # The counts say the same.
        tolerance = 0.0 if metric.endswith("/correct") else COST_TOLERANCE
        differences = [abs(a - b) for a, b in zip(values, ours[metric], strict=True)]
        agree = sum(d <= tolerance for d in differences)
        agreements.append(Agreement(run.name, metric, len(values), agree, max(differences)))
    return agreements
