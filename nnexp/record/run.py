"""One MLflow run: opened, fed with the reports of the trainer, and closed with its outcome.

Values are sent in batches, never one by one, with the time they were measured at. While the store
does not answer they are kept, and the training goes on.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.config.command import command_of, run_name
from nnexp.config.compose import flatten
from nnexp.config.own import digests_of
from nnexp.config.rules import has_lmbda
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.clock import now
from nnexp.record.delivery import Delivery, transmit
from nnexp.record.environment import SCHEMA_VERSION
from nnexp.record.files import digests_in, sizes_in
from nnexp.record.fingerprint import (
    VERSION,
    depends_on_environment,
    environment_sha256,
    fingerprint,
)
from nnexp.record.kept import deliver, keep, lock
from nnexp.record.labels import described, label_name, label_tags
from nnexp.record.outbox import PATIENCE_SECONDS
from nnexp.record.processes import boot, started_at
from nnexp.record.readback import Expected, Lost
from nnexp.record.seal import parts_of, sealed
from nnexp.record.sending import MetricPoint, log, log_data
from nnexp.record.store import Store, said_by_store
from nnexp.record.weights import weights_sha256
from nnexp.redact import redact
from nnexp.source import source_sha256
from nnexp.train.report import EpochReport, Outcome

if TYPE_CHECKING:
    from mlflow.entities import Run

FLUSH_SECONDS = 2.0
"""How often values are sent while a run is going on, for those who watch it in the UI."""


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


def result_tags(config: Config, outcome: Outcome) -> dict[str, str]:
    """The tags that a run has at its end."""
    tags = {
        "nnexp.weights_sha256": weights_sha256(outcome.parameters),
        "nnexp.epochs": str(outcome.epochs),
    }
    return {**tags, **described(config, _result_note(config, outcome))}


def owner_tags() -> dict[str, str]:
    """Which process is at work on a run, so that another can tell when it is gone."""
    pid = os.getpid()
    return {
        "nnexp.host": socket.gethostname(),
        "nnexp.pid": str(pid),
        "nnexp.pid_started": started_at(pid),
        "nnexp.boot": boot(),
        "nnexp.heartbeat": str(now()),
    }


def reopened(store: Store, run_id: str) -> Run:
    """Mark a run that was stopped as going on again: RUNNING, and no reason why it ended."""
    store.client.update_run(run_id, status="RUNNING")
    run = store.client.get_run(run_id)
    if "nnexp.reason" in run.data.tags:
        store.client.delete_tag(run_id, "nnexp.reason")
    return run


class RunRecord:
    """A run being recorded. Not safe to share between threads or processes."""

    def __init__(
        self,
        store: Store,
        run_id: str,
        config: Config,
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """`params` and `tags` are what the run has from its beginning."""
        self.store, self.run_id, self.config = store, run_id, config
        self.params, self.tags = params, tags
        self.rows: list[dict[str, float]] = []
        self.stamps: list[int] = []
        self.trouble = ""
        """Why the store could not be reached when it was last tried; empty if it could."""
        self.lost = False
        """Whether the trouble is that the store lacks what it said it had taken."""
        self._waiting: list[MetricPoint] = []
        self._sent: dict[int, int] = {}
        """When epochs were measured that the store has, but no checkpoint: they come once more."""
        self._next = time.monotonic() + FLUSH_SECONDS

    @classmethod
    def start(
        cls,
        store: Store,
        experiment: str,
        config: Config,
        dataset: Dataset,
        rows: Sequence[dict[str, float]] = (),
        stamps: Sequence[int] = (),
        tags: Mapping[str, str] | None = None,
        made: str = "",
    ) -> RunRecord:
        """Open a run with its parameters, tags and data set, after the given rows.

        `tags`, and words for its name, are those of a run that is not made by its config alone.
        """
        tags, params = {**tags_of(config, dataset), **(tags or {})}, params_of(config)
        run = store.client.create_run(
            experiment,
            start_time=stamps[0] if stamps else now(),
            tags={**tags, **owner_tags()},
            run_name=f"{label_name(config)} {made}".rstrip(),
        )
        if not run.info.run_id:
            raise Lost(f"{store.shown}: it says that it has opened a run, but not which")
        record = cls(store, str(run.info.run_id), config, params, tags)
        try:
            log(store, record.run_id, params=params)
            log_data(store, record.run_id, data_of(config, dataset))
        except BaseException:
            # A run that nobody trains must not seem to be going on.
            record.fail("it could not be opened in full", status="KILLED")
            raise
        for row, stamp in zip(rows, stamps, strict=True):
            record.add_row(row, stamp)
        return record

    @classmethod
    def reopen(
        cls,
        store: Store,
        run_id: str,
        config: Config,
        dataset: Dataset,
        rows: list[dict[str, float]],
        stamps: list[int],
    ) -> RunRecord:
        """Go on with a run that was interrupted after the given rows."""
        before = reopened(store, run_id).data
        # As it was begun: where it is recorded may have been asked for in other words since.
        tags = {k: before.tags.get(k, v) for k, v in tags_of(config, dataset).items()}
        params = {**params_of(config), **before.params}
        record = cls(store, run_id, config, params, tags)
        record._sent = _times_sent(store, run_id, rows)
        # Some of these may never have been sent; with their old times, sending twice is harmless.
        for row, stamp in zip(rows, stamps, strict=True):
            record.add_row(row, stamp)
        log(store, run_id, tags=owner_tags())
        return record

    @property
    def last(self) -> dict[str, float]:
        """The values of the last evaluated epoch."""
        return self.rows[-1] if self.rows else {}

    @property
    def unsent(self) -> str:
        """What is to be said of a run whose end the store has not received, or not kept."""
        if self.lost:
            return (
                f"run {self.run_id} is not recorded: the tracking store answers, but "
                f"{self.trouble}; the run is kept in {self.store.folder} and sent again at the "
                "next start"
            )
        return (
            f"the tracking store does not answer ({self.trouble}); nothing is lost: the rest of "
            f"this run is kept in {self.store.folder} and delivered at the next start"
        )

    def add(self, report: EpochReport) -> None:
        """Take note of a report; its values are sent with the next batch."""
        if report.metrics:
            stamp = self._sent.get(report.epoch) or now()
            self.add_row({"step": report.epoch, **report.metrics}, stamp)
        if time.monotonic() > self._next:
            self.flush()

    def add_row(self, row: dict[str, float], stamp: int) -> None:
        """Take note of the values of an epoch, measured at a time in milliseconds."""
        self.rows.append(row)
        self.stamps.append(stamp)
        self._waiting += _of_row(row, stamp)

    def flush(self) -> None:
        """Send the values that wait; if the store does not answer, keep them for later."""
        sending = tuple(self._waiting)
        try:
            log(self.store, self.run_id, sending, tags={"nnexp.heartbeat": str(now())})
        except Exception as error:
            # Whatever the store's client raises (HTTP, database, MLflow): training must go on.
            self.trouble = said_by_store(error)
            self._next = time.monotonic() + PATIENCE_SECONDS
            return
        del self._waiting[: len(sending)]
        self.trouble = ""
        self._next = time.monotonic() + FLUSH_SECONDS

    def finish(self, outcome: Outcome, artifacts: Path | None) -> bool:
        """Close the run with its outcome and artifacts (a folder that is moved away).

        Returns whether it has arrived; if not, it is kept and delivered at the next start.
        """
        stamp = now()
        final = [MetricPoint(k, v, outcome.epochs, stamp) for k, v in outcome.metrics.items()]
        return self._close("FINISHED", result_tags(self.config, outcome), artifacts, final)

    def fail(self, reason: str, status: str = "FAILED") -> bool:
        """Close the run as FAILED or KILLED, with the reason as a tag; whether it has arrived."""
        return self._close(status, {"nnexp.reason": redact(reason)[:5000]}, None)

    def _close(
        self,
        status: str,
        tags: Mapping[str, str],
        artifacts: Path | None,
        final: Sequence[MetricPoint] = (),
    ) -> bool:
        ended = max([now(), *self.stamps[-1:]])
        if status == "KILLED":
            # All is sent anew when it goes on; nothing is read back.
            values, sent, expected = list(self._waiting), 0, None
        else:
            rows = zip(self.rows, self.stamps, strict=True)
            values = [value for row, stamp in rows for value in _of_row(row, stamp)]
            sent = len(values) - len(self._waiting)
            values += final
            sizes = sizes_in(artifacts) if artifacts is not None else {}
            if status == "FINISHED":
                digests = digests_in(artifacts) if artifacts is not None else {}
                points = ((m.name, m.step, m.value) for m in values)
                parts = parts_of(self.params, {**self.tags, **tags}, points, digests)
                tags = {**tags, **sealed(parts).tags}
            expected = Expected(self.params, {**self.tags, **tags}, sizes)
        delivery = Delivery(
            self.run_id, status, ended, tuple(values), tags, sent=sent, expected=expected
        )
        try:
            with lock(self.store):
                folder = keep(self.store, delivery, artifacts)
                return self._arrives(lambda: deliver(self.store, folder))
        except OSError:
            if artifacts is not None:
                raise
        # A full disk must not keep the reason from the store.
        return self._arrives(lambda: transmit(self.store, delivery, None))

    def _arrives(self, send: Callable[[], str]) -> bool:
        try:
            send()
        except Exception as error:
            # As in `flush`.
            self.trouble, self.lost = said_by_store(error), isinstance(error, Lost)
            return False
        return True


def _of_row(row: Mapping[str, float], stamp: int) -> list[MetricPoint]:
    """The values of an epoch, measured at a time in milliseconds."""
    step = int(row["step"])
    return [MetricPoint(k, v, step, stamp) for k, v in row.items() if k != "step"]


def _times_sent(store: Store, run_id: str, rows: Sequence[Mapping[str, float]]) -> dict[int, int]:
    """Of the epochs after the given rows that a store has values of: when they were measured.

    The first value of a row is sent before the others, or with them.
    """
    if not rows:
        return {}
    last, name = rows[-1]["step"], next(key for key in rows[-1] if key != "step")
    history = store.client.get_metric_history(run_id, name)
    return {m.step: m.timestamp for m in history if m.step > last}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def data_of(config: Config, dataset: Dataset) -> dict[str, str]:
    """The data set of a run as MLflow records data: name, digest, what was used of it."""
    return {
        "name": dataset.name,
        "digest": dataset.digest[:8],
        "source_type": "nnexp",
        "source": json.dumps({"sha256": dataset.digest}),
        "profile": json.dumps({"n_train": config.data.n_train, "subset": config.data.subset}),
    }


def _result_note(config: Config, outcome: Outcome) -> str:
    """The result in a line, shown as the run's description in the MLflow UI."""
    names = ("test/accuracy", "best/test_accuracy", "best/validation_accuracy", "gap/final")
    said = [f"{n} {outcome.metrics[n]:.2%}" for n in names if n in outcome.metrics]
    return f"{run_name(config)}: " + ", ".join(said) if said else ""
