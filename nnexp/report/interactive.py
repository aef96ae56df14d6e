"""Pictures to play with: which of them a report has, and what they know of its runs."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.report.chart import finite, rounded, thinned
from nnexp.report.neuron import COST
from nnexp.report.report_data import Material

CHAPTER = ((0.6, 0.9), (2.0, 2.0))
"""The chapter's starts (w, b): offered where no run of the report has one of its own."""
RATES = tuple(float(f"{m}e{k}") for k in (-3, -2, -1, 0) for m in (1, 1.5, 2, 3, 5, 7))
"""What the slider of η steps through, together with the recorded rates."""
EPOCHS = 300
LONGEST = 3000
"""So many epochs are computed while a slider moves, and no more."""
REACH = 4.0
"""The sliders of w and b go from -4 to 4, or as far as a recorded start lies."""


@dataclass(frozen=True)
class Play:
    """A picture to play with."""

    name: str
    """Of its template and its script."""
    title: str
    data: dict[str, Any]
    """What the script reads."""


def plays(material: Material) -> list[Play]:
    """Those that belong to the runs of a report."""
    found = []
    if _has(material, "data.name", "neuron"):
        found.append(Play("neuron", "A neuron to play with", neuron_data(material)))
    if _has(material, "cost.name", "loglikelihood"):
        found.append(Play("softmax", "A softmax layer to play with", {}))
    return found


def _has(material: Material, key: str, value: str) -> bool:
    return key in material.runs and bool((material.runs[key] == value).any())


def neuron_data(material: Material) -> dict[str, Any]:
    """The recorded neurons, and the ranges of the sliders.

    Runs with momentum or a regularizer follow other equations than the page computes, and a start
    that was drawn is not in the record: these are left out.
    """
    runs = material.runs
    plain = runs[
        (runs["data.name"] == "neuron")
        & (runs["init.name"] == "fixed")
        & (runs["reg.name"] == "none")
        & (runs["train.momentum"].astype(float) == 0.0)
    ]
    once = dict(zip(plain["setting"], plain.to_dict("records"), strict=True))
    found = [_recorded(material, s, once[s]) for s in material.settings if s in once]
    recorded = [run for run in found if run["steps"]]
    starts = list(dict.fromkeys((run["w"], run["b"]) for run in recorded)) or list(CHAPTER)
    reach = float(np.ceil(max(REACH, *(abs(value) for start in starts for value in start))))
    longest = max((run["steps"][-1] for run in recorded), default=EPOCHS)
    return {
        "runs": recorded,
        "first": _first(recorded),
        "starts": starts,
        "reach": reach,
        "rates": sorted({*RATES, *(run["eta"] for run in recorded)}),
        "epochs": int(np.clip(longest, 1, LONGEST)),
    }


def _recorded(material: Material, setting: str, run: Mapping[Hashable, Any]) -> dict[str, Any]:
    band = material.band(COST, setting)
    band = band[band.index <= LONGEST]
    band = band.iloc[thinned(band.index.to_numpy(np.float64))]
    return {
        "name": setting,
        "w": float(run["init.weight"]),
        "b": float(run["init.bias"]),
        "cost": str(run["cost.name"]),
        "eta": float(run["train.eta"]),
        "steps": [int(step) for step in band.index],
        # So many digits that the page can tell how well its own curve meets the record.
        "values": rounded(finite(band["mean"]), 10),
    }


def _first(recorded: list[dict[str, Any]]) -> dict[str, Any]:
    """What is shown before anybody plays: of the quadratic costs the most wrong start."""
    ranked = sorted(
        recorded, key=lambda run: (run["cost"] == "quadratic", run["w"] + run["b"], run["eta"])
    )
    chosen = ranked[-1] if ranked else {"w": 2.0, "b": 2.0, "cost": "quadratic", "eta": 0.15}
    return {key: chosen[key] for key in ("w", "b", "cost", "eta")}
