"""What a run is recorded with: parameters, tags and data at its beginning, values, tags at its end.

`DERIVED` follow from recorded values by one multiplication and one addition each, so they are the
same wherever they are computed.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from nnexp.atomic_files import outlast
from nnexp.config.command import command_of
from nnexp.config.compose import flatten
from nnexp.config.extensions import digests_of
from nnexp.config.rules import has_lmbda
from nnexp.config.run_names import run_name
from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset
from nnexp.record.clock import now
from nnexp.record.environment import SCHEMA_VERSION
from nnexp.record.events import Begun, Ended
from nnexp.record.files import digests_in, sizes_in
from nnexp.record.fingerprint import (
    VERSION,
    depends_on_environment,
    environment_sha256,
    fingerprint,
)
from nnexp.record.labels import described, label_tags
from nnexp.record.log import RunLog
from nnexp.record.processes import boot, started_at
from nnexp.record.seal import parts_of, sealed
from nnexp.record.store import Store
from nnexp.record.weights import weights_sha256
from nnexp.redact import redact
from nnexp.source import source_sha256
from nnexp.train.plan import problem_of
from nnexp.train.report import Outcome


def params_of(config: Config) -> dict[str, str]:
    """What is recorded as parameters: every key, and λ/n as a number to sort by."""
    params = flatten(config)
    if has_lmbda(config):
        params["reg.lmbda_over_n"] = repr(config.reg.lmbda / config.data.n_train)
    return params


def tags_of(config: Config, dataset: Dataset) -> dict[str, str]:
    """The tags that a run has from its beginning."""
    tags = {
        **label_tags(config),
        "mlflow.source.name": "nnexp",
        "mlflow.user": _user(),
        "nnexp.kind": "run",
        "nnexp.schema": str(SCHEMA_VERSION),
        "nnexp.fingerprint": fingerprint(config, dataset),
        "nnexp.fingerprint_version": str(VERSION),
        "nnexp.source": source_sha256(),
        "nnexp.data": dataset.digest,
        "nnexp.command": command_of(config),
    }
    if own := digests_of(config):
        tags["nnexp.parts"] = own
    if depends_on_environment(config):
        tags["nnexp.environment"] = environment_sha256()
    return tags


def owner_tags() -> dict[str, str]:
    """Which process is at work on a run, so that another can tell when it is gone."""
    return {**_process(os.getpid()), "nnexp.heartbeat": str(now())}


@cache
def _process(pid: int) -> Mapping[str, str]:
    return {
        "nnexp.host": socket.gethostname(),
        "nnexp.pid": str(pid),
        "nnexp.pid_started": started_at(pid),
        "nnexp.boot": boot(),
    }


def data_of(data: DataConfig, name: str, digest: str) -> dict[str, str]:
    """The data set of a run as MLflow records data: name, digest, what was used of it."""
    return {
        "name": name,
        "digest": digest[:8],
        "source_type": "nnexp",
        "source": json.dumps({"sha256": digest}),
        "profile": json.dumps({"n_train": data.n_train, "subset": data.subset}),
    }


def begun_of(
    store: Store,
    experiment: str,
    name: str,
    config: Config,
    dataset: Dataset,
    tags: Mapping[str, str],
) -> Begun:
    """The beginning of a run by this process; `tags` are those that not every run has."""
    return Begun(
        store.name,
        experiment,
        name,
        now(),
        params_of(config),
        {**tags_of(config, dataset), **tags},
        data_of(config.data, dataset.name, dataset.digest),
        owner_tags(),
        config.tracking.experiment,
    )


def end(log: RunLog, config: Config, outcome: Outcome) -> None:
    """Note how a run ended and what came out, with the digest of its record.

    Raises:
        OSError: the disk takes nothing more.
    """
    logged = log.logged
    at = max(now(), logged.latest)
    values = dict(outcome.metrics)
    if outcome.failure is not None:
        _close(log, Ended("FAILED", at, outcome.epochs, values, reason_tag(outcome.failure)))
        return
    written = written_in(log.artifacts)
    tags = _result_tags(config, outcome)
    points = [(point.name, point.step, point.value) for point in logged.points]
    points += [(name, outcome.epochs, value) for name, value in values.items()]
    digests = {name: sha256 for name, (_, sha256) in written.items()}
    parts = parts_of(logged.begun.params, {**logged.tags, **tags}, points, digests)
    tags |= sealed(parts).tags
    _close(log, Ended("FINISHED", at, outcome.epochs, values, tags, written))


def written_in(folder: Path) -> dict[str, tuple[int, str]]:
    """Bytes and SHA-256 of the artifacts in a folder, if there is one.

    They outlast a loss of power from here on: a log that has ended says that they are whole.

    Raises:
        OSError: the disk takes nothing more.
    """
    if not folder.is_dir():
        return {}
    sizes, digests = sizes_in(folder), digests_in(folder)
    for name in sizes:
        outlast(folder / name)
    return {name: (size, digests[name]) for name, size in sizes.items()}


def fail(log: RunLog, reason: str, status: str = "FAILED") -> None:
    """Note why a run came to no end; one that was KILLED may be gone on with.

    Raises:
        OSError: the disk takes nothing more.
    """
    at = max(now(), log.logged.latest)
    _close(log, Ended(status, at, tags=reason_tag(reason), whole=status != "KILLED"))


def give_up(log: RunLog, reason: str, values: Mapping[str, float], tags: Mapping[str, str]) -> None:
    """Note that a run is not trained any further, with values of its last epoch.

    Raises:
        OSError: the disk takes nothing more.
    """
    step, at = int(log.logged.rows[-1]["step"]), log.logged.stamps[-1]
    _close(log, Ended("KILLED", at, step, values, {**reason_tag(reason), **tags}))


def _close(log: RunLog, ended: Ended) -> None:
    log.add(ended)
    log.sync()
    log.close()


def reason_tag(reason: str) -> dict[str, str]:
    """Why a run or a sweep came to no end, as it is recorded."""
    return {"nnexp.reason": redact(reason)[:5000]}


def write_into(log: RunLog) -> Path:
    """An empty folder for the artifacts of a run: what an earlier attempt has left is gone."""
    shutil.rmtree(log.artifacts, ignore_errors=True)
    log.artifacts.mkdir()
    return log.artifacts


NOTED = ("test/accuracy", "best/test_accuracy", "best/validation_accuracy", "gap/final")
"""The results that the description of a run, or of a mean, says."""


def _result_tags(config: Config, outcome: Outcome) -> dict[str, str]:
    """The tags that a run has at its end; its description in the MLflow UI is the result."""
    said = [f"{n} {outcome.metrics[n]:.2%}" for n in NOTED if n in outcome.metrics]
    return {
        "nnexp.weights_sha256": weights_sha256(outcome.parameters),
        "nnexp.epochs": str(outcome.epochs),
        **described(config, f"{run_name(config)}: {', '.join(said)}" if said else ""),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


DIGITS = 12
"""A gap is the difference of two shares: so many decimals are all it has, the rest is rounding."""
DERIVED = ("test/cost", "test/penalty", "test/cost_network2")


def completed(
    config: Config, dataset: Dataset, rows: Sequence[Mapping[str, float]], outcome: Outcome
) -> Outcome:
    """The outcome of a run, with `DERIVED` where test data is looked at once, at the end.

    Its gaps are rounded to `DIGITS`.

    `test/penalty` is that of the weights that were tested (eq. 87, 95, with n the training size),
    so it is `train/penalty` of their epoch; `test/cost_network2` divides the penalty by the number
    of test images instead. `rows` are the evaluated epochs. Where the epoch of restored weights is
    not among them (`monitor.every`), their penalty is not known and nothing is added.
    """
    metrics = read_as(outcome.metrics)
    outcome = replace(outcome, metrics=metrics)
    if config.monitor.test != "end" or "test/data_cost" not in metrics or not rows:
        return outcome
    restored = "best/test_data_cost" in metrics
    step = metrics["best/epoch"] if restored else rows[-1]["step"]
    penalty = next((row.get("train/penalty") for row in rows if row["step"] == step), None)
    if penalty is None:
        return outcome
    cost, n = metrics["test/data_cost"], problem_of(config, dataset).n
    values = (cost + penalty, penalty, cost + penalty * (n / len(dataset.test)))
    return replace(outcome, metrics={**metrics, **dict(zip(DERIVED, values, strict=True))})


def read_as(metrics: Mapping[str, float]) -> dict[str, float]:
    """Final values as they are read: a gap of 0.0374, not of 0.03739999999999999."""
    return {k: round(v, DIGITS) if k.startswith("gap/") else v for k, v in metrics.items()}
