"""Results from a file put into a store: as runs like any other, none of them twice."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from nnexp.record.check_seals import checked_contents
from nnexp.record.contents import stored
from nnexp.record.description import data_of, owner_tags
from nnexp.record.events import Begun, Ended, Event, Values
from nnexp.record.files import digests_in, sizes_in
from nnexp.record.left_logs import settle
from nnexp.record.log import write_whole
from nnexp.record.log_folder import HALF, IMPORT, RUNS, remove
from nnexp.record.projection import Projection, reopen
from nnexp.record.seal import PARTS, TAG, parts_of, sealed
from nnexp.record.sending import log
from nnexp.record.store import Store, experiment_id
from nnexp.record.store_errors import is_denied
from nnexp.record.summary import record_summaries, settings_over_seeds
from nnexp.record.sweep import Recorded, find_finished, find_parent, sweep_key
from nnexp.record.sweep_configs import ASKED, asked_text
from nnexp.study.exchange.archive import carried
from nnexp.study.exchange.gather import travels
from nnexp.study.exchange.history import Value, by_metric
from nnexp.study.exchange.manifest import Run, Sweep
from nnexp.study.exchange.results import Results

FROM = "nnexp.imported"
"""The tag of a run from a file: the file's digest, and the run's id where it was trained."""


@dataclass(frozen=True)
class Imported:
    """What became of one run of a file."""

    run: Run
    run_id: str
    """Its id in this store."""
    sweep: str
    """The sweep it belongs to in this store; empty if to none."""
    new: bool
    differs: str = ""
    """How the run that was recorded here before is another one, though its fingerprint is equal."""


def record_results(results: Results, store: Store, experiment: str | None) -> Iterator[Imported]:
    """Record the runs of a file that are not recorded yet, then the sweeps they belong to.

    They go into the experiments that they were recorded in, or all into one that is named. What
    was recorded before stays as it is.

    Raises:
        UserError: an experiment that cannot be recorded in. Or whatever the store raises.
    """
    # What an import before this one could not send would otherwise be recorded twice.
    for _ in settle(store):
        pass
    manifest = results.manifest
    names = {run.experiment for run in manifest.runs} | {s.experiment for s in manifest.sweeps}
    ids = {name: experiment_id(store, experiment or name) for name in sorted(names)}
    # A sweep of which the file holds no run leaves nothing to record.
    sweeps = [s for s in manifest.sweeps if any(asked.run for asked in s.asked)]
    parents = {s.id: _parent(store, s, ids[s.experiment], experiment) for s in sweeps}
    sweep_of = {asked.run: s.id for s in sweeps for asked in s.asked}
    here: dict[str, Imported] = {}
    for run in manifest.runs:
        parent = parents.get(sweep_of.get(run.id, ""), "")
        here[run.id] = _one(results, store, run, ids[run.experiment], parent)
        yield here[run.id]
    for sweep in sweeps:
        place, chosen = ids[sweep.experiment], [here[a.run] for a in sweep.asked if a.run]
        if any(one.new for one in chosen) or _unended(store, parents[sweep.id]):
            _conclude(results, store, sweep, place, parents[sweep.id], chosen)


def _one(results: Results, store: Store, run: Run, experiment: str, parent: str) -> Imported:
    known = find_finished(store, experiment, run.tag("fingerprint"))
    if known is None:
        return Imported(run, _record(results, store, run, experiment, parent), parent, new=True)
    differs = _difference(store, known.run_id, run, results.history(run))
    return Imported(run, known.run_id, known.sweep, new=False, differs=differs)


def _record(results: Results, store: Store, run: Run, experiment: str, parent: str) -> str:
    """Record one run, read it back and seal it; its id here."""
    config = results.config(run)
    tags = {k: v for k, v in run.tags.items() if travels(k) and k not in (TAG, PARTS)}
    tags |= {
        "nnexp.kind": "run",
        "mlflow.source.name": "nnexp",
        FROM: f"{results.digest} {run.id}",
        **({"nnexp.sweep": parent, "mlflow.parentRunId": parent} if parent else {}),
    }
    # `doctor` removes it should this process be killed, which it tells by the name.
    with TemporaryDirectory(dir=store.folder, prefix=f"{IMPORT}{HALF}{os.getpid()}-") as folder:
        artifacts = Path(folder) / "artifacts"
        artifacts.mkdir()
        for name in carried(run.artifacts):
            if (content := results.artifact(run, name)) is not None:
                (artifacts / name).parent.mkdir(exist_ok=True)
                (artifacts / name).write_bytes(content)
        values = results.history(run)
        digests = digests_in(artifacts)
        parts = parts_of(run.params, tags, ((v[0], v[1], v[3]) for v in values), digests)
        written = {name: (size, digests[name]) for name, size in sizes_in(artifacts).items()}
        data = data_of(config.data, config.data.name, run.tag("data"))
        begun = Begun(
            *(store.name, experiment, run.name, run.start_time, run.params, tags, data),
            owner_tags(),
            config.tracking.experiment,
        )
        events: list[Event] = [
            begun,
            *_by_epoch(values),
            Ended("FINISHED", run.end_time, tags=sealed(parts).tags, artifacts=written),
        ]
        log = write_whole(store.folder / RUNS / uuid4().hex, events, artifacts)
    made = Projection(store, log)
    try:
        return made.close()
    except Exception as error:
        if is_denied(error) and not made.state.opening:
            log.close()
            remove(log.folder)  # Refused now, it is not to be sent at the next start either.
        raise


def _by_epoch(values: Sequence[Value]) -> Iterator[Values]:
    """The values of a history as a log has them."""
    ordered = sorted(values, key=lambda value: (value[1], value[2]))
    for (step, at), group in groupby(ordered, key=lambda value: (value[1], value[2])):
        yield Values(step, at, {name: value for name, _, _, value in group})


def _difference(store: Store, run_id: str, run: Run, history: Sequence[Value]) -> str:
    """The first value that a recorded run has otherwise; empty if it is the same run."""
    ((_, found, record),) = checked_contents(store, [run_id])
    if record.differences:
        return f"the record here is not what was recorded: {record}"
    ours, theirs = by_metric(found.values), by_metric(history)
    pairs = {(step, name) for name, steps in theirs.items() for step in steps}
    for step, name in sorted(pairs):
        here, there = ours.get(name, {}).get(step), theirs[name][step]
        if not name.startswith("time/") and repr(here) != repr(stored(there)):
            return f"{name} at step {step}: here {here!r}, in the file {there!r}"
    if found.tags.get("nnexp.weights_sha256") != run.tag("weights_sha256"):
        return "the weights"
    return ""


def _parent(store: Store, sweep: Sweep, experiment: str, name: str | None) -> str:
    """The run of a sweep: the one recorded before, or a new one with the original's start."""
    asked = {asked.fingerprint: asked.name for asked in sweep.asked}
    key = sweep_key(name or sweep.experiment, list(asked))
    if (known := find_parent(store, experiment, key, ended=True)) is not None:
        if _unended(store, known):
            reopen(store, store.client.get_run(known), owner_tags())
            store.client.log_text(known, asked_text(asked), ASKED)
        return known
    tags = {
        "nnexp.kind": "sweep",
        "nnexp.sweep_key": key,
        "nnexp.command": sweep.command,
        "nnexp.total": str(len(asked)),
        "mlflow.source.name": "nnexp",
        FROM: sweep.id,
        **owner_tags(),
    }
    run = store.client.create_run(
        experiment, start_time=sweep.start_time, tags=tags, run_name=sweep.name
    )
    store.client.log_text(str(run.info.run_id), asked_text(asked), ASKED)
    return str(run.info.run_id)


def _unended(store: Store, parent: str) -> bool:
    """Whether an import before this one was stopped before it had recorded all of a sweep."""
    run = store.client.get_run(parent)
    return FROM in run.data.tags and run.info.status in ("RUNNING", "KILLED")


def _conclude(
    results: Results,
    store: Store,
    sweep: Sweep,
    experiment: str,
    parent: str,
    chosen: Sequence[Imported],
) -> None:
    """The means over seeds of an imported sweep; then it has ended."""
    recorded = []
    for one in chosen:
        curves = by_metric(results.history(one.run)).items()
        last = {name: steps[max(steps)] for name, steps in curves}
        recorded.append(Recorded(one.run_id, "FINISHED", parent, last, ""))
    configs = [results.config(one.run) for one in chosen]
    record_summaries(store, experiment, parent, settings_over_seeds(configs, recorded))
    log(store, parent, tags={"nnexp.reused": str(sum(one.sweep != parent for one in chosen))})
    failed = any(asked.status == "FAILED" for asked in sweep.asked)
    ended = max(one.run.end_time for one in chosen)
    store.client.set_terminated(parent, "FAILED" if failed else "FINISHED", end_time=ended)
