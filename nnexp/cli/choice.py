"""The options of commands that act on single runs and on sweeps: `tag`, `delete`, `restore`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnexp.config.words import some
from nnexp.study.selected_runs import Choice

if TYPE_CHECKING:
    from mlflow.entities import Run


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
    """Runs in a few words: `run 3f2a91c0`, `sweep 7e817e52`, `12 runs and 1 sweep`."""
    sweeps = [run for run in runs if run.data.tags.get("nnexp.kind") == "sweep"]
    if len(runs) == 1:
        return f"{'sweep' if sweeps else 'run'} {runs[0].info.run_id[:8]}"
    others = some(len(runs) - len(sweeps), "run")
    return f"{others} and {some(len(sweeps), 'sweep')}" if sweeps else others
