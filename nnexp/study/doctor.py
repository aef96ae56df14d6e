"""Setting a record right: what waits is sent, what nobody needs goes, what has changed is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from nnexp.record.check_seals import check_records
from nnexp.record.contents import contents_of
from nnexp.record.events import DamagedLog
from nnexp.record.files import recorded_sizes
from nnexp.record.left_logs import Left, described, left_behind, settle
from nnexp.record.log import RunLog
from nnexp.record.log_folder import REASON, REFUSED, taken_back
from nnexp.record.rebuild import lacking, rebuild
from nnexp.record.stale import AT_ONCE, mark_stale, stale_runs
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where
from nnexp.runner.unneeded_files import unneeded_files
from nnexp.study.lookup import all_experiments

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
    experiments: Sequence[str] = ()
    """Their ids; none: all, those too whose runs are made again."""
    dry_run: bool = False
    checked: int = 0
    """Finished runs whose records were checked so far."""
    unsealed: int = 0
    """Those of them that were recorded without a digest."""
    _offered: set[str] = field(default_factory=set)
    """Logs that were refused before, by their folders' names."""

    def findings(self) -> Iterator[Finding]:
        """One after another, as they are dealt with."""
        yield from self._refused()
        yield from self._waiting()
        yield from self._rebuilt()
        self.experiments = self.experiments or list(all_experiments(self.store))
        yield from self._abandoned()
        where = "tags.`nnexp.kind` = 'run' and attributes.status = 'FINISHED'"
        finished = {n: list(runs_where(self.store, [n], where)) for n in self.experiments}
        yield from self._unneeded_files(finished)
        for runs in finished.values():
            yield from self._records(runs)

    def _waiting(self) -> Iterator[Finding]:
        if self.dry_run:
            says = {"sent": "would send", "killed": "would be marked KILLED"}
            for left in left_behind(self.store):
                if left.became in says:
                    yield Finding(f"{says[left.became]}: {left.what}")
                else:
                    yield Finding(f"refused: {left.what}; kept in {left.folder}", left=True)
            return
        for left in settle(self.store):
            yield _found(left, again=left.folder.name in self._offered)

    def _rebuilt(self) -> Iterator[Finding]:
        """Runs that the store lacks, though their logs are here."""
        if self.dry_run:
            for run in lacking(self.store):
                if run.again:
                    log = f"the log of {run.what}, which was trained again as {run.again[:8]}"
                    yield Finding(f"would let go: {log}")
                else:
                    yield Finding(f"would rebuild: {run.what}, which the store lacks")
            return
        for left in rebuild(self.store):
            yield _found(left)

    def _refused(self) -> Iterator[Finding]:
        """What was refused before is offered once more: an experiment may have been restored."""
        for folder in sorted((self.store.folder / REFUSED).glob("*/")):
            path = folder / REASON
            said = path.read_text("utf-8") if path.exists() else "the store does not know its run"
            what = "a run whose file is damaged on disk"
            with suppress(DamagedLog, OSError):
                log = RunLog(folder)
                if not self.store.owns(log.logged.begun.store):
                    continue
                what = described(log)
                if not self.dry_run:
                    self._offered.add(taken_back(self.store, folder).name)
                    continue
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
                does = "deleted" if kind in AT_ONCE else "marked KILLED"
                said = f"would be {does}" if self.dry_run else does
                yield Finding(f"{said}: {kind} {_named(run)}, which nobody works on")

    def _unneeded_files(self, finished: dict[str, list[Run]]) -> Iterator[Finding]:
        @cache
        def status(run_id: str) -> str:
            return contents_of(self.store, [run_id])[run_id].status if run_id else ""

        marks = {
            number: [run.data.tags.get("nnexp.fingerprint", "") for run in runs]
            for number, runs in finished.items()
        }
        for found in unneeded_files(self.store, marks, status):
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


def _named(run: Run) -> str:
    return f"{str(run.info.run_id)[:8]} {run.info.run_name or ''}".strip()


def _found(left: Left, *, again: bool = False) -> Finding:
    """What became of a log that was left, in words."""
    if left.became == "sent":
        before = ", refused before" if again else ""
        return Finding(f"sent: {left.what}{before}, recorded as {left.run_id[:8]}")
    if left.became == "rebuilt":
        return Finding(f"rebuilt: {left.what}, which the store lacked, now {left.run_id[:8]}")
    if left.became == "trained again":
        said = f"which the store lacked: it was trained again, as {left.run_id[:8]}"
        return Finding(f"let go: the log of {left.what}, {said}")
    if left.became == "killed":
        return Finding(f"marked KILLED: {left.what}, which nobody works on")
    kept = f"; kept in {left.folder}" if left.became == "refused" else ""
    return Finding(f"{left.became}: {left.what}: {left.said}{kept}", left=True)
