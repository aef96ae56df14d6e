"""The choices of each config group: the files in `conf/`, and what their first lines say."""

from __future__ import annotations

from itertools import takewhile

from nnexp.config import extensions
from nnexp.config.arguments import GROUPS
from nnexp.config.compose import choice_file, config_dir, names_of


def choices_of_groups() -> dict[str, list[str]]:
    """The names that can be given to each group, in alphabetical order."""
    return {
        group: sorted(path.stem for path in (config_dir() / group).glob("*.yaml"))
        + [name for name in names_of(group) if not choice_file(group, name).exists()]
        for group in GROUPS
    }


def opening(group: str, choice: str) -> str:
    """What a choice's file says of itself in its first comment; of a user's own, its docstring."""
    if (part := extensions.PARTS.get((f"{group}.name", choice))) is not None:
        return part.about
    file = choice_file(group, choice)
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    comment = [line[2:] for line in takewhile(lambda line: line.startswith("#"), lines)]
    said = [line for line in comment if not line.startswith(("@", "  python"))]
    return " ".join(said)
