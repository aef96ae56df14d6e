"""nnexp 0.1, the last version whose engine stood on BLAS and on stacks of runs, to race against.

Its commit is unpacked into .venv/bench-0.1/source, and what it needs is installed beside that, as
it was locked. Its own benchmarks are there too: its processes speak the protocol of
`benchmarks.process`, then as now.

    python -m benchmarks.previous     sets it up, once; a minute or two
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

COMMIT = "15eef3832239b56a5c914196abeba452a9f14a42"

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv" / "bench-0.1"
SOURCE, PYTHON, STAMP = FOLDER / "source", FOLDER / "env" / "bin" / "python", FOLDER / "ready"


class MissingError(Exception):
    """Why nnexp 0.1 is not here, in a few words."""


def previous() -> Path:
    """The Python that runs nnexp 0.1 with `SOURCE` as its folder; set up if it is not there.

    Raises:
        MissingError: this checkout has no history, or packages cannot be had.
    """
    if not STAMP.exists():
        _unpack()
        print("setting up nnexp 0.1, once: a minute or two", file=sys.stderr, flush=True)
        lock = SOURCE / "requirements" / "run.txt"
        _call([sys.executable, "-m", "venv", "--clear", str(FOLDER / "env")])
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet"]
        _call([*pip, "install", "--require-hashes", "-r", str(lock)])
        STAMP.touch()
    return PYTHON


def environment() -> dict[str, str]:
    """The environment of its processes: another checkout on the path would be run instead."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}


def _unpack() -> None:
    done = subprocess.run(
        ["git", "-C", str(ROOT), "archive", COMMIT], capture_output=True, check=False
    )
    if done.returncode:
        raise MissingError("its commit is not in this checkout (no git history)")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(SOURCE, filter="data")


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise MissingError(f"it cannot be installed: {said[-1][:100] if said else command[0]}")


if __name__ == "__main__":
    try:
        previous()
    except MissingError as error:
        # The other contenders run without it.
        print(f"nnexp 0.1 is left out: {error}", file=sys.stderr)
