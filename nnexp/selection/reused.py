"""The runs of a search that others have recorded: a list with its parent, as their tags differ."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Set
from pathlib import Path

from nnexp.record.sweep import REUSED, Recorded


class ReusedRuns:
    """What place each of them has in this search."""

    def __init__(self, parent: str) -> None:
        self._parent = parent
        self._runs: dict[str, tuple[str, Mapping[str, str]]] = {}

    def note(self, run: Recorded, tags: Mapping[str, str]) -> None:
        """Note a run with the tags that it has here, or would have if it were not another's."""
        self._runs.setdefault(run.run_id, (run.sweep, tags))

    def write(self, folder: Path, ids: Callable[[str], str], others: Set[str]) -> None:
        """Write the list among the artifacts of the parent, if there is anything to list.

        `ids` are those that the store has; `others` have recorded what this search trained too.

        Raises:
            OSError: the disk takes nothing more.
        """
        listed = {
            ids(run_id): dict(tags)
            for run_id, (sweep, tags) in self._runs.items()
            if sweep != self._parent or run_id in others
        }
        if listed:
            folder.mkdir(exist_ok=True)
            (folder / REUSED).write_text(json.dumps(listed, indent=1), encoding="utf-8")
