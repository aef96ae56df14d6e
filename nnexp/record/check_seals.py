"""Whether recorded runs are still what was recorded, by the digests that were made at their end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nnexp.record.contents import Contents, contents_of
from nnexp.record.files import recorded_digests
from nnexp.record.seal import PARTS, SHORT, TAG, Seal, kept_seals, parts_of, seal_of_tags, sealed
from nnexp.record.served_runs import pages
from nnexp.record.store import Store

AT_ONCE = 200
"""Reuse, `compare` and `report` check up to so many runs; `doctor` and `verify` check all."""

NAMED = 3
"""Differences that a warning names."""

NAMED_RUNS = 5
"""Runs that have a warning of their own."""

PAGE = 100
"""Runs whose whole contents are held in memory at once."""


@dataclass(frozen=True)
class Checked:
    """What came of checking a run's record."""

    sealed: bool
    """Whether there is a digest to check it by."""
    differences: tuple[str, ...] = ()
    """What is not as it was recorded: `metric train/cost`, `artifact curves.csv: missing`."""
    artifacts: Mapping[str, str] = field(default_factory=dict)
    """SHA-256, as they are now, of the artifacts that the digest covers."""

    def __str__(self) -> str:
        more = len(self.differences) - NAMED
        said = ", ".join(self.differences[:NAMED])
        return said + (f" and {more} more" if more > 0 else "")


def check_records(store: Store, ids: Sequence[str]) -> Iterator[tuple[str, Checked]]:
    """Check the records of some finished runs against their digests, in their order."""
    for run_id, _, checked in checked_contents(store, ids):
        yield run_id, checked


def checked_contents(store: Store, ids: Sequence[str]) -> Iterator[tuple[str, Contents, Checked]]:
    """What a store holds of some finished runs, with what came of checking it."""
    kept = kept_seals(store.folder, set(ids))
    for part in pages(ids, PAGE):
        for run_id, contents in contents_of(store, part).items():
            yield run_id, contents, _checked(store, contents, kept.get(run_id))


def warnings_of(store: Store, ids: Sequence[str]) -> list[str]:
    """A line on each run whose record has changed, `NAMED_RUNS` at most and one on the others.

    Of many runs none is looked at.
    """
    if len(ids) > AT_ONCE:
        return []
    lines = [
        f"the record of run {run_id[:8]} is not what was recorded: {checked}"
        for run_id, checked in check_records(store, ids)
        if checked.differences
    ]
    if (more := len(lines) - NAMED_RUNS) > 1:
        rest = f"nor are the records of {more} more runs; python -m nnexp doctor names them"
        return [*lines[:NAMED_RUNS], rest]
    return lines


def _checked(store: Store, found: Contents, kept: Seal | None) -> Checked:
    by_tags = seal_of_tags(found.tags)
    seal = kept or by_tags
    if seal is None:
        return Checked(sealed=False)
    differences = list(_unlike_history(found))
    if kept is not None and (by_tags is None or by_tags.sha256 != kept.sha256):
        differences.append(f"tag {TAG}")
    names = seal.artifacts
    there = recorded_digests(store, found.place, names) if names else {}
    values = ((name, step, value) for name, step, _, value in found.values)
    parts = parts_of(found.params, found.tags, values, there)
    if sealed(parts).sha256 != seal.sha256:
        named = list(_unlike(parts, seal))
        differences += named or [f"tag {PARTS}"]
    return Checked(sealed=True, differences=tuple(differences), artifacts=there)


def _unlike_history(found: Contents) -> Iterator[str]:
    """Where the last values, which lists and comparisons show, are not those of the history."""
    ends: dict[str, tuple[int, int]] = {}
    last: dict[str, set[str]] = {}
    for name, step, at, value in found.values:
        place = (step, at)
        if name not in ends or place > ends[name]:
            ends[name], last[name] = place, set()
        if place == ends[name]:
            last[name].add(repr(value))
    for name in sorted({*last, *found.last}):
        if name not in found.last or repr(found.last[name]) not in last.get(name, ()):
            yield f"last value of {name}"


def _unlike(parts: dict[str, str], seal: Seal) -> Iterator[str]:
    for name in sorted({*parts, *seal.parts} if seal.parts else ()):
        now, then = parts.get(name), seal.parts.get(name)
        if now is None:
            yield f"{name}: missing"
        elif then is None:
            yield f"{name}: added"
        elif now[:SHORT] != then:
            yield name
