"""The artifacts of a run, written into a folder: config, environment, curves, weights, model."""

from __future__ import annotations

import csv
import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nnexp.config.command import command_of
from nnexp.config.compose import to_yaml
from nnexp.config.extensions import sources_of
from nnexp.config.run_names import run_name
from nnexp.config.schema import ACTIVATIONS, Config
from nnexp.data.dataset import Dataset
from nnexp.errors import NnexpError, UserError
from nnexp.nn.costs import COSTS
from nnexp.record.correct_images import NAME as CORRECT
from nnexp.record.correct_images import correct_of, save_correct
from nnexp.record.environment import environment
from nnexp.record.fingerprint import fingerprint
from nnexp.record.weights import save_weights
from nnexp.redact import redact
from nnexp.train.examples import expand_images
from nnexp.train.plan import pixel_max_of
from nnexp.train.predict import outputs, probabilities
from nnexp.train.report import Outcome
from nnexp.train.streams import stream

if TYPE_CHECKING:
    import pandas as pd

PARTS = "parts"
"""The folder of a user's own files among the artifacts."""

Row = Mapping[str, float]

Probabilities = NDArray[np.float64]
"""Class probabilities of the test images, shape (N, n_outputs)."""

Draw = Callable[[Path, Outcome, Sequence[Row], Probabilities | None], Callable[[], None]]
"""Begins to draw a run's figures into a folder; what it returns waits until they are there."""


def curves_frame(rows: Sequence[Row]) -> pd.DataFrame:
    """One row per evaluated epoch, `step` first, the metrics by name."""
    import pandas as pd

    frame = pd.DataFrame(list(rows))
    names = sorted(str(name) for name in frame.columns if name != "step")
    return frame[["step", *names]].astype({"step": int})


def write_curves(path: Path, rows: Sequence[Row]) -> None:
    """The table of `curves_frame` as CSV. Seventeen digits round-trip every float64.

    Without pandas: a worker process of a sweep of small runs needs nothing else of it.
    """
    names = sorted({name for row in rows for name in row} - {"step"})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["step", *names])
        for row in rows:
            writer.writerow([int(row["step"]), *(_cell(row.get(name)) for name in names)])


def _cell(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.17g}"


def write_artifacts(
    folder: Path,
    level: str,
    config: Config,
    dataset: Dataset,
    outcome: Outcome,
    rows: Sequence[Row],
    draw: Draw | None = None,
) -> str:
    """Write what `tracking.artifacts` asks for, `light`, `all` or `none`, into a folder.

    Figures and model can be made from the rest at any time: if one of them cannot be made, the run
    is no worse for it. Returns what is missing and why, also written to `missing.txt`. With `draw`
    the figures are drawn elsewhere while the rest is written here.

    Raises:
        OSError: nothing can be written there.
    """
    if level == "none":
        return ""
    place = folder / "figures"
    figures: Callable[[], None] = partial(write_figures, place, config, dataset, outcome, rows)
    if level == "all" and draw is not None:
        figures = draw(place, outcome, rows, test_probabilities(config, dataset, outcome))
    write_light(folder, config, outcome, rows, command_of(config))
    if bits := correct_of(config, dataset, outcome.parameters):
        save_correct(folder / CORRECT, bits)
    if level == "light":
        return ""
    mark = fingerprint(config, dataset)
    model = partial(write_model, folder / "model", config, dataset, outcome, mark)
    missing = (_without(folder / "model", model), _without(place, figures))
    if said := "; ".join(filter(None, missing)):
        (folder / "missing.txt").write_text(redact(said) + "\n", encoding="utf-8")
    return said


def _without(folder: Path, make: Callable[[], None]) -> str:
    """Let a folder be made; if that fails, what is missing and why.

    Raises:
        OSError: nothing can be written there.
    """
    try:
        make()
    except OSError:
        raise
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        kind = "" if isinstance(error, NnexpError) else f"{type(error).__name__}: "
        return f"no {folder.name} ({kind}{' '.join(str(error).split())})"
    return ""


def write_light(
    folder: Path, config: Config, outcome: Outcome, rows: Sequence[Row], command: str
) -> None:
    """What every run records: `config.yaml`, `environment.json`, `curves.csv`, `weights.npz`.

    And a user's own files that it was trained with, in `parts/`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(to_yaml(config), encoding="utf-8")
    surroundings = {"engine": config.train.engine, **environment(), "command": command}
    (folder / "environment.json").write_text(
        json.dumps(surroundings, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    write_curves(folder / "curves.csv", rows)
    write_parts(folder, config)
    save_weights(folder / "weights.npz", outcome.parameters)


def write_parts(folder: Path, *configs: Config) -> None:
    """A user's own files that configs name something of."""
    for source in sources_of(*configs):
        (folder / PARTS).mkdir(exist_ok=True)
        (folder / PARTS / source.name).write_bytes(source.content)


def write_figures(
    folder: Path,
    config: Config,
    dataset: Dataset,
    outcome: Outcome,
    rows: Sequence[Row],
    test: Probabilities | None = None,
) -> None:
    """The figures of a run as PNG files; without `test` the network is asked about the images."""
    from nnexp.record.figures import Predictions, run_figures, save_figures
    from nnexp.record.figures.images import expanded_figure

    frame = curves_frame(rows)
    restored = "best/test_accuracy" in outcome.metrics
    accuracy = outcome.metrics.get(
        "best/test_accuracy" if restored else "test/accuracy",
        frame["test/accuracy"].iloc[-1] if "test/accuracy" in frame else None,
    )
    if test is None:
        test = test_probabilities(config, dataset, outcome)
    examples = dataset.test
    figures = run_figures(
        frame,
        outcome.parameters,
        title=run_name(config),
        test=None if test is None else Predictions(examples.images, examples.labels, test),
        image_shape=dataset.image_shape if dataset.n_outputs > 1 else None,
        test_accuracy=accuracy,
        test_step=int(outcome.metrics["best/epoch"]) if restored else None,
    )
    if config.expand.name != "none":
        versions = _versions(config, dataset)
        shape = dataset.image_shape
        figures["expanded.png"] = expanded_figure(versions, shape, title=run_name(config))
    save_figures(folder, figures)


def test_probabilities(config: Config, dataset: Dataset, outcome: Outcome) -> Probabilities | None:
    """What a trained network says about the test images; None where there are none."""
    if not len(dataset.test):
        return None
    images, pixel_max = dataset.test.images, pixel_max_of(config, dataset)
    return probabilities(outputs(config, outcome.parameters, images, pixel_max))


def _versions(config: Config, dataset: Dataset) -> NDArray[np.uint8]:
    """The first images of the digits 0 to 4, each followed by seven versions of it."""
    labels = dataset.train.labels
    rows = [int(np.flatnonzero(labels == digit)[0]) for digit in range(min(5, dataset.n_outputs))]
    images = dataset.train.images[rows]
    bits, compiled = stream(config.seed, "expand"), config.train.engine == "compiled"
    shape = dataset.image_shape
    drawn = [expand_images(config.expand, images, shape, bits, compiled=compiled) for _ in range(7)]
    return np.stack([images, *drawn], axis=1)


def no_model(config: Config) -> str:
    """Why a network cannot be an MLflow model, which runs without any file of a user's own."""
    name = config.model.activation
    if name in ACTIVATIONS:
        return ""
    return f"model.activation={name}: a model stands alone; allowed: {', '.join(ACTIVATIONS)}"


def write_model(
    folder: Path, config: Config, dataset: Dataset, outcome: Outcome, run_fingerprint: str
) -> None:
    """The run's network as an MLflow model.

    Raises:
        UserError: `no_model` says why there can be none.
    """
    from nnexp.record.model import save_model

    if alone := no_model(config):
        raise UserError(alone)
    classes = dataset.n_outputs > 1
    examples = dataset.test if len(dataset.test) else dataset.train
    save_model(
        folder,
        outcome.parameters,
        activation=config.model.activation,
        output=COSTS[config.cost.name].output_name,
        pixel_max=pixel_max_of(config, dataset) if classes else None,
        image_shape=dataset.image_shape if classes else None,
        example=examples.images[:1] if classes else None,
        metadata={"nnexp.fingerprint": run_fingerprint},
    )
