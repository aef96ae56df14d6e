"""A file that is exported here, verified where everything is another: `make test-travel`.

    python -m tests.portability.travels clone    a fresh clone with another Python, the oldest
                                                 packages, and kernels for another processor
    python -m tests.portability.travels arm      aarch64 under QEMU (tests/portability/arm.py)

Exit code 0: verified; 1: not; 3: cannot be had here, and the last line says why.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.kernel.processors import compiling_for
from tests.portability import arm
from tests.portability.arm import CANNOT, CannotBeHad
from tests.portability.other import ROOT
from tests.portability.versions import interpreters, oldest

TINY = (
    *("-m", "size=100", "model.hidden=[5]", "train.epochs=2", "data.n_validation=100", "seed=0,1"),
    *("tracking.artifacts=light", "sweep.workers=1", "tracking.experiment=small"),
)


def main(arguments: Sequence[str]) -> int:
    """Record and export here, verify there."""
    ways = {"clone": in_a_fresh_clone, "arm": on_aarch64}
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="nnexp-travels-") as folder:
        file = exported(Path(folder))
        for name in arguments or ways:
            try:
                wrong += not ways[name](file, Path(folder))
            except CannotBeHad as reason:
                print(f"{name}: cannot be had here: {reason}")
                return CANNOT
    return min(1, wrong)


def exported(folder: Path) -> Path:
    """Two small runs, trained and exported by this interpreter."""
    here = [sys.executable, "-m", "nnexp"]
    for typed in (TINY, ("export", "--experiment", "small", "--out", "small.nnexp")):
        subprocess.run([*here, *typed], cwd=folder, env=told({}), check=True, capture_output=True)
    return folder / "small.nnexp"


def in_a_fresh_clone(file: Path, folder: Path) -> bool:
    """The program from a clone, on another Python, kernels compiled for another processor."""
    ours = ".".join(map(str, sys.version_info[:2]))
    others = [(version, python) for version, python in interpreters() if version != ours]
    if not others:
        raise CannotBeHad("no other Python from 3.11 on")
    version, python = others[0]
    clone, venv = folder / "clone", folder / "venv"
    arm.called(["git", "clone", "--quiet", str(ROOT), str(clone)], folder, "git clone")
    arm.called([str(python), "-m", "venv", str(venv)], folder, "venv")
    inside = str(venv / "bin/python")
    pip = [inside, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    arm.called([*pip, str(clone), *oldest()], folder, "packages")
    # Plain x86-64 has no fused multiply-add.
    other = compiling_for("x86-64", folder / "kernels") if platform.machine() == "x86_64" else {}
    name = f"Python {version}, the oldest packages{', kernels for plain x86-64' if other else ''}"
    return verified(name, [inside], file, folder, {**other, "PYTHONPATH": ""})


def on_aarch64(file: Path, folder: Path) -> bool:
    """The program from this checkout, under QEMU."""
    qemu, root = arm.emulator(), arm.debian_root()
    python = arm.python_of(root)
    site = arm.wheels_for(python, arm.VERIFYING, arm.BUILT)
    cache = arm.FOLDER / "cache"
    settings = {
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        "PYTHONPYCACHEPREFIX": str(cache / "bytecode"),
        "NUMBA_CACHE_DIR": str(cache / "kernels"),
    }
    return verified("aarch64", [str(qemu), "-L", str(root), str(python)], file, folder, settings)


def verified(
    name: str, python: Sequence[str], file: Path, folder: Path, settings: Mapping[str, str]
) -> bool:
    """Whether all runs of a file come out again; says where, and how many."""
    typed = ["-m", "nnexp", "verify", str(file), "--format", "json"]
    done = subprocess.run(
        [*python, *typed],
        cwd=folder,
        env=told(settings),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout + done.stderr)
        return False
    said: dict[str, Any] = json.loads(done.stdout)["file"]
    print(f"{name}: {said['reproduced']} of {said['runs']} runs, {said['values']} values")
    print(f"  here: {said['here']}\n  recorded on: {said['recorded_on']}", flush=True)
    return bool(said["reproduced"] == said["runs"] == 2 and said["here"] != said["recorded_on"])


def told(settings: Mapping[str, str]) -> dict[str, str]:
    """This environment without what steers MLflow, Hydra and Python."""
    steered = ("MLFLOW_", "HYDRA_", "PYTHON")
    plain = {k: v for k, v in os.environ.items() if not k.startswith(steered)}
    return {**plain, "PYTHONPATH": str(ROOT), **settings}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
