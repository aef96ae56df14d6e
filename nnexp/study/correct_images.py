"""Which images recorded networks get right, as their runs recorded it."""

from __future__ import annotations

from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from nnexp.errors import UserError
from nnexp.record.correct_images import NAME, Bits, load_correct
from nnexp.record.store import Store
from nnexp.study.lookup import artifact

if TYPE_CHECKING:
    from mlflow.entities import Run


def recorded_correct(store: Store, run: Run) -> Bits:
    """What a run recorded; nothing where that is not there, or is damaged.

    That it was recorded and is no more, or was changed, the digest of the record says.
    """
    with TemporaryDirectory() as folder:
        try:
            path = artifact(store, run, NAME, folder)
            return load_correct(path) if path is not None else {}
        except UserError:
            return {}


def unlike(recorded: Bits, ours: Bits) -> Iterator[tuple[str, int]]:
    """The sets in which other images are right, with how many; their number may be the same."""
    for name, right in recorded.items():
        there = name in ours and len(ours[name]) == len(right)
        other = int(np.count_nonzero(right != ours[name])) if there else len(right)
        if other:
            yield name, other
