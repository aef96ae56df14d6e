"""What a user calls runs: names, notes and tags, which say nothing of how a run was made.

They can be changed at any time, so they are no part of the config that is recorded, nor of its
seal and fingerprint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from nnexp.config.run_names import names_of, run_name
from nnexp.config.schema import Config
from nnexp.redact import redact

T = TypeVar("T")

NOTE, CONTENT, NAME = "nnexp.note", "mlflow.note.content", "mlflow.runName"
"""Tags: the user's note; the description in the MLflow UI, which begins with it; the name."""

RESERVED = ("nnexp.", "mlflow.")
"""What the tags begin with that are not the user's own."""


def label_tags(config: Config) -> dict[str, str]:
    """The tags that a config asks for: the user's own, and the note."""
    asked = config.tracking
    tags = {key: redact(value) for key, value in asked.tags.items()}
    if asked.note:
        note = redact(asked.note)
        tags |= {NOTE: note, CONTENT: note}
    return tags


def label_name(config: Config) -> str:
    """The name of a run: the user's, or what tells it from others."""
    return redact(config.tracking.name) if config.tracking.name else run_name(config)


def label_names(configs: Sequence[Config]) -> list[str]:
    """The names of the runs of a sweep: first what differs among them, then what they share.

    A name that the user gave stands for what they share.
    """
    given = configs[0].tracking.name if configs else None
    return names_of(configs, shared=redact(given) if given else None)


def described(config: Config, result: str, before: str = "") -> dict[str, str]:
    """The description of a finished run: the user's note, then the result.

    `before` is the note that it has already, which stays if no other is asked for.
    """
    parts = [redact(config.tracking.note or before), result]
    text = "\n\n".join(filter(None, parts))
    return {CONTENT: text} if text else {}


def noted(tags: Mapping[str, str], note: str) -> dict[str, str]:
    """The tags of a run whose note becomes another; what its description says beside it stays."""
    before, content = tags.get(NOTE, ""), tags.get(CONTENT, "")
    rest = content.removeprefix(before).lstrip("\n") if before else content
    return {NOTE: note, CONTENT: "\n\n".join(filter(None, [note, rest]))}


def own_tags(tags: Mapping[str, T]) -> dict[str, T]:
    """The tags that are the user's own, by name."""
    return {key: value for key, value in sorted(tags.items()) if not key.startswith(RESERVED)}


def unlike(config: Config, tags: Mapping[str, str]) -> list[str]:
    """Labels that a config asks for and a recorded run does not have.

    As options of `tag`, and `KEY=VALUE`; the note comes last, as `note`.
    """
    asked, found = config.tracking, []
    if asked.name and redact(asked.name) != tags.get(NAME):
        found.append(f"--name={redact(asked.name)}")
    found += [f"{k}={redact(v)}" for k, v in asked.tags.items() if redact(v) != tags.get(k)]
    if asked.note and redact(asked.note) != tags.get(NOTE):
        found.append("note")
    return found
