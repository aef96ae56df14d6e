"""What trained networks look like: how their weights are distributed, what they confuse."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryDirectory

import numpy as np
from matplotlib.patches import Rectangle
from mlflow.entities import Run
from numpy.typing import NDArray

from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.figures.confusion import confusion_counts
from nnexp.record.figures.style import INK, VERMILION
from nnexp.record.store import Store
from nnexp.report.chart import Chart, Floats, Series
from nnexp.report.labels import number
from nnexp.report.plots import TEXT, WIDTH, Drawn, inches, label_inside, new_picture
from nnexp.report.report_data import Material
from nnexp.study.first_layer import NEAR, first_layer, near_zero
from nnexp.study.lookup import artifact
from nnexp.study.recorded import recorded_config, recorded_weights, tested_data
from nnexp.study.text_table import TextTable
from nnexp.train.plan import pixel_max_of
from nnexp.train.predict import outputs

RUNS = 5
"""Of each setting so many recorded networks are read."""
SETTINGS = 8
"""Of so many settings; more confusion matrices nobody compares."""
_BINS = 81
_TOLD = 2
_LINE = 0.15
"""Inches from one line of a setting's name to the next; there is room for two."""


@dataclass(frozen=True)
class Networks:
    """Recorded networks of a setting and their confusion counts on the test images."""

    setting: str
    parameters: tuple[Parameters, ...]
    first_layer: tuple[Floats, ...]
    """Of each, the weights of pixels that some training image uses; no other ever moves them."""
    confusion: NDArray[np.int64]
    """Summed over the networks; row = true class, column = predicted class."""

    @property
    def mistakes(self) -> NDArray[np.int64]:
        """The counts without those of right answers."""
        return self.confusion - np.diag(np.diag(self.confusion))


def read_networks(store: Store, material: Material) -> tuple[list[Networks], list[str]]:
    """The networks of the settings, as far as they are recorded; and why others are left out."""
    found, left_out, untested = [], [], 0
    for setting in material.some(SETTINGS):
        ids = set(material.runs[material.runs["setting"] == setting]["run_id"])
        ours = sorted(
            (run for run in material.kept if run.info.run_id in ids),
            key=lambda run: int(run.data.params.get("seed", 0)),
        )
        read = [(run, _weights(store, run)) for run in ours[:RUNS]]
        recorded = [network for _, network in read if network is not None]
        if not recorded or ours[0].data.params["data.name"] == "neuron":
            continue
        runs = [run for run, network in read if network is not None]
        if any(run.data.params["monitor.test"] == "never" for run in runs):
            untested += 1
            continue
        try:
            with TemporaryDirectory() as folder:
                file = artifact(store, runs[0], "config.yaml", folder)
                config = recorded_config(runs[0], file)
            for run in runs:
                dataset = tested_data(run, config)
        except UserError as error:
            left_out.append(f"{setting}: no weights and no confusion are shown: {error}")
            continue
        found.append(_networks(setting, recorded, config, dataset))
    if untested:
        left_out.append(
            f"no weights and no confusion are shown of {some(untested, 'setting')}, of which not "
            "every run has looked at test data"
        )
    return found, left_out


def _weights(store: Store, run: Run) -> Parameters | None:
    """The weights that a run recorded; None for `tracking.artifacts=none`."""
    with suppress(UserError):
        return recorded_weights(store, run)
    return None


def _networks(
    setting: str, networks: Sequence[Parameters], config: Config, dataset: Dataset
) -> Networks:
    counts = np.zeros((dataset.n_outputs, dataset.n_outputs), np.int64)
    for parameters in networks:
        a = outputs(config, parameters, dataset.test.images, pixel_max_of(config, dataset))
        counts += confusion_counts(dataset.test.labels, a.argmax(axis=1), dataset.n_outputs)
    first = tuple(first_layer(parameters, dataset) for parameters in networks)
    return Networks(setting, tuple(networks), first, counts)


def weight_charts(material: Material, found: Sequence[Networks]) -> list[tuple[Chart, ...]]:
    """A histogram of the weights of each layer, one line a setting; small multiples of many."""
    if not found:
        return []
    layers = min(len(n.parameters[0].weights) for n in found)
    return [_histograms(material, found, layer) for layer in range(layers)]


def _histograms(material: Material, found: Sequence[Networks], layer: int) -> tuple[Chart, ...]:
    weights = {n.setting: _weights_of(n, layer) for n in found}
    largest = max(float(np.abs(w).max()) for ws in weights.values() for w in ws)
    edges = np.linspace(-largest, largest, _BINS + 1)
    panels = {
        panel: [_shares(material, s, weights[s], edges) for s in settings if s in weights]
        for panel, settings in material.panels.items()
    }
    which = "the first layer (pixels that are used)" if layer == 0 else f"layer {layer + 1}"
    return tuple(
        Chart(
            name=f"weights{layer + 1}",
            title=f"Weights of {which}: share in each bin (%)",
            x_label="weight",
            y_label="share (%, logarithmic)",
            series=tuple(lines),
            note=f"mean over up to {RUNS} recorded networks of each setting",
            log_y=True,
            stepped=True,
            panel=panel,
        )
        for panel, lines in panels.items()
        if lines
    )


def _shares(material: Material, setting: str, weights: Sequence[Floats], edges: Floats) -> Series:
    shares = np.array([100.0 * np.histogram(w, edges)[0] / w.size for w in weights])
    mean = shares.mean(axis=0)
    mean[mean == 0.0] = np.nan
    middle = (edges[1:] + edges[:-1]) / 2
    return Series(material.lines[setting], middle, mean, style=material.style[setting])


def _weights_of(networks: Networks, layer: int) -> list[Floats]:
    if layer == 0:
        return list(networks.first_layer)
    return [p.weights[layer].astype(np.float64).ravel() for p in networks.parameters]


def weight_answer(found: Sequence[Networks]) -> list[str]:
    """In words, how many weights of the first layer are near zero."""
    if not found:
        return []
    shares = [f"{number(_near_zero(n), digits=1)} % for {n.setting}" for n in found]
    return [f"First-layer weights within {NEAR} of zero: {'; '.join(shares)}."]


def _near_zero(networks: Networks) -> float:
    return float(np.mean([100.0 * near_zero(w) for w in networks.first_layer]))


def weight_table(found: Sequence[Networks]) -> TextTable | None:
    """Of the first layer: how many weights are near zero, how large they are."""
    if not found:
        return None
    rows = []
    for networks in found:
        sizes = [np.abs(w) for w in networks.first_layer]
        rows.append(
            (
                networks.setting,
                str(len(sizes)),
                number(_near_zero(networks)),
                number(float(np.mean([w.mean() for w in sizes]))),
                number(float(np.mean([w.max() for w in sizes]))),
            )
        )
    head = ("setting", "networks", f"|w| < {NEAR} (%)", "mean |w|", "largest |w|")
    note = (
        "weights of the first layer, of pixels that some training image uses; means over networks"
    )
    return TextTable("How the weights distribute", head, tuple(rows), note)


def confusion(found: Sequence[Networks]) -> Drawn | None:
    """Which class is taken for which, one matrix a setting; only mistakes are coloured."""
    if not found:
        return None
    columns = min(2, len(found))
    rows = -(-len(found) // columns)
    width = WIDTH / 2
    names = ["\n".join(textwrap.wrap(networks.setting, 36)) for networks in found]
    step = 2.75 + _LINE * max(0, max(name.count("\n") for name in names) - 1)
    figure = new_picture(step * rows)
    most = max(float(n.mistakes.max() / n.confusion.sum()) for n in found) or 1.0
    told = []
    for index, networks in enumerate(found):
        left = 0.4 + index % columns * width
        bottom = 0.35 + (rows - 1 - index // columns) * step
        axes = inches(figure, left, bottom, width - 0.5, width - 0.5)
        wrong = networks.mistakes
        classes = len(wrong)
        for (row, column), count in np.ndenumerate(wrong):
            # A root lets one mistake be seen beside fifty.
            shade = float(np.sqrt(count / networks.confusion.sum() / most))
            if shade > 0.0:
                corner = (float(column), float(row))
                axes.add_patch(
                    Rectangle(corner, 1.0, 1.0, color=VERMILION, alpha=shade, linewidth=0)
                )
        axes.set_xlim(0, classes)
        axes.set_ylim(classes, 0)
        if classes <= 20:
            at = [k + 0.5 for k in range(classes)]
            axes.set_xticks(at, [str(k) for k in range(classes)])
            axes.set_yticks(at, [str(k) for k in range(classes)])
        axes.plot([0, classes], [0, classes], color="#BBBBBB", linewidth=0.8)
        for side in axes.spines.values():
            side.set_color("#BBBBBB")
        axes.tick_params(length=0, labelsize=TEXT - 1, colors=INK)
        if index % columns == 0:
            axes.set_ylabel("true class", size=TEXT - 1, color=INK, labelpad=2)
        if index // columns == rows - 1:
            axes.set_xlabel("predicted class", size=TEXT - 1, color=INK, labelpad=2)
        label_inside(axes, 0.0, 1.02, names[index], size=TEXT - 1)
        told.append(f"{networks.setting}: {_worst(networks)}")
    text = "Test images that are taken for another class. " + "; ".join(told) + "."
    networks_read = some(max(len(n.parameters) for n in found), "network")
    note = (
        f"mistakes on the test images, the darker the more; up to {networks_read} of each setting"
    )
    if len(told) <= _TOLD:
        note += "; " + "; ".join(told)
    return Drawn("confusion", "Confusion: which class is taken for which", text, figure, note)


def _worst(networks: Networks) -> str:
    wrong = networks.mistakes
    row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
    share = 100.0 * wrong.sum() / networks.confusion.sum()
    each = wrong[row, column] / len(networks.parameters)
    return f"{number(share)} % wrong, most often {row} taken for {column} ({each:.0f} a network)"
