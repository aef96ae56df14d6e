"""`python -m nnexp import-curve`: a curve from elsewhere, to compare with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.store import experiment_id, open_store
from nnexp.record.untrained_runs import is_metric_name, record_curves

MAX_BYTES = 100_000_000
MAX_NAME = 250
MAX_STEP = 2**53
"""Up to here a floating point number counts by ones."""


def main(arguments: Sequence[str]) -> int:
    """Record the curves of a CSV file."""
    parser = Parser(
        "import-curve",
        "Record a curve from elsewhere (a paper, another program) as a run of its own, so that the "
        "MLflow UI and reports lay it beside ours. The file has a column `step` and a column per "
        "metric, named as ours: test/accuracy, train/cost ... An empty cell is a gap.",
        "python -m nnexp import-curve paper.csv --name 'Smith 2019, table 2'",
    )
    parser.add_argument("file", metavar="FILE.csv")
    parser.add_argument("--name", required=True, help="name of the run")
    parser.add_argument("--experiment", default="nnexp", metavar="NAME")
    add_format(parser)
    options = parser.parse_args(arguments)
    name = options.name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise UserError(
            f"--name {options.name!r}: allowed: a name of at most {MAX_NAME} printable characters"
        )
    frame = _read(Path(options.file))
    store = open_store(options.tracking_uri)
    number = experiment_id(store, options.experiment)
    curves = {
        str(metric): [
            (int(step), float(value))
            for step, value in zip(frame["step"], frame[metric], strict=True)
            if not math.isnan(value)
        ]
        for metric in frame.columns
        if metric != "step"
    }
    run_id = record_curves(
        store, number, name, curves, {}, f"imported from {Path(options.file).name}", {}
    )
    values = sum(len(points) for points in curves.values())
    with said_beside(options.format):
        print(
            f"recorded {some(values, 'value')} of {some(len(curves), 'metric')} as run {run_id}, "
            f"'{name}'"
        )
    return done(options.format, runs=[run_id])


def _read(path: Path) -> pd.DataFrame:
    try:
        if not path.is_file():
            # A pipe might never end.
            path.stat()  # Where there is nothing, this says so.
            what = "a folder" if path.is_dir() else "no plain file"
            raise UserError(f"{path}: {what}; allowed: a CSV file")
        if path.stat().st_size > MAX_BYTES:
            raise UserError(
                f"{path}: larger than {MAX_BYTES:,} bytes; allowed: a CSV file of curves"
            )
        # As it is: an archive may be broken in many ways, or unpack to any size.
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""], compression=None)
    except (OSError, ValueError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        reason = " ".join(said.split())
        raise UserError(f"{path}: cannot be read ({reason}); allowed: a CSV file") from error
    if "step" not in frame or len(frame.columns) < 2:
        raise UserError(
            f"{path}: columns {', '.join(map(str, frame.columns))}; allowed: step and metrics"
        )
    for column in frame.columns:
        if column != "step" and not is_metric_name(str(column)):
            raise UserError(
                f"{path}: column {column!r}; allowed: names of metrics as MLflow takes them, of "
                "letters, digits, spaces and _ - . : /, such as test/accuracy"
            )
        kind = frame[column].dtype
        if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_bool_dtype(kind):
            raise UserError(f"{path}: column {column} holds text; allowed: numbers, or empty cells")
        # Ours are fractions: percent would stand a hundred times too high beside them.
        if str(column).endswith("accuracy") and (most := frame[column].max()) > 1:
            raise UserError(
                f"{path}: column {column} has {most:g}; allowed: fractions from 0 to 1, such as "
                f"{most / 100:g} for {most:g} %"
            )
        if frame[column].isna().all():
            raise UserError(f"{path}: column {column} is empty; allowed: at least one number")
    steps = frame["step"]
    if (
        steps.isna().any()
        or (steps < 0).any()
        or (steps > MAX_STEP).any()
        or (steps % 1 != 0).any()
        or steps.duplicated().any()
    ):
        raise UserError(f"{path}: column step; allowed: whole numbers from 0, each once")
    if np.isinf(frame.to_numpy(float)).any():
        raise UserError(f"{path}: infinite values; allowed: finite numbers, or empty cells")
    return frame
