"""The options that choose recorded runs, and the runs that they choose."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnexp.cli.formats import TABLES, add_format
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.study.lookup import all_experiments, experiments_of_sweeps, find_sweep
from nnexp.study.selected_runs import Choice
from nnexp.study.sweep_runs import reused_ids

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run


def add_selection(parser: argparse.ArgumentParser) -> None:
    """The options that choose runs and the form of the output."""
    parser.add_argument(
        "--experiment",
        action="append",
        metavar="NAME",
        help="MLflow experiment (default nnexp, or that of --sweep); may be given several times",
    )
    parser.add_argument(
        "--sweep",
        action="append",
        metavar="ID",
        help="only runs of this sweep, those too that it reused; several times: of one of these",
    )
    parser.add_argument(
        "--where",
        action="append",
        metavar="FILTER",
        help="only these runs, in MLflow's filter syntax; several times: for which all hold",
    )
    add_format(parser, TABLES)


def experiments(store: Store, options: argparse.Namespace) -> list[str]:
    """The experiments that the options choose: as given, else those of the sweeps, else nnexp.

    With an option `all`, all that are recorded.
    """
    if getattr(options, "all", False):
        return [name for name in all_experiments(store).values() if name != "Default"] or ["nnexp"]
    if options.experiment:
        return list(dict.fromkeys(options.experiment))
    found = experiments_of_sweeps(store, options.sweep) if options.sweep else []
    return found or ["nnexp"]


def filters(options: argparse.Namespace) -> str | None:
    """All of `--where` as one filter."""
    return " and ".join(options.where) if options.where else None


def selected(store: Store, options: argparse.Namespace, limit: int | None = None) -> pd.DataFrame:
    """The frame of the runs that the options of `add_selection` choose.

    With `limit` no more than the latest so many of an experiment are read.

    Of several experiments it has a column `experiment`, as it has of one.

    Raises:
        UserError: no such experiment or sweep, or a filter that MLflow does not understand.
    """
    from nnexp.study.frames import TAGS

    names = experiments(store, options)
    return of_sweeps(store, options, names, read(store, options, names, TAGS, limit))


def read(
    store: Store,
    options: argparse.Namespace,
    names: Sequence[str],
    tags: Sequence[str],
    limit: int | None = None,
) -> pd.DataFrame:
    """As `selected`, of the experiments `names`, and of all sweeps; `tags` as `frames.runs_in`."""
    import pandas as pd

    from nnexp.study.frames import runs_in

    where = filters(options)
    frames = [runs_in(store, name, where, limit=limit, tags=tags) for name in names]
    filled = [f.assign(experiment=n) for n, f in zip(names, frames, strict=True) if len(f)]
    if not filled:
        return frames[0]
    return filled[0] if len(filled) == 1 else pd.concat(filled, ignore_index=True)


def of_sweeps(
    store: Store, options: argparse.Namespace, names: Sequence[str], frame: pd.DataFrame
) -> pd.DataFrame:
    """The runs that `read` gave of the sweeps that the options choose; all if they choose none."""
    import pandas as pd

    if options.sweep is None:
        return frame
    whole = None if options.where else frame
    parts = [_of_sweep(store, frame, sweep, names, whole) for sweep in options.sweep]
    return pd.concat(parts).drop_duplicates("run_id", ignore_index=True)


def _of_sweep(
    store: Store,
    frame: pd.DataFrame,
    prefix: str,
    names: Sequence[str],
    whole: pd.DataFrame | None,
) -> pd.DataFrame:
    """The runs of a frame that a sweep has trained or reused, by the beginning of its id."""
    parent = find_sweep(store, prefix)
    own = frame["sweep"] == parent.info.run_id if "sweep" in frame else False
    chosen = frame
    if len(frame):
        chosen = frame[own | frame["run_id"].isin(reused_ids(store, parent, whole))]
    if chosen.empty:
        where = f"experiment{'s' if len(names) > 1 else ''} {', '.join(names)}"
        raise UserError(
            f"--sweep {prefix}: no runs of it in {where}; python -m nnexp sweeps lists sweeps"
        )
    return chosen


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options that choose runs beside their ids."""
    parser.add_argument("--sweep", metavar="ID", help="a sweep: its parent and all of its runs")
    parser.add_argument("--where", metavar="FILTER", help="these runs, in MLflow's filter syntax")
    parser.add_argument(
        "--experiment", metavar="NAME", help="with --where: the MLflow experiment (default nnexp)"
    )


def choice_of(options: argparse.Namespace, ids: Sequence[str]) -> Choice:
    """What was typed."""
    return Choice(tuple(ids), options.sweep, options.where, options.experiment)


def said(runs: Sequence[Run]) -> str:
    """Runs in a few words: `run 3f2a91c0`, `sweep 7e817e52`, `12 runs, 4 means and 1 sweep`."""
    kinds = [run.data.tags.get("nnexp.kind") for run in runs]
    if len(runs) == 1:
        return f"{'sweep' if kinds == ['sweep'] else 'run'} {runs[0].info.run_id[:8]}"
    sweeps, means = kinds.count("sweep"), kinds.count("summary")
    counts = ((len(runs) - sweeps - means, "run"), (means, "mean"), (sweeps, "sweep"))
    *most, last = [some(n, word) for n, word in counts if n]
    return f"{', '.join(most)} and {last}" if most else last
