"""What is recorded of a run, checked: a record may be foreign, and files may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from nnexp.config.check import check
from nnexp.config.compose import from_params, from_yaml
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, dataset_of
from nnexp.errors import UserError
from nnexp.extension_files import check_loaded
from nnexp.nn.parameters import Parameters
from nnexp.record.correct_images import NAME, Bits, load_correct
from nnexp.record.store import Store
from nnexp.record.weights import load_weights
from nnexp.study.lookup import artifact

if TYPE_CHECKING:
    from mlflow.entities import Run


def recorded_config(run: Run, path: Path | None) -> Config:
    """The config of a run, from its `config.yaml`; without one, from its parameters.

    Raises:
        UserError: it is no config of this program, breaks one of its rules, or names what is in a
            user's own file that is not loaded.
    """
    text = path.read_text("utf-8") if path else ""
    return config_of(str(run.info.run_id), run.data.params, run.data.tags, text)


def config_of(run_id: str, params: Mapping[str, str], tags: Mapping[str, str], text: str) -> Config:
    """As `recorded_config`, of the text of a `config.yaml`, empty where there is none."""
    check_loaded(run_id, tags)
    try:
        # With tracking.artifacts=none, the parameters say the same.
        config = from_yaml(text) if text else from_params(params)
        check(config)
    except UserError as error:
        raise UserError(f"run {run_id}: its record cannot be used: {error}") from error
    return config


def recorded_weights(store: Store, run: Run, sizes: Sequence[int | None] = ()) -> Parameters | None:
    """The network of a run; None where it recorded none. `sizes` as `load_weights` has them.

    Raises:
        UserError: its file cannot be fetched, or is damaged.
    """
    with TemporaryDirectory() as folder:
        path = artifact(store, run, "weights.npz", folder)
        return load_weights(path, sizes) if path is not None else None


def recorded_data(run: Run, config: Config) -> Dataset:
    """The data set that a run was trained on.

    Raises:
        UserError: its files are not there, or hold something else than they did.
    """
    return data_of(str(run.info.run_id), config, run.data.tags.get("nnexp.data", ""))


def data_of(run_id: str, config: Config, digest: str) -> Dataset:
    """As `recorded_data`, by the digest of the data."""
    dataset = dataset_of(config)
    if dataset.digest != digest:
        raise UserError(
            f"run {run_id}: was trained on other data (SHA-256 {digest[:12] or 'unknown'};"
            f" {dataset.source} has {dataset.digest[:12]})"
        )
    return dataset


def tested_data(run: Run, config: Config) -> Dataset:
    """The data set of a run, to look at its test data.

    Raises:
        UserError: as `recorded_data`; or the run may not look at them.
    """
    if config.monitor.test == "never":
        raise UserError(
            f"run {run.info.run_id}: monitor.test=never, so test data are not looked at; allowed: "
            "runs with monitor.test=end or epoch"
        )
    return recorded_data(run, config)


def recorded_correct(store: Store, run: Run) -> Bits:
    """What a run recorded; nothing where that is not there, or is damaged.

    That it was recorded and is no more, or was changed, the digest of the record says.
    """
    with TemporaryDirectory() as folder:
        try:
            path = artifact(store, run, NAME, folder)
            return load_correct(path) if path is not None else {}
        except UserError:
            return {}


def unlike(recorded: Bits, ours: Bits) -> Iterator[tuple[str, int]]:
    """The sets in which other images are right, with how many; their number may be the same."""
    for name, right in recorded.items():
        there = name in ours and len(ours[name]) == len(right)
        other = int(np.count_nonzero(right != ours[name])) if there else len(right)
        if other:
            yield name, other
