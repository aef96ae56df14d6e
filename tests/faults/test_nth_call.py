"""The n-th call of open, write, fsync, rename, mkdir or an allocation fails, of every command.

Whatever fails: the exit code says so in one line, what is FINISHED is whole, files that were asked
for are whole or not there, and the same command typed again does what it always does.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.cases import CASES
from tests.faults.injection import KINDS, Faults
from tests.faults.invariants import broken
from tests.faults.trial import Case, Ended, Folder, Undisturbed
from tests.fresh import template

SAMPLED = int(os.environ.get("NNEXP_FAULTS", "12"))
"""In slow tests so many of a command's calls of a kind fail, spread out; 0: each of them."""

MOST = 300
"""Allocations are too many to let each of them fail."""

LASTING = ("write", "rename", "open")
"""Kinds that may go on failing, as on a disk that is full or has become read-only."""

CASE = {case.name: case for case in CASES}

PAGE = 4096
"""Bytes by which an SQLite file grows."""


class Bench:
    """A folder to type in, and what commands do there when nothing fails."""

    def __init__(self, place: Path) -> None:
        template()
        self.folder = Folder(place)
        self._usual: dict[str, Undisturbed] = {}

    def usual(self, case: Case) -> Undisturbed:
        """What a command does when nothing fails; found out once."""
        if case.name not in self._usual:
            self._usual[case.name] = self.folder.undisturbed(case)
        return self._usual[case.name]

    def check(self, case: Case, faults: Faults, also: Callable[[], object] = lambda: None) -> Ended:
        """Type a command while something fails; all that must hold does."""
        usual = self.usual(case)
        found = self.folder.disturbed(case, faults, also)
        wrong = list(broken(case, usual, found))
        told = f"{case.name}: {faults.kind} {faults.n}{' and on' * faults.lasting}, {found.where}"
        assert not wrong, "\n".join([told, found.done.stderr, *wrong])
        return found


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize(
    ("name", "kind", "part", "lasting"),
    [
        ("run", "write", 0.0, True),
        ("run", "rename", 0.4, True),
        ("run", "allocation", 0.6, False),
        ("export", "write", 1.0, False),
        ("fork", "mkdir", 1.0, False),
    ],
)
def test_a_call_that_fails_loses_nothing(
    name: str, kind: str, part: float, lasting: bool, bench: Bench
) -> None:
    """`part` says which call: the first is 0, the last is 1."""
    case = CASE[name]
    n = 1 + round(part * (bench.usual(case).calls[kind] - 1))
    assert bench.check(case, Faults(bench.folder.place, kind, n, lasting)).where


@pytest.mark.slow
@pytest.mark.timeout(6 * 3600)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASE)
def test_whichever_call_fails_nothing_is_lost(name: str, kind: str, bench: Bench) -> None:
    case = CASE[name]
    calls = bench.usual(case).calls[kind]
    numbers = list(_spread(calls, SAMPLED or (MOST if kind == "allocation" else calls)))
    failed = 0
    for n in numbers:
        for lasting in (False, True) if kind in LASTING else (False,):
            failed += bench.check(case, Faults(bench.folder.place, kind, n, lasting)).where != ""
    print(f"\n{name}: {kind}: {failed} faults, {len(numbers)} of {calls} calls")


def _spread(calls: int, count: int) -> Iterator[int]:
    """So many numbers from 1 to `calls`, both among them."""
    count = min(count, calls)
    yield from (1 + k * (calls - 1) // max(count - 1, 1) for k in range(count))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", ["run", "sweep", "fork", "import-curve", "ensemble", "tag"])
def test_a_database_that_cannot_grow_loses_nothing(name: str, bench: Bench) -> None:
    """SQLite writes its files itself; a limit on their size is what it meets."""
    size = (bench.folder.kept / "mlflow.db").stat().st_size
    for pages in range(0, 24, 3):
        bench.check(CASE[name], Faults(bench.folder.place), _limit("FSIZE", size + pages * PAGE))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_an_address_space_that_is_too_small_loses_nothing(bench: Bench) -> None:
    """`ulimit -v`, above what the program has taken when it starts."""
    for megabytes in (2, 5, 10, 20, 40, 80, 150):
        bench.check(CASE["run"], Faults(bench.folder.place), _more_memory(megabytes))


def _limit(name: str, most: int) -> Callable[[], None]:
    number = getattr(resource, f"RLIMIT_{name}")
    return lambda: resource.setrlimit(number, (most, resource.getrlimit(number)[1]))


def _more_memory(megabytes: int) -> Callable[[], None]:
    def limit() -> None:
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _limit("AS", taken + (megabytes << 20))()

    return limit
