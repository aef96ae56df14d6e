"""Making a recorded run's figures and model from its record, where they were not recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from nnexp.atomic_files import whole
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.artifacts import write_figures, write_model
from nnexp.record.store import Store
from nnexp.record.weights import layer_sizes, load_weights
from nnexp.study.lookup import artifact, check_schema, why_none
from nnexp.study.recorded import recorded_config, recorded_data
from nnexp.train.report import Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run


@dataclass(frozen=True)
class Rebuilt:
    """A run as its record holds it."""

    config: Config
    curves: pd.DataFrame
    parameters: Parameters
    metrics: dict[str, float]
    run: Run

    @property
    def dataset(self) -> Dataset:
        """What it was trained on.

        Raises:
            UserError: the files are not there, or hold something else than they did.
        """
        return recorded_data(self.run, self.config)


def rebuild(store: Store, run: Run) -> Rebuilt:
    """Read config, curves and weights of a run from its artifacts.

    Raises:
        UserError: the record holds none (`tracking.artifacts=none`, or the run failed).
    """
    check_schema(run)
    with TemporaryDirectory() as folder:
        paths = {}
        for name in ("config.yaml", "curves.csv", "weights.npz"):
            found = artifact(store, run, name, folder)
            if found is None:
                raise UserError(
                    f"run {run.info.run_id}: its record holds no {name} "
                    f"({why_none(run.info.status)})"
                )
            paths[name] = found
        config = recorded_config(run, paths["config.yaml"])
        return Rebuilt(
            config,
            _curves(run, paths["curves.csv"]),
            load_weights(paths["weights.npz"], layer_sizes(config)),
            dict(run.data.metrics),
            run,
        )


def _curves(run: Run, path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path)
        numbers = all(map(pd.api.types.is_numeric_dtype, frame.dtypes))
        if "step" in frame and len(frame) and numbers and frame["step"].between(0, 2**53).all():
            return frame
        reason = "no table of numbers by step"
    except (OSError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split())[:160]
    raise UserError(f"run {run.info.run_id}: its curves.csv is damaged ({reason})")


def make_figures(rebuilt: Rebuilt, folder: Path) -> None:
    """Write the figures of a run into a folder.

    Raises:
        UserError: as `Rebuilt.dataset`.
    """
    write_figures(folder, rebuilt.config, rebuilt.dataset, _outcome(rebuilt), _rows(rebuilt))


def make_model(rebuilt: Rebuilt, folder: Path, fingerprint: str) -> None:
    """Write the MLflow model of a run into a folder that is not there yet.

    Raises:
        UserError: as `Rebuilt.dataset`.
    """
    with whole(folder) as fresh:
        write_model(fresh, rebuilt.config, rebuilt.dataset, _outcome(rebuilt), fingerprint)


def _outcome(rebuilt: Rebuilt) -> Outcome:
    return Outcome(rebuilt.parameters, rebuilt.metrics, int(rebuilt.curves["step"].max()))


def _rows(rebuilt: Rebuilt) -> list[dict[str, float]]:
    return [
        {str(k): float(v) for k, v in row.items() if pd.notna(v)}
        for row in rebuilt.curves.to_dict("records")
    ]
