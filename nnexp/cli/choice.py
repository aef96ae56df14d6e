"""The options of commands that act on single runs and on sweeps: `tag`, `delete`, `restore`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnexp.config.plurals import some
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
    """Runs in a few words: `run 3f2a91c0`, `sweep 7e817e52`, `12 runs, 4 means and 1 sweep`."""
    kinds = [run.data.tags.get("nnexp.kind") for run in runs]
    if len(runs) == 1:
        return f"{'sweep' if kinds == ['sweep'] else 'run'} {runs[0].info.run_id[:8]}"
    sweeps, means = kinds.count("sweep"), kinds.count("summary")
    counts = ((len(runs) - sweeps - means, "run"), (means, "mean"), (sweeps, "sweep"))
    *most, last = [some(n, word) for n, word in counts if n]
    return f"{', '.join(most)} and {last}" if most else last
