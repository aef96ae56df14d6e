"""Runs of a file trained again by the version of the program that made them."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from nnexp.config.arguments import GROUPS, printable
from nnexp.config.compose import flatten
from nnexp.config.schema import Config
from nnexp.errors import NnexpError, UserError
from nnexp.record.store import open_store
from nnexp.record.sweep import runs_where
from nnexp.study.exchange.environments import Program
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.reproduce import judged
from nnexp.study.exchange.results import Results
from nnexp.study.lookup import all_experiments
from nnexp.study.verification import Trained, Verdict
from nnexp.study.verify import history

_VALUE = re.compile(r"[\w.,+\-/: \[\]'\"]*")
"""What the value of a config key may be made of: nothing that Hydra would evaluate."""

_SIDE = ("tracking.", "sweep.")


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
        done = subprocess.run(
            [program.python, "-m", "nnexp", *words],
            cwd=folder,
            env=program.environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
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
