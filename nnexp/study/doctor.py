"""Setting a record right: what waits is sent, what nobody needs goes, what has changed is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from nnexp.record.check import check_records
from nnexp.record.contents import contents_of
from nnexp.record.delivery import NEVER, Delivery
from nnexp.record.files import recorded_sizes
from nnexp.record.kept import (
    REASON,
    REFUSED,
    deliver,
    kept_deliveries,
    lock,
    set_aside,
    taken_back,
)
from nnexp.record.stale import mark_stale, stale_runs
from nnexp.record.store import Store, said_by_store
from nnexp.record.sweep import runs_where
from nnexp.runner.leftover import leftovers

if TYPE_CHECKING:
    from mlflow.entities import Run

LIGHT = ("config.yaml", "curves.csv", "environment.json", "weights.npz")
"""Artifacts that every finished run has, unless it was recorded with `tracking.artifacts=none`."""


@dataclass(frozen=True)
class Finding:
    """Something that was done, or is left to be done by somebody else."""

    text: str
    left: bool = False


@dataclass
class Doctor:
    """Looks at some experiments of a store, and mends what it can unless it is a `dry_run`."""

    store: Store
    experiments: Sequence[str]
    """Their ids."""
    dry_run: bool = False
    checked: int = 0
    """Finished runs whose records were checked so far."""
    unsealed: int = 0
    """Those of them that were recorded without a digest."""

    def findings(self) -> Iterator[Finding]:
        """One after another, as they are dealt with."""
        yield from self._refused()
        yield from self._waiting()
        yield from self._abandoned()
        finished = {number: self._finished(number) for number in self.experiments}
        yield from self._leftovers(finished)
        for runs in finished.values():
            yield from self._records(runs)

    def _waiting(self) -> Iterator[Finding]:
        trouble = ""
        for folder, delivery in list(kept_deliveries(self.store)):
            what = _what(delivery)
            if delivery is None:
                if not self.dry_run:
                    with lock(self.store):
                        folder = set_aside(self.store, folder, "damaged on disk")
                yield Finding(f"refused: {what}; kept in {folder}", left=True)
            elif self.dry_run:
                yield Finding(f"would send: {what}")
            elif trouble:
                yield Finding(f"waits: {what}: {trouble}", left=True)
            else:
                with lock(self.store):
                    if not (folder / "delivery.json").exists():
                        continue  # Another process has just sent it.
                    try:
                        run_id = deliver(self.store, folder)
                        yield Finding(f"sent: {what}, recorded as {run_id[:8]}")
                    except Exception as error:
                        # Whatever the store's client raises (HTTP, database, MLflow).
                        said = said_by_store(error)
                        if getattr(error, "error_code", "") in NEVER:
                            folder = set_aside(self.store, folder, said)
                            yield Finding(f"refused: {what}: {said}; kept in {folder}", left=True)
                        else:
                            trouble = said
                            yield Finding(f"waits: {what}: {said}", left=True)

    def _refused(self) -> Iterator[Finding]:
        """What was refused before is offered once more: an experiment may have been restored."""
        for folder, delivery in list(kept_deliveries(self.store, REFUSED)):
            what, path = _what(delivery), folder / REASON
            said = path.read_text("utf-8") if path.exists() else "the store does not know its run"
            if delivery is not None and not self.dry_run:
                back = taken_back(self.store, folder)
                with lock(self.store):
                    try:
                        run_id = deliver(self.store, back)
                        yield Finding(f"sent: {what}, refused before, recorded as {run_id[:8]}")
                        continue
                    except Exception as error:
                        said = said_by_store(error)
                        set_aside(self.store, back, said)
            yield Finding(
                f"refused: {what}: {said}; kept in {folder}, to be deleted if it is not wanted",
                left=True,
            )

    def _abandoned(self) -> Iterator[Finding]:
        for number in self.experiments:
            runs = stale_runs(self.store, number)
            if not self.dry_run:
                mark_stale(self.store, number)
            for run in runs:
                kind = run.data.tags["nnexp.kind"]
                does = "deleted" if kind == "summary" else "marked KILLED"
                said = f"would be {does}" if self.dry_run else does
                yield Finding(f"{said}: {kind} {_named(run)}, which nobody works on")

    def _leftovers(self, finished: dict[str, list[Run]]) -> Iterator[Finding]:
        @cache
        def status(run_id: str) -> str:
            return contents_of(self.store, [run_id])[run_id].status if run_id else ""

        marks = {
            number: [run.data.tags.get("nnexp.fingerprint", "") for run in runs]
            for number, runs in finished.items()
        }
        for found in leftovers(self.store, marks, status):
            if self.dry_run:
                yield Finding(f"would remove: {found.what} {found.path}")
                continue
            try:
                found.remove()
                yield Finding(f"removed: {found.what} {found.path}")
            except OSError as error:
                yield Finding(f"not removed: {found.what} {found.path}: {error}", left=True)

    def _records(self, runs: Sequence[Run]) -> Iterator[Finding]:
        by_id = {str(run.info.run_id): run for run in runs}
        for run_id, record in check_records(self.store, list(by_id)):
            run = by_id[run_id]
            self.checked += 1
            if record.differences:
                said = ", ".join(record.differences)
                yield Finding(f"changed: {_named(run)} is not what was recorded: {said}", left=True)
            elif not record.sealed:
                self.unsealed += 1
                if lacking := self._lacking(run):
                    said = ", ".join(lacking)
                    yield Finding(f"missing: artifacts of {_named(run)}: {said}", left=True)

    def _lacking(self, run: Run) -> list[str]:
        """Artifacts that a run recorded without a digest should have, and has not."""
        if run.data.params.get("tracking.artifacts") == "none":
            return []
        there = recorded_sizes(self.store, str(run.info.artifact_uri))
        return [name for name in LIGHT if name not in there]

    def _finished(self, experiment: str) -> list[Run]:
        where = "tags.`nnexp.kind` = 'run' and attributes.status = 'FINISHED'"
        return list(runs_where(self.store, [experiment], where))


def _named(run: Run) -> str:
    return f"{str(run.info.run_id)[:8]} {run.info.run_name or ''}".strip()


def _what(delivery: Delivery | None) -> str:
    """A delivery in words."""
    if delivery is None:
        return "a run whose file is damaged on disk"
    if delivery.opening is not None:
        return f"run {delivery.opening.name}"
    return f"the end of run {delivery.run_id[:8]}"
