"""A command typed while something fails, then typed again: what it says, and what is recorded."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from nnexp.runner import executors
from nnexp.runner.worker import Broken, Message, Task, carry_out
from tests.cli.command import Typed
from tests.faults.forked import forked
from tests.faults.injection import Faults, injected
from tests.inside import inside

TINY = (
    *("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=2"),
    *("train.dtype=float64", "tracking.artifacts=light"),
)
CHANGING = (
    *("nnexp.heartbeat", "nnexp.host", "nnexp.pid", "nnexp.pid_started", "nnexp.boot"),
    *("nnexp.delivery", "nnexp.record_sha256", "nnexp.record_parts", "nnexp.sweep"),
    *("mlflow.parentRunId", "nnexp.summary_of", "nnexp.summary_key", "nnexp.ensemble_key"),
)
"""Tags that differ between two starts of the same command."""


class Inline:
    """An executor that trains in this process, where its calls are counted.

    As the other ones do, it tries once more what breaks.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks, self._retried = list(tasks), set[int]()

    def add(self, tasks: Iterable[Task]) -> None:
        self._tasks += tasks

    def messages(self) -> Generator[Message, None, None]:
        while self._tasks:
            told, task = _Told(), self._tasks.pop(0)
            carry_out(task, told.send)
            if isinstance(told.messages[-1], Broken) and task.run not in self._retried:
                self._retried.add(task.run)
                self._tasks.insert(0, task)
                told.messages.pop()
            yield from told.messages

    def close(self) -> None:
        self._tasks = []


@dataclass
class _Told:
    messages: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.messages.append(message)


@contextmanager
def inline() -> Iterator[None]:
    """Sweeps and searches train within this process."""

    def executor(tasks: Iterable[Task], _: int, *, stays: bool = False) -> Inline:
        return Inline(tasks)

    with patch.object(executors, "Pool", executor):
        yield


@dataclass(frozen=True)
class Case:
    """A command, and what it leaves in its folder."""

    name: str
    typed: tuple[str, ...]
    store: str = "mlflow.db"
    prints: bool = False
    """What it prints is what it is asked for, and is the same each time."""
    tells: bool = False
    """What it finds, it prints, with exit code 1."""
    once: bool = False
    """Typed again after it was done, it would do it again, or refuse to."""


@dataclass(frozen=True)
class Record:
    """What a store holds: runs without what differs from start to start, and how often."""

    finished: Counter[str]
    other: Counter[str]
    """How runs ended that did not finish, by kind."""


@dataclass(frozen=True)
class Undisturbed:
    """What a command does when nothing fails."""

    done: Typed
    calls: Counter[str]
    before: Record
    after: Record
    files: dict[str, bool]
    """In the working folder, but for those of the stores: whether they are whole."""


@dataclass(frozen=True)
class Ended:
    """What became of a command while something failed, and of what was typed after it."""

    done: Typed
    where: str
    between: Record
    files_between: dict[str, bool]
    again: Typed
    doctor: Typed
    after: Record
    files: dict[str, bool]


class Folder:
    """A folder with recorded runs, put back as it was for every trial."""

    def __init__(self, place: Path) -> None:
        """Record the runs that all commands start from.

        That is done in this process, so that its forks have imported and compiled all they need,
        and elsewhere, so that they do not share its connections.
        """
        self.place, self.kept, made = place / "work", place / "kept", place / "made"
        made.mkdir()
        self.words = _made(made)
        made.rename(self.place)
        # The store says once that it was moved.
        forked(lambda: _type(self.place, "doctor"))
        self.place.rename(self.kept)
        self.place.mkdir()

    def reset(self) -> None:
        """As it was."""
        shutil.rmtree(self.place)
        shutil.copytree(self.kept, self.place)

    def typed(self, case: Case) -> list[str]:
        """A command with the ids of this folder's runs."""
        return [word.format(**self.words) if "{" in word else word for word in case.typed]

    def undisturbed(self, case: Case) -> Undisturbed:
        """Type a command, and count its calls."""
        self.reset()

        def call() -> Undisturbed:
            before = self._record(case)
            faults = Faults(self.place)
            with inline(), injected(faults):
                done = inside(self.place, *self.typed(case))
            return Undisturbed(done, faults.calls, before, self._record(case), self._files())

        found = forked(call)
        assert found.done.returncode == 0, found.done.stdout + found.done.stderr
        return found

    def disturbed(
        self, case: Case, faults: Faults, also: Callable[[], object] = lambda: None
    ) -> Ended:
        """Type a command while something fails, then again, then `doctor`, each in processes.

        `also` is called before the first.
        """
        self.reset()

        def first() -> tuple[Typed, str]:
            also()
            if not faults.kind:
                with inline():
                    return inside(self.place, *self.typed(case)), ""
            with inline(), injected(faults):
                return inside(self.place, *self.typed(case)), faults.where

        done, where = forked(first)

        def then() -> Ended:
            between, files = self._record(case), self._files()
            again = done
            if done.returncode or not case.once:
                with inline():
                    again = inside(self.place, *self.typed(case))
            there = (self.place / case.store).exists()
            uri = f"sqlite:///{case.store if there else 'mlflow.db'}"
            doctor = inside(self.place, "doctor", "--tracking-uri", uri)
            after = self._record(case)
            return Ended(done, where, between, files, again, doctor, after, self._files())

        return forked(then)

    def _record(self, case: Case) -> Record:
        return record(self.place / case.store)

    def _files(self) -> dict[str, bool]:
        found = {}
        for path in sorted(self.place.rglob("*")):
            name = str(path.relative_to(self.place))
            of_store = ".db" in name or name.startswith((".nnexp", "mlartifacts"))
            if path.is_file() and not of_store:
                found[name] = _is_whole(path)
        return found


ENDS = {
    ".html": b"</html>",
    ".svg": b"</svg>",
    ".png": b"IEND\xaeB`\x82",
    ".csv": b"0.6",
    ".md": b"",
}


def _is_whole(path: Path) -> bool:
    """Whether a file ends as one of its kind does."""
    content = path.read_bytes()
    if path.suffix in (".nnexp", ".npz"):
        return zipfile.is_zipfile(path)
    return bool(content.strip()) and content.strip().endswith(ENDS.get(path.suffix, b""))


def _made(folder: Path) -> dict[str, str]:
    """Record runs, and export them; their ids by what they are called in cases."""
    for name in ("runner.figure_process", "record.model", "record.figures", "report.page"):
        import_module(f"nnexp.{name}")
    for name in ("search", "fork", "ensemble", "import_file", "show", "compare", "claims", "note"):
        import_module(f"nnexp.cli.{name}")
    (folder / "curve.csv").write_text("step,test/accuracy\n0,0.1\n1,0.5\n2,0.6\n")
    sweep = "-m", *TINY, "train.eta=0.5,1", "seed=0,1", "tracking.experiment=base"
    with inline():
        _type(folder, *sweep)
    _type(folder, *TINY, "seed=5", "tracking.experiment=base")
    kinds = dict(_rows(folder / "mlflow.db", KINDS))
    runs = {
        kind: [run for run, k in kinds.items() if k == kind] for kind in ("sweep", "run", "summary")
    }
    (parent,) = runs["sweep"]
    _type(folder, "delete", runs["run"][-1])
    _type(folder, "export", "--sweep", parent, "--out", "base.nnexp", "--weights")
    return {"sweep": parent, "run": runs["run"][0], "deleted": runs["run"][-1]}


def _type(folder: Path, *arguments: str) -> Typed:
    done = inside(folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


KINDS = "SELECT run_uuid, value FROM tags WHERE key = 'nnexp.kind' ORDER BY run_uuid"


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def record(path: Path) -> Record:
    """What a store holds."""
    finished, other = Counter[str](), Counter[str]()
    if not path.exists():
        return Record(finished, other)
    of: dict[str, list[str]] = {}
    for run, key, value in _rows(path, "SELECT run_uuid, key, value FROM tags"):
        if key not in CHANGING:
            of.setdefault(run, []).append(f"{key}={value}")
    for run, key, value in _rows(path, "SELECT run_uuid, key, value FROM params"):
        of.setdefault(run, []).append(f"{key}: {value}")
    for run, key, step, value in _rows(path, "SELECT run_uuid, key, step, value FROM metrics"):
        if not key.startswith("time/"):
            of.setdefault(run, []).append(f"{key}[{step}] {value!r}")
    runs = "SELECT run_uuid, name, status, lifecycle_stage, artifact_uri FROM runs"
    kinds = dict(_rows(path, KINDS))
    for run, name, status, stage, place in _rows(path, runs):
        if status != "FINISHED":
            # What was opened and then taken back lies in the bin.
            other[f"{kinds.get(run)} {status}"] += stage == "active"
            continue
        folder = Path(place.removeprefix("file://"))
        files = [f"file {p.relative_to(folder)}" for p in folder.rglob("*") if p.is_file()]
        finished["\n".join([name, stage, *sorted(of.get(run, [])), *sorted(files)])] += 1
    return Record(finished, other)
