"""`python -m nnexp show RUN_ID`: one recorded run on the terminal."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.table import Table

from nnexp.cli.formats import add_format, print_json, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.sparkline import sparkline
from nnexp.config.compose import config_dir
from nnexp.config.presets import preset_sha256
from nnexp.config.schema import TrackingConfig
from nnexp.errors import UserError
from nnexp.record.check_seals import warnings_of
from nnexp.record.clock import shown_time
from nnexp.record.labels import NOTE, own_tags
from nnexp.record.store import Store, open_store
from nnexp.record.store_sql import final_values
from nnexp.runner.run_text import option_of, recorded_there, result_table, summary_lines
from nnexp.study.lookup import all_experiments, check_schema, find_run
from nnexp.study.missing_artifacts import Rebuilt, make_figures, make_model, rebuild
from nnexp.terminal import Console, new_console
from nnexp.train.plan import pixel_max_of
from nnexp.train.predict import outputs

if TYPE_CHECKING:
    from mlflow.entities import Run

WORST = 5
TRAINED = ("run", "fork")
"""Kinds of runs that are a network with its curves."""


def main(arguments: Sequence[str]) -> int:
    """Show a run; make its figures and model on demand."""
    parser = Parser(
        "show",
        "One recorded run: its result, its curves, what it gets wrong, where its artifacts are. "
        "Figures and model are made from the record if asked for.",
        "python -m nnexp show 3f2a91c0 --figures pictures",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="a run id, or its beginning")
    parser.add_argument("--figures", metavar="DIR", help="write the figures there")
    parser.add_argument("--model", metavar="DIR", help="write the MLflow model there")
    add_format(parser)
    options = parser.parse_args(arguments)
    store = open_store(options.tracking_uri, reading=True)
    run = find_run(store, options.run_id)
    with said_beside(options.format):
        _show(store, run, options)
    if options.format == "json":
        print_json(_plain(run))
    return 0


def _show(store: Store, run: Run, options: argparse.Namespace) -> None:
    """All that is known of it on a screen."""
    console = new_console()
    kind = run.data.tags.get("nnexp.kind", "not recorded by this program")
    trained = kind in TRAINED and run.info.status not in ("FAILED", "RUNNING")
    if not trained:
        _refuse_files(options, kind, str(run.info.status))
    _head(store, run, console)
    if kind == "sweep":
        _sweep(store, run, console)
    if kind == "ensemble":
        _ensemble(store, run, console)
    if not trained:
        return
    for line in warnings_of(store, [str(run.info.run_id)]):
        console.say("", f"warning: {line}")
    try:
        found = rebuild(store, run)
    except UserError as error:
        if options.figures or options.model:
            raise
        check_schema(run)
        console.say(f"no more can be shown: {error}")
        return
    _curves(found.curves, console)
    if "test/accuracy" in found.metrics or "best/test_accuracy" in found.metrics:
        _mistakes(found, console)
    console.say(
        "",
        f"artifacts  {run.info.artifact_uri}",
        f"weights    sha256 {run.data.tags.get('nnexp.weights_sha256', '')}",
        f"repeat     {_repeat(store, run)}",
    )
    try:
        if options.figures:
            make_figures(found, Path(options.figures))
            console.say(f"written    {options.figures}")
        if options.model:
            if Path(options.model).exists():
                raise UserError(f"--model {options.model}: is there already; allowed: a new folder")
            make_model(found, Path(options.model), run.data.tags["nnexp.fingerprint"])
            console.say(f"written    {options.model}")
    except OSError as error:
        raise UserError(f"show: cannot write there: {error}") from error


def _refuse_files(options: argparse.Namespace, kind: str, status: str) -> None:
    """Refuse to write files of what is no trained network.

    Raises:
        UserError: one was asked for.
    """
    for name in ("figures", "model"):
        if (given := getattr(options, name)) is not None:
            what = f"a {status} run" if kind in TRAINED else f"of kind {kind}"
            raise UserError(
                f"--{name} {given}: run {options.run_id} is {what}; allowed: with a run or fork "
                "that has ended"
            )


def _plain(run: Run) -> dict[str, Any]:
    """A run for a program: docs/schemas/show.json."""
    info, tags = run.info, run.data.tags
    return {
        "run_id": str(info.run_id),
        "name": str(info.run_name or ""),
        "kind": tags.get("nnexp.kind", ""),
        "status": str(info.status),
        "start": int(info.start_time or 0),
        "end": int(info.end_time or 0),
        "params": dict(run.data.params),
        "metrics": dict(run.data.metrics),
        "tags": own_tags(tags),
        "note": tags.get(NOTE, ""),
        "weights_sha256": tags.get("nnexp.weights_sha256", ""),
        "fingerprint": tags.get("nnexp.fingerprint", ""),
        "command": tags.get("nnexp.command", ""),
        "artifacts": str(info.artifact_uri),
    }


def _head(store: Store, run: Run, console: Console) -> None:
    tags = run.data.tags
    kind = tags.get("nnexp.kind", "not recorded by this program")
    console.say(
        f"{run.info.run_name}  ({run.info.run_id})",
        f"{kind}, {run.info.status}, started {shown_time(run.info.start_time)} UTC",
    )
    if parent := tags.get("nnexp.fork_of"):
        console.say(f"run {parent[:8]}, gone another way from epoch {tags.get('nnexp.fork_at')}")
    if labels := own_tags(tags):
        console.say(f"tags: {', '.join(f'{key}={value}' for key, value in labels.items())}")
    console.say(*(f"note: {line}" for line in tags.get(NOTE, "").splitlines()))
    if tags.get("nnexp.reason"):
        console.say(f"reason: {tags['nnexp.reason']}")
    if run.data.metrics and kind in TRAINED:
        console.print()
        console.print(result_table(final_values(store, run.info.run_id, run.data.metrics)))
        console.say(*summary_lines(run.data.metrics))


def _sweep(store: Store, run: Run, console: Console) -> None:
    """What a sweep was asked for by, and whether that still asks for the same."""
    tags, start = run.data.tags, str(run.info.run_id)[:8] + option_of(store)
    command = tags.get("nnexp.command", "")
    console.say(
        f"runs       python -m nnexp runs --sweep {start}", f"repeat     {_repeat(store, run)}"
    )
    with suppress(ValueError):
        now = preset_sha256(shlex.split(command), config_dir())
        if tags.get("nnexp.preset", now) != now:
            console.say(
                "its preset has changed since, so that this line asks for another sweep; what was "
                f"recorded: python -m nnexp sweeps --go-on {start}"
            )


def _repeat(store: Store, run: Run) -> str:
    """The line that repeats a run where it is recorded."""
    command, kind = run.data.tags.get("nnexp.command", ""), run.data.tags.get("nnexp.kind", "")
    number = str(run.info.experiment_id)
    experiment = all_experiments(store).get(number, TrackingConfig().experiment)
    return recorded_there(command, kind, experiment, store) if command else ""


def _ensemble(store: Store, run: Run, console: Console) -> None:
    """What several networks say together, and which they are."""
    metrics, tags = run.data.metrics, run.data.tags
    for name, text in (
        ("test/accuracy", "test accuracy of their mean outputs"),
        ("test/accuracy_votes", "test accuracy of their votes"),
        ("errors/agreement", "test images that two of them take for the same class"),
    ):
        if name in metrics:
            console.say(f"{metrics[name]:>7.2%}  {text}")
    if "test/data_cost" in metrics:
        console.say(f"{metrics['test/data_cost']:>7.4f}  test cost of their mean outputs")
    shown = " ".join(run_id[:8] for run_id in tags.get("nnexp.members", "").split())
    console.say(
        f"networks   {shown}",
        f"artifacts  {run.info.artifact_uri}",
        f"repeat     {_repeat(store, run)}",
    )


def _curves(curves: pd.DataFrame, console: Console) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in ("train/cost", "validation/cost", "test/cost", "train/accuracy",
                 "validation/accuracy", "test/accuracy"):  # fmt: skip
        if name not in curves:
            continue
        values = curves.loc[curves["step"] > 0, name].dropna().to_numpy(float)
        if len(values) < 2:
            continue
        form = "{:.2%}" if name.endswith("accuracy") else "{:.4g}"
        ends = f"{form.format(values[0])} to {form.format(values[-1])}"
        table.add_row(name, sparkline(values), ends)
    if table.row_count:
        console.print()
        console.print(table)


def _mistakes(rebuilt: Rebuilt, console: Console) -> None:
    config = rebuilt.config
    try:
        dataset = rebuilt.dataset
    except UserError as error:
        console.say("", f"its mistakes cannot be shown: {error}")
        return
    scale = pixel_max_of(config, dataset)
    activations = outputs(config, rebuilt.parameters, dataset.test.images, scale)
    predicted, labels = activations.argmax(axis=1), dataset.test.labels
    wrong = predicted != labels
    pairs, counts = np.unique(
        np.stack([labels[wrong], predicted[wrong]]), axis=1, return_counts=True
    )
    order = np.argsort(-counts, kind="stable")[:WORST]
    said = [f"{pairs[0, i]} taken for {pairs[1, i]} ({counts[i]} times)" for i in order]
    count = f"{int(wrong.sum())} of {len(labels)}"
    console.say("", f"{count} test images wrong; most often {', '.join(said)}")
