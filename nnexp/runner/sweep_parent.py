"""The parent run of a sweep: opened or gone on with, closed, marked if the sweep is stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from nnexp.config.compose import config_dir
from nnexp.config.extensions import digests_of
from nnexp.config.presets import preset_sha256
from nnexp.errors import NnexpError, reason_of
from nnexp.record.clock import now
from nnexp.record.description import reason_tag, written_in
from nnexp.record.events import Ended
from nnexp.record.labels import NOTE, described, label_tags
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.sweep import open_parent, supersede
from nnexp.record.sweep_configs import ASKED, asked_text
from nnexp.redact import redact
from nnexp.runner.sweep_state import SweepState
from nnexp.runner.sweep_text import sweep_name
from nnexp.signals import held_stops
from nnexp.source import source_sha256


class SweepStopped(NnexpError):
    """A sweep that cannot go on here, such as for want of space; what has ended is recorded."""


def open_sweep(sweep: SweepState) -> Projection:
    """Open the parent run, or go on with it."""
    first, series = sweep.configs[0], sweep.series
    tags = {
        **label_tags(first),
        "nnexp.command": sweep.line,
        "nnexp.source": source_sha256(),
        "nnexp.total": str(len(sweep.configs) + (series.before if series else 0)),
    }
    if own := digests_of(*sweep.configs):
        tags["nnexp.parts"] = own
    if preset := preset_sha256(sweep.command, config_dir()):
        tags["nnexp.preset"] = preset
    given = first.tracking.name
    name = series.name if series else redact(given) if given else sweep_name(sweep.configs)
    with held_stops():
        parent = open_parent(
            sweep.store, sweep.experiment, first.tracking.experiment, sweep.key, name, tags,
            sweep.parent or None, ended=sweep.reuse or series is not None,
        )  # fmt: skip
        sweep.parent = parent.run_id
        sweep.outbox.tell(sweep.parent, {"nnexp.reused": str(_reused(sweep))})
        _note_asked(sweep, parent)
    return parent


def end_sweep(sweep: SweepState, parent: Projection, again: Mapping[str, str], note: str) -> int:
    """Close the parent run; how many runs failed. `again` are those that were trained again."""
    failed = sum(run.status != "FINISHED" for run in sweep.found.values())
    with held_stops():
        for mark, run_id in again.items():
            if sweep.found[mark].run_id != run_id:
                supersede(sweep.store, sweep.outbox, run_id)
        described_as = described(sweep.configs[0], note, _note_before(sweep))
        tags = {"nnexp.reused": str(_reused(sweep)), **described_as}
        end_parent(parent, sweep.outbox, "FAILED" if failed else "FINISHED", tags)
    return failed


@contextmanager
def killed_if_stopped(
    what: str, parent: Projection, outbox: Outbox, say: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Mark the parent run as KILLED if the block is left by an exception, and `say` what to do.

    Raises:
        SweepStopped: the disk is full, or the folder has gone: what has ended is recorded.
    """
    try:
        yield
    except BaseException as error:
        with held_stops(forget=True), suppress(OSError):
            end_parent(parent, outbox, "KILLED", reason_tag(reason_of(error)))
            say()
        if isinstance(error, OSError):
            raise SweepStopped(
                f"{what} {parent.run_id} cannot go on: {error}; the same command goes on with it"
            ) from error
        raise


def end_parent(parent: Projection, outbox: Outbox, status: str, tags: Mapping[str, str]) -> None:
    """Close the run of a sweep or a search, with the artifacts that its log has."""
    whole = status != "KILLED"
    artifacts = written_in(parent.log.artifacts) if whole else {}
    at = max(now(), parent.log.logged.latest)
    parent.log.add(Ended(status, at, tags=tags, artifacts=artifacts, whole=whole))
    parent.log.close()
    outbox.send(parent)


def _note_before(sweep: SweepState) -> str:
    """The user's note on a sweep that was recorded before; none while the store is away."""
    if sweep.outbox.trouble:
        return ""
    # Whatever the store's client raises: the sweep ends all the same.
    with suppress(Exception):
        return str(sweep.store.client.get_run(sweep.parent).data.tags.get(NOTE, ""))
    return ""


def _note_asked(sweep: SweepState, parent: Projection) -> None:
    """Keep the list of what was asked for: to go on by, and an artifact of the sweep at its end."""
    names = dict(zip(sweep.marks, sweep.names, strict=True))
    text = asked_text(names, dict(zip(sweep.marks, sweep.configs, strict=True)))
    parent.log.artifacts.mkdir(exist_ok=True)
    (parent.log.artifacts / ASKED).write_text(text, encoding="utf-8")
    if sweep.outbox.trouble:
        return
    # Whatever the store's client raises (HTTP, database, MLflow): it is sent again at the end.
    with suppress(Exception):
        sweep.store.client.log_text(sweep.parent, text, ASKED)


def _reused(sweep: SweepState) -> int:
    """How many finished runs were recorded outside this sweep."""
    found = sweep.found.values()
    return sum(run.sweep != sweep.parent and run.status == "FINISHED" for run in found)
