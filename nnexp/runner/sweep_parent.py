"""The parent run of a sweep: opened or gone on with, and closed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from nnexp.config.compose import config_dir
from nnexp.config.extensions import digests_of, options_of
from nnexp.config.presets import preset_sha256
from nnexp.record.checkpoint import forget_recorded
from nnexp.record.labels import NOTE, described, label_tags
from nnexp.record.outbox import Outbox
from nnexp.record.projection import Projection
from nnexp.record.sweep import open_parent, remove_partial, supersede
from nnexp.record.sweep_configs import ASKED, asked_text
from nnexp.redact import redact
from nnexp.runner.sweep_ending import end_parent
from nnexp.runner.sweep_state import SweepState
from nnexp.runner.sweep_text import sweep_name
from nnexp.signals import held_stops
from nnexp.source import source_sha256


@dataclass(frozen=True)
class Series:
    """Runs that are asked for in rounds, recorded under one parent.

    Who asks tells what is asked for and what came of it.
    """

    key: str
    """What makes two series the same, as hexadecimal digits."""
    name: str
    before: int
    """So many runs were trained in earlier rounds."""


def typed_line(command: Sequence[str]) -> str:
    """The command as it is recorded: it may hold a password.

    The address goes without saying where it is recorded.
    """
    typed = [argument for argument in command if not argument.startswith("tracking.uri=")]
    return redact("python -m nnexp " + shlex.join(typed))


def open_sweep(
    sweep: SweepState, key: str, command: Sequence[str], series: Series | None, outbox: Outbox
) -> Projection:
    """Open the parent run, or go on with it; what an earlier start left half done is removed."""
    tags = {
        **label_tags(sweep.configs[0]),
        "nnexp.command": typed_line([*command, *options_of(*sweep.configs)]),
        "nnexp.source": source_sha256(),
        "nnexp.total": str(len(sweep.configs) + (series.before if series else 0)),
    }
    if own := digests_of(*sweep.configs):
        tags["nnexp.parts"] = own
    if preset := preset_sha256(command, config_dir()):
        tags["nnexp.preset"] = preset
    name = series.name if series else _name(sweep)
    with held_stops():
        parent = open_parent(
            sweep.store,
            sweep.experiment,
            sweep.configs[0].tracking.experiment,
            key,
            name,
            tags,
            sweep.parent or None,
            ended=sweep.configs[0].tracking.reuse or series is not None,
        )
        sweep.parent = parent.run_id
        outbox.tell(sweep.parent, {"nnexp.reused": str(_reused(sweep))})
        _note_asked(sweep, parent, outbox)
    remove_partial(sweep.store, sweep.experiment, sweep.parent)
    forget_recorded(sweep.store, sweep.experiment, sweep.found)
    return parent


def end_sweep(
    sweep: SweepState, parent: Projection, again: Mapping[str, str], note: str, outbox: Outbox
) -> int:
    """Close the parent run; how many runs failed. `again` are those that were trained again."""
    failed = sum(run.status != "FINISHED" for run in sweep.found.values())
    with held_stops():
        for mark, run_id in again.items():
            if sweep.found[mark].run_id != run_id:
                supersede(sweep.store, outbox, run_id)
        first, before = sweep.configs[0], _note_before(sweep, outbox)
        tags = {"nnexp.reused": str(_reused(sweep)), **described(first, note, before)}
        end_parent(parent, outbox, "FAILED" if failed else "FINISHED", tags)
    return failed


def _note_before(sweep: SweepState, outbox: Outbox) -> str:
    """The user's note on a sweep that was recorded before; none while the store is away."""
    if outbox.trouble:
        return ""
    # Whatever the store's client raises: the sweep ends all the same.
    with suppress(Exception):
        return str(sweep.store.client.get_run(sweep.parent).data.tags.get(NOTE, ""))
    return ""


def _name(sweep: SweepState) -> str:
    given = sweep.configs[0].tracking.name
    return redact(given) if given else sweep_name(sweep.configs)


def _note_asked(sweep: SweepState, parent: Projection, outbox: Outbox) -> None:
    """Keep the list of what was asked for: to go on by, and an artifact of the sweep at its end."""
    names = dict(zip(sweep.marks, sweep.names, strict=True))
    text = asked_text(names, dict(zip(sweep.marks, sweep.configs, strict=True)))
    parent.log.artifacts.mkdir(exist_ok=True)
    (parent.log.artifacts / ASKED).write_text(text, encoding="utf-8")
    if outbox.trouble:
        return
    # Whatever the store's client raises (HTTP, database, MLflow): it is sent again at the end.
    with suppress(Exception):
        sweep.store.client.log_text(sweep.parent, text, ASKED)


def _reused(sweep: SweepState) -> int:
    """How many finished runs were recorded outside this sweep."""
    found = sweep.found.values()
    return sum(run.sweep != sweep.parent and run.status == "FINISHED" for run in found)
