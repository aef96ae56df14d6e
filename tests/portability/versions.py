"""The golden runs with the oldest and the newest versions that pyproject.toml allows.

    make test-versions, or python -m tests.portability.versions

For each of Python 3.11 to 3.14 that is found here two throw-away environments, with NumPy, numba
and llvmlite alone: of the oldest versions in pyproject.toml, and of the newest that it allows.
Exit code 0: same bits everywhere; 1: somewhere not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.portability.other import ROOT, differing

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

NUMERIC = ("numpy", "numba", "llvmlite")

SHOWN = f"import {', '.join(NUMERIC)}; print({', '.join(f'{n}.__version__' for n in NUMERIC)})"


def main() -> int:
    """Every pair of an interpreter and versions."""
    found = list(interpreters())
    print(
        f"Golden runs with the oldest and the newest versions, on Python "
        f"{', '.join(version for version, _ in found)}: about a minute each",
        flush=True,
    )
    wrong = []
    with tempfile.TemporaryDirectory(prefix="nnexp-versions-") as folder:
        for version, python in found:
            for age, wanted in (("oldest", oldest()), ("newest", newest())):
                place = Path(folder) / f"{version}-{age}"
                if not same_bits(version, python, wanted, place):
                    wrong.append(f"Python {version}, {age}")
                shutil.rmtree(place, ignore_errors=True)
    print(f"versions: {2 * len(found) - len(wrong)} of {2 * len(found)} environments, bit for bit")
    if wrong:
        print(f"DIFFERENT OR NOT TO BE HAD: {'; '.join(wrong)}")
    return bool(wrong)


def same_bits(version: str, python: Path, wanted: list[str], place: Path) -> bool:
    """Make an environment and train in it."""
    subprocess.run([python, "-m", "venv", place], check=True)
    inside = str(place / "bin/python")
    pip = [inside, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    if subprocess.run([*pip, "--only-binary=:all:", *wanted], check=False).returncode:
        return False
    shown = subprocess.run([inside, "-c", SHOWN], check=True, capture_output=True, text=True)
    numpy, numba, llvmlite = shown.stdout.split()
    name = f"Python {version}, NumPy {numpy}, numba {numba}, llvmlite {llvmlite}"
    print(name, flush=True)
    return not differing(name, [inside], place / "cache")


def interpreters() -> Iterator[tuple[str, Path]]:
    """The interpreters on this machine that the package is for, by version."""
    home = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for version in PYTHONS:
        on_path = shutil.which(f"python{version}")
        of_pyenv = sorted(home.glob(f"versions/{version}.*/bin/python{version}"))
        for candidate in ([Path(on_path)] if on_path else []) + of_pyenv:
            # A shim of pyenv may be there with nothing behind it.
            tried = [str(candidate), "-c", "import venv"]
            if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
                yield version, candidate
                break


def newest() -> list[str]:
    """What pyproject.toml asks for; pip takes the newest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [x for x in project["dependencies"] if re.split(r"[^a-z-]", x)[0] in NUMERIC]


def oldest() -> list[str]:
    """The lower bounds, exactly."""
    return [re.sub(r">=([\d.]+).*", r"==\1", requirement) for requirement in newest()]


if __name__ == "__main__":
    sys.exit(main())
