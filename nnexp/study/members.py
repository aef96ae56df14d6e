"""Recorded networks by setting: those that differ in nothing but their seed.

What is drawn to look at them has random streams of its own (`stream`), named, and of a network's
seed. Training has others (`nnexp.train.streams`); these begin where those never come.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nnexp.config.run_names import setting_name
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.store import Store
from nnexp.study.frames import select
from nnexp.study.lookup import check_schema, why_none
from nnexp.study.recorded import recorded_config, recorded_weights, tested_data
from nnexp.study.sweep_runs import runs_of_sweep

if TYPE_CHECKING:
    from mlflow.entities import Run

PURPOSES = ("masks", "noise")
"""Append, never reorder."""

_FIRST = 1000


@dataclass(frozen=True)
class Member:
    """A finished run with its network."""

    run_id: str
    config: Config
    parameters: Parameters


@dataclass(frozen=True)
class Members:
    """The networks of a setting, in the order of their seeds."""

    config: Config
    """What they have in common, the seed set to 0."""
    dataset: Dataset
    networks: tuple[Member, ...]

    @property
    def name(self) -> str:
        """What tells this setting from others."""
        return setting_name(self.config)


def members(
    store: Store, *, sweep: str | None, experiment: str, where: str | None
) -> list[Members]:
    """The settings of a sweep, or of the runs of an experiment that `where` chooses.

    A network that is recorded twice counts once.

    Raises:
        UserError: nothing is found, a run has no weights, or its data are not here.
    """
    if sweep is not None:
        found: Iterable[Run] = runs_of_sweep(store, sweep)
    else:
        found = [r for r in select(store, experiment, where) if r.info.status == "FINISHED"]
    groups: dict[str, dict[str, Run]] = {}
    configs, plain = dict[str, Config](), Config()
    for run in found:
        check_schema(run)
        config = recorded_config(run, None)
        if config.data.name == "neuron":
            continue
        # Neither the seed tells settings apart, nor what changes no number.
        key = repr(replace(config, seed=0, sweep=plain.sweep, tracking=plain.tracking))
        configs[key] = replace(config, seed=0)
        groups.setdefault(key, {}).setdefault(run.data.params["seed"], run)
    if not groups:
        raise UserError(
            f"experiment {experiment}: no finished runs with images; see python -m nnexp runs"
        )
    return [_members(store, configs[key], list(groups[key].values())) for key in groups]


def _members(store: Store, config: Config, runs: list[Run]) -> Members:
    networks = sorted((_member(store, run) for run in runs), key=lambda m: m.config.seed)
    for run in runs:
        dataset = tested_data(run, config)
    return Members(config, dataset, tuple(networks))


def _member(store: Store, run: Run) -> Member:
    if (network := recorded_weights(store, run)) is None:
        raise UserError(
            f"run {run.info.run_id}: its record holds no weights "
            f"({why_none(run.info.status)}); allowed: --where that leaves it out"
        )
    return Member(str(run.info.run_id), recorded_config(run, None), network)


def stream(seed: int, purpose: str) -> np.random.PCG64:
    """PCG64 seeded by `SeedSequence(seed)` with the purpose's spawn key."""
    key = (_FIRST + PURPOSES.index(purpose),)
    return np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key))
