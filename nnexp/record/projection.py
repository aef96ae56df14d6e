"""MLflow's run, made from a run's log: live while the run is trained, or all at once, or again.

Every step may be repeated: values carry the time they were measured at, a run is found again by a
token of its own, so that what is sent twice is there once. How far a store has been given a log is
kept beside it, and nothing depends on that: without it everything is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from nnexp.atomic_files import outlast
from nnexp.record.clock import now
from nnexp.record.contents import Expected, Lost, confirm, confirm_closed
from nnexp.record.events import Begun, Ended
from nnexp.record.files import local
from nnexp.record.insertion import NewRun, end_run, insert_run, insert_values
from nnexp.record.log import RunLog, put_away
from nnexp.record.log_folder import remove
from nnexp.record.mlflow_private import repository_of
from nnexp.record.projection_state import State, note, state_of
from nnexp.record.seal import note_seal, seal_of_tags
from nnexp.record.sending import MetricPoint, log_data
from nnexp.record.sending import log as send
from nnexp.record.store import Store, experiment_id
from nnexp.record.store_errors import UNKNOWN, is_denied
from nnexp.record.tags import finished_run

if TYPE_CHECKING:
    from mlflow.entities import Run

TOKEN = "nnexp.delivery"
"""The tag by which a run that was opened before is found again."""

SHORT = 5000
"""Characters of a tag that a run may be opened with; MLflow cuts longer ones where they are set."""


def reopen(store: Store, run: Run, owner: Mapping[str, str]) -> None:
    """Mark a run that was stopped as going on again, by another process."""
    run_id = str(run.info.run_id)
    store.client.update_run(run_id, status="RUNNING")
    if "nnexp.reason" in run.data.tags:
        store.client.delete_tag(run_id, "nnexp.reason")
    send(store, run_id, tags=owner)


def _at(run: Run) -> tuple[str, str]:
    """A run's id, and where its artifacts belong."""
    return str(run.info.run_id or ""), str(run.info.artifact_uri or "")


class Projection:
    """MLflow's run of one log, as far as this process has made it."""

    def __init__(self, store: Store, log: RunLog) -> None:
        self.store, self.log = store, log
        self.state = state_of(log.folder)
        self.renewed = False
        """Whether the store had the run no more, and has been given it anew."""
        self.replaced = False
        """Whether the store had it from somebody else, so that it was let go."""
        self._open = False
        self._place = ""
        self._points = 0
        self._tags: dict[str, str] | None = None
        """What it has been given; None before parameters, tags and data."""
        self._created: dict[str, str] | None = None
        """The tags that it was opened with, if this process has opened it."""

    @property
    def run_id(self) -> str:
        """MLflow's id; empty before the run is opened."""
        return self.state.run_id

    def open(self) -> None:
        """Open the run, or the one that was opened before.

        Raises:
            Lost: the store has not said which run it has opened. Or whatever the store raises.
            OSError: the disk takes nothing more; no run was opened.
        """
        if self._open:
            return
        begun, ended, run = self.log.logged.begun, self.log.logged.ended, self._begun()
        if run is not None and ended is not None and ended.whole:
            # What it lacks is found when it is read back.
            self._points = len(self.log.logged.points)
        if run is None:
            self.renewed = bool(self.run_id or begun.run_id)
            # Were this not kept, the next start would not look for the run, and open a second.
            note(self.log.folder, State(opening=True))
            self.state = State(opening=True)
            run_id, self._place = self._created_or_denied(begun)
        else:
            run_id, self._place = _at(run)
            if run.info.status != "RUNNING" and ended is None:
                reopen(self.store, run, self.log.logged.owner)
        if not run_id:
            raise Lost(f"{self.store.shown}: it says that it has opened a run, but not which")
        self._note(State(run_id, opening=True))
        self._open = True

    def advance(self) -> None:
        """Give the store what the log holds so far, and a sign of life.

        Raises:
            as `open`.
        """
        self.open()
        self._send({"nnexp.heartbeat": str(now())})

    def close(self) -> str:
        """Give the store the rest of a run that has ended, and read it back; the run's id.

        Raises:
            Lost: the store lacks what it said it had taken. Or whatever the store raises.
        """
        ended = self.log.logged.ended
        assert ended is not None
        self.open()
        self._send(dict(ended.tags))
        self._send_artifacts()
        if ended.whole:
            self._confirm(ended)
        if not end_run(self.store, self.run_id, ended.status, ended.at):
            self.store.client.set_terminated(self.run_id, ended.status, end_time=ended.at)
        confirm_closed(self.store, self.run_id, ended.status)
        self._leave(ended)
        return self.run_id

    def close_late(self) -> str:
        """As `close`, of a run that had to wait: the store may have it from somebody else.

        Then its log goes, what it had begun there is deleted, and the id is that of the other run,
        which has the same bits.
        """
        ours = self._begun() if (others := self._twins()) else None
        if not others or (ours is not None and ours.info.status == "FINISHED"):
            return self.close()
        if ours is not None:
            self.store.client.delete_run(str(ours.info.run_id))
        self.log.close()
        remove(self.log.folder)
        self.replaced = True
        return others[0]

    def _begun(self) -> Run | None:
        """The run that was opened before, if there is one."""
        if before := self.run_id or self.log.logged.begun.run_id:
            return self._known(before)
        again = self.state.opening or self._is_sent_by_another()
        return self._by_token() if again else None

    def _twins(self) -> list[str]:
        """The ids of the finished runs of the same fingerprint, where one is enough."""
        begun, ended = self.log.logged.begun, self.log.logged.ended
        mark = begun.tags.get("nnexp.fingerprint")
        finished = ended is not None and ended.status == "FINISHED"
        if not mark or not finished or begun.params.get("tracking.reuse") == "false":
            return []
        found = self.store.client.search_runs([begun.experiment], finished_run(mark))
        return [str(run.info.run_id) for run in found]

    def _is_sent_by_another(self) -> bool:
        """Whether another process has had this log in hand since this one has read it.

        Such as a search that was asked for the run too, while the store did not answer.
        """
        return not self.log.path.exists() or state_of(self.log.folder) != self.state

    def _known(self, run_id: str) -> Run | None:
        try:
            return self.store.client.get_run(run_id)
        except Exception as error:
            if getattr(error, "error_code", "") != UNKNOWN:
                raise
            return None

    def _by_token(self) -> Run | None:
        begun = self.log.logged.begun
        where = f"tags.`{TOKEN}` = '{begun.token}'"
        found = self.store.client.search_runs([begun.experiment], where)
        return found[0] if found else None

    def _created_or_denied(self, begun: Begun) -> tuple[str, str]:
        """As `_create`; noted if the server opens no run for this user."""
        try:
            return self._create(begun)
        except Exception as error:
            if is_denied(error):
                self._note(State())
            raise

    def _create(self, begun: Begun) -> tuple[str, str]:
        """Open a run; its id, and where its artifacts belong."""
        logged = self.log.logged
        later = {**logged.tags, **(logged.ended.tags if logged.ended else {})}
        tags = {**begun.tags, **{k: v for k, v in later.items() if len(v) <= SHORT}}
        opened_with = {**tags, **logged.owner, TOKEN: begun.token}

        def created(experiment: str) -> tuple[str, str]:
            points = self._lasting()
            told = begun.params, begun.data, points
            new = NewRun(experiment, begun.name, begun.at, opened_with, *told)
            if (made := insert_run(self.store, new)) is not None:
                self._points, self._tags = len(points), tags
                return made
            run = self.store.client.create_run(
                experiment, start_time=begun.at, tags=opened_with, run_name=begun.name
            )
            self._created = tags
            return _at(run)

        try:
            return created(begun.experiment)
        except Exception as error:
            if getattr(error, "error_code", "") != UNKNOWN or not begun.experiment_name:
                raise
            # An older copy of the store may have been put back.
            return created(experiment_id(self.store, begun.experiment_name))

    def _lasting(self) -> list[MetricPoint]:
        """The values that the store has not been given, in the log for good.

        What a loss of power took would be measured again, and be there twice.
        """
        if points := self.log.written[self._points :]:
            outlast(self.log.path)
        return points

    def _send(self, more: dict[str, str]) -> None:
        logged, first = self.log.logged, self._tags is None
        points = self._lasting()
        before = self._tags if self._tags is not None else self._created or logged.begun.tags
        tags = {k: v for k, v in {**logged.tags, **more}.items() if before.get(k) != v}
        params = logged.begun.params if first else {}
        if insert_values(self.store, self.run_id, points, params):
            send(self.store, self.run_id, tags=tags)
        else:
            send(self.store, self.run_id, points, params, tags)
        self._points += len(points)
        if first and logged.begun.data:
            log_data(self.store, self.run_id, logged.begun.data)
        self._tags = {**before, **tags}

    def _send_artifacts(self) -> None:
        folder = self.log.artifacts
        if not folder.is_dir():
            return
        if not self._place or local(self._place) is None:
            self.store.client.log_artifacts(self.run_id, str(folder))
            return
        # The client would ask the store for the run again to learn this address.
        repository_of(self._place, self.store.uri).log_artifacts(str(folder))

    def _confirm(self, ended: Ended) -> None:
        logged = self.log.logged
        sizes = {name: size for name, (size, _) in ended.artifacts.items()}
        tags = {**logged.tags, **ended.tags}
        expected = Expected(logged.begun.params, tags, sizes)
        confirm(self.store, self.run_id, self.log.written, expected, self._send_artifacts)
        if (seal := seal_of_tags(tags)) is not None:
            note_seal(self.store.folder, self.run_id, seal)

    def _leave(self, ended: Ended) -> None:
        """The store has it all: the log is put where it is in nobody's way."""
        if ended.whole:
            # Where the disk is full, the next start does it.
            with suppress(OSError):
                put_away(self.log, self.store.folder, self.run_id)
                return
        self._note(State(self.run_id, opening=True, whole=self.log.size))

    def _note(self, state: State) -> None:
        self.state = state
        # Without it a run is looked for, or sent, once more.
        with suppress(OSError):
            note(self.log.folder, state)
