"""The runs of a search that others have recorded: a list with its parent, as their tags differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nnexp.record.sweep import REUSED


class ReusedRuns:
    """What place each of them has in this search."""

    def __init__(self, parent: str) -> None:
        self._parent = parent
        self._tags: dict[str, dict[str, str]] = {}

    def note(self, run_id: str, sweep: str, tags: Mapping[str, str]) -> None:
        """Note a run with the tags that it would have here, if another `sweep` recorded it."""
        if sweep != self._parent:
            self._tags.setdefault(run_id, dict(tags))

    def write(self, folder: Path) -> None:
        """Write the list among the artifacts of the parent, if there is anything to list.

        Raises:
            OSError: the disk takes nothing more.
        """
        if self._tags:
            folder.mkdir(exist_ok=True)
            (folder / REUSED).write_text(json.dumps(self._tags, indent=1), encoding="utf-8")
