"""Runs of a file trained again by the version of the program that made them.

That program, with its own packages, is put into a folder of its own. Its source is a commit of a
git repository, its packages those that the commit has locked (`requirements/run.txt`, by hash).
Nothing of this comes from the file but the names of the commit and of the version: a recorded diff
is never applied.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnexp.config.arguments import GROUPS, printable
from nnexp.config.compose import flatten
from nnexp.config.schema import Config
from nnexp.errors import NnexpError, UserError
from nnexp.record.store import open_store
from nnexp.record.sweep import runs_where
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.reproduce import judged
from nnexp.study.exchange.results import Results
from nnexp.study.lookup import all_experiments
from nnexp.study.verification import Trained, Verdict
from nnexp.study.verify import history

INDEX = "index"
"""In place of a repository: the package index that pip is set up for."""

ALLOWED = f"--source with a clone that has it, or --source {INDEX} for a released version"

LOCK = Path("requirements") / "run.txt"

_VALUE = re.compile(r"[\w.,+\-/: \[\]'\"]*")
"""What the value of a config key may be made of: nothing that Hydra would evaluate."""

_SIDE = ("tracking.", "sweep.")


@dataclass(frozen=True)
class Made:
    """By what a run was made, as far as its record says."""

    version: str
    commit: str
    python: str
    """Such as `3.11`."""

    @classmethod
    def of(cls, environment: Mapping[str, Any]) -> Made:
        """From an `environment.json`; what is not of the expected form is not known."""
        git = environment.get("git")
        commit = git.get("commit") if isinstance(git, dict) else None
        return cls(
            _matching(r"\d+(?:\.\w+)*", environment.get("nnexp")),
            _matching(r"[0-9a-f]{40}", commit),
            ".".join(_matching(r"3\.\d+(?:\.\w+)*", environment.get("python")).split(".")[:2]),
        )

    def __str__(self) -> str:
        commit = f" (commit {self.commit[:12]})" if self.commit else ""
        return f"nnexp {self.version or 'of an unknown version'}{commit}"


@dataclass(frozen=True)
class Program:
    """An interpreter that has the packages, and the source where these do not hold it."""

    python: Path
    source: Path | None

    def environment(self) -> dict[str, str]:
        """What its processes are told of this one's environment."""
        steered = ("MLFLOW_", "HYDRA_", "PYTHON")
        plain = {k: v for k, v in os.environ.items() if not k.startswith(steered)}
        return {**plain, **({"PYTHONPATH": str(self.source)} if self.source else {})}


def cache_folder() -> Path:
    """Where programs are kept for the next time."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nnexp" / "versions"


def program_of(made: Made, source: str | None, say: Callable[[str], None]) -> Program:
    """The program of a version: as it is kept, or made now.

    `source` is a git repository (default: the one this program runs in), or `INDEX`.

    Raises:
        UserError: its source, a Python or its packages cannot be had.
    """
    from_index = source == INDEX
    if not (made.version if from_index else made.commit):
        what = "which version" if from_index else "which commit"
        raise UserError(f"--with-version: the file does not say {what} made it; allowed: {ALLOWED}")
    python = made.python or ".".join(map(str, sys.version_info[:2]))
    name = made.version if from_index else made.commit[:12]
    place = cache_folder() / f"{name}-python{python}"
    if not place.exists():
        content = b"" if from_index else _archive(made, source)
        say(f"making an environment for {made} in {place}: a minute or two, this once")
        try:
            _make(place, made, content, python)
        except OSError as error:
            raise UserError(f"--with-version: {place}: {error.strerror or error}") from error
    say(f"training with {made} in {place} (kept; it may be deleted)")
    return Program(_python_in(place / "venv"), None if from_index else place / "source")


def _archive(made: Made, source: str | None) -> bytes:
    """The files of a commit, as a tar archive."""
    where = Path(source) if source is not None else Path(__file__).resolve().parents[3]
    shown = f"--source {printable(source)}" if source is not None else f"--with-version: {where}"
    if shutil.which("git") is None:
        raise UserError(f"--with-version: git is not installed; allowed: --source {INDEX}")
    git = ["git", "-C", str(where)]
    if _run([*git, "rev-parse", "--git-dir"]).returncode:
        raise UserError(f"{shown}: no git repository; allowed: {ALLOWED}")
    if _run([*git, "cat-file", "-e", f"{made.commit}^{{commit}}"]).returncode:
        raise UserError(f"{shown}: holds no commit {made.commit} ({made}); allowed: {ALLOWED}")
    found = subprocess.run(
        [*git, "archive", "--format=tar", made.commit], capture_output=True, check=False
    )
    if found.returncode:
        raise UserError(f"{shown}: {_last_words(found.stderr.decode(errors='replace'))}")
    return found.stdout


def _make(place: Path, made: Made, content: bytes, python: str) -> None:
    """Source and packages in a folder that is there whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}-") as folder:
        root = Path(folder) / "whole"
        source, venv = root / "source", root / "venv"
        source.mkdir(parents=True)
        if content:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(source, filter="data")
        wanted = [f"nnexp=={made.version}"]
        if content:
            wanted = [str(source)]
            if (source / LOCK).is_file():
                wanted = ["--require-hashes", "-r", str(source / LOCK)]
        _install(venv, python, wanted)
        if not place.exists():  # Another process may have been faster.
            root.rename(place)


def _install(venv: Path, python: str, wanted: Sequence[str]) -> None:
    """An environment of a Python such as 3.11: this machine's, or else one that uv fetches.

    Raises:
        UserError: there is neither, or the packages cannot be had.
    """
    uv = shutil.which("uv")
    if (found := _interpreter(python)) is not None:
        _called([found, "-m", "venv", str(venv)])
    elif uv is not None:
        _called([uv, "venv", "--quiet", "--seed", "--python", python, str(venv)])
    else:
        raise UserError(f"--with-version: no python{python} here; allowed: install it, or uv")
    pip = [str(_python_in(venv)), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    _called([*pip, "install", *wanted])


def _interpreter(version: str) -> str | None:
    """A Python of this machine of a version such as 3.11."""
    if version == ".".join(map(str, sys.version_info[:2])):
        return sys.executable
    found = shutil.which(f"python{version}")
    # A shim of a version manager may be there with nothing behind it.
    return found if found and not _run([found, "-c", "import venv"]).returncode else None


def _python_in(venv: Path) -> Path:
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _called(command: Sequence[str]) -> None:
    done = _run(command)
    if done.returncode:
        reason = _last_words(done.stderr or done.stdout)
        raise UserError(f"--with-version: the environment cannot be made ({reason})")


def _run(
    command: Sequence[str], folder: str | None = None, told: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=folder, env=told or plain, capture_output=True, text=True, errors="replace",
        check=False,
    )  # fmt: skip


def _last_words(text: str) -> str:
    """The line that says what went wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error", "fatal"))]
    return printable((errors or lines or ["no reason given"])[-1])[:200]


def _matching(pattern: str, value: object) -> str:
    return value if isinstance(value, str) and re.fullmatch(pattern, value) else ""


def reproduce_with(program: Program, results: Results, run: Run, data_root: str | None) -> Verdict:
    """Train one run with another version of this program, and judge it here.

    Raises:
        UserError: its command is none that this program records.
        NnexpError: it cannot be trained there, or comes out as another run.
    """
    words = overrides_in(run)
    if data_root is not None:
        words = [word for word in words if not word.startswith("data.root=")]
        words.append(f"data.root={Path(data_root).absolute()}")
    return judged(results, run, _trained(program, run, words))


def overrides_in(run: Run) -> list[str]:
    """The overrides in the line that repeats a run, if they are nothing but config keys.

    Raises:
        UserError: they are more. The line is the file's: it must not be able to do anything else.
    """
    known = {*flatten(Config()), *GROUPS} - {"experiment"}  # Presets are of a version.
    try:
        words = shlex.split(run.tag("command"))
    except ValueError:
        words = []
    pairs = [word.partition("=") for word in words[3:]]
    if words[:3] != ["python", "-m", "nnexp"] or not all(
        key in known and not key.startswith(_SIDE) and _VALUE.fullmatch(value)
        for key, _, value in pairs
    ):
        raise UserError(
            f"run {run.id}: its command is {printable(run.tag('command'))[:80]!r}; allowed: python "
            "-m nnexp with config keys"
        )
    return words[3:]


def _trained(program: Program, run: Run, words: list[str]) -> Trained:
    """Train in a folder of its own; what was recorded there."""
    with TemporaryDirectory() as folder:
        uri = f"sqlite:///{Path(folder) / 'mlflow.db'}"
        words = [*words, f"tracking.uri={uri}", "tracking.artifacts=none"]
        done = _run([str(program.python), "-m", "nnexp", *words], folder, program.environment())
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise NnexpError(f"{run.name}: its version says: {printable(last)[:300]}")
        store = open_store(uri)
        kind = "tags.`nnexp.kind` = 'run'"
        (found,) = runs_where(store, list(all_experiments(store)), kind)
        check_same(run, found.data.params, found.data.tags)
        weights = found.data.tags.get("nnexp.weights_sha256", "")
        return Trained(history(store, found, None), weights)


def check_same(run: Run, params: Mapping[str, str], tags: Mapping[str, str]) -> None:
    """Refuse what was trained if it is not what the file speaks of.

    Raises:
        NnexpError: another config, source or data.
    """
    keys = [key for key in {*run.params, *params} if not key.startswith((*_SIDE, "data.root"))]
    other = sorted(key for key in keys if run.params.get(key) != params.get(key))
    if other:
        raise NnexpError(f"{run.name}: its command gives another {', '.join(other[:3])}")
    if tags.get("nnexp.source") != run.tag("source"):
        raise NnexpError(
            f"{run.name}: its source is not that of the commit: it was trained with uncommitted "
            "changes, or by another commit than it says"
        )
    if tags.get("nnexp.data") != run.tag("data"):
        raise NnexpError(f"{run.name}: was trained on other data")
