"""The golden runs on aarch64: `make test-arm`, or `python -m tests.portability.arm`.

On another processor QEMU plays the part. Debian's arm64 Python, its QEMU if there is none here, and
the locked NumPy, numba and llvmlite are fetched as apt and pip are set up on this machine, and
unpacked into a folder: ~/.cache/nnexp/arm, or $NNEXP_ARM_DIR. Nothing is installed, nobody has to
be root, and what is there already is not fetched again. Compiled code is kept there too. Deleting
the folder begins afresh.

Exit code 0: same bits; 1: another; 3: cannot be had here, and the last line says why.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tests.portability.other import ROOT, differing

FOLDER = Path(os.environ.get("NNEXP_ARM_DIR") or Path.home() / ".cache" / "nnexp" / "arm")

LOCKED = ("numpy", "numba", "llvmlite")
"""All that a golden run needs beside Python."""

VERIFYING = (
    *LOCKED,
    *("annotated-types", "cffi", "cryptography", "filelock", "hydra-core", "markdown-it-py"),
    *("mdurl", "omegaconf", "packaging", "pandas", "psutil", "pycparser", "pydantic"),
    *(
        "pydantic-core",
        "pygments",
        "python-dateutil",
        "pyyaml",
        "rich",
        "scipy",
        "six",
        "typing-extensions",
    ),
    "typing-inspection",
)
"""All that `verify FILE` needs."""

BUILT = ("antlr4-python3-runtime",)
"""What it needs, too, and there is no wheel of: plain Python."""

WHEELS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014")

CANNOT = 3


class CannotBeHad(Exception):
    """What is missing, in one line."""


def main() -> int:
    """Set up what is missing, train, compare."""
    if platform.machine() in ("aarch64", "arm64"):
        print("This is aarch64: the golden runs natively (a minute)", flush=True)
        return min(1, differing("aarch64", [sys.executable], FOLDER / "native"))
    print(
        f"Golden runs on aarch64 under QEMU, in {FOLDER}: about 4 minutes, most of which compile "
        "the kernels; a minute when they are there. Fetched, once: 100 MB of Debian's and Python's",
        flush=True,
    )
    try:
        qemu, root = emulator(), debian_root()
        python = python_of(root)
        site = wheels_for(python)
    except CannotBeHad as reason:
        print(f"aarch64: cannot be had here: {reason}")
        return CANNOT
    command = [str(qemu), "-L", str(root), str(python)]
    paths = {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"}
    return min(1, differing("aarch64", command, FOLDER / "cache", paths))


def emulator() -> Path:
    """QEMU for aarch64: this machine's, or Debian's, unpacked."""
    names = ("qemu-aarch64-static", "qemu-aarch64")
    if there := next(filter(None, map(shutil.which, names)), None):
        return Path(there)
    return unpacked_debian("qemu", "native", ["qemu-user-static"]) / "usr/bin/qemu-aarch64-static"


def debian_root() -> Path:
    """A folder with Debian's Python for arm64 and all that it needs."""
    # libstdc++ is what llvmlite needs.
    return unpacked_debian("root", "arm64", ["python3", "libstdc++6"])


def python_of(root: Path) -> Path:
    """The interpreter there, under the name of its version."""
    return next(p for p in (root / "usr/bin").iterdir() if re.fullmatch(r"python3\.\d+", p.name))


def wheels_for(python: Path, names: Sequence[str] = LOCKED, built: Sequence[str] = ()) -> Path:
    """A folder of locked packages for aarch64, checked against their hashes."""
    wanted = locked_requirements(names)
    site = FOLDER / f"site-{hashlib.sha256((wanted + python.name).encode()).hexdigest()[:12]}"
    if site.exists():
        return site
    made = fresh(site)
    (made / "requirements.txt").write_text(wanted, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    what = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", "requirements.txt"]
    whose = ["--python-version", python.name.removeprefix("python"), "--implementation", "cp"]
    kinds = [x for kind in WHEELS for x in ("--platform", f"{kind}_aarch64")]
    called([*pip, *what, *whose, *kinds], made, "wheels for aarch64")
    if built:
        (made / "built.txt").write_text(locked_requirements(built), encoding="utf-8")
        wheel = ["wheel", "--no-deps", "--require-hashes", "-r", "built.txt"]
        called([*pip[:-1], *wheel], made, "wheels of plain Python")
    for wheel in made.glob("*.whl"):
        with zipfile.ZipFile(wheel) as packed:
            packed.extractall(made)
        wheel.unlink()
    return made.rename(site)


def locked_requirements(names: Sequence[str] = LOCKED) -> str:
    """Their lines of requirements/run.txt: version, then hashes."""
    lock = (ROOT / "requirements/run.txt").read_text(encoding="utf-8")
    return "".join(
        found.group()
        for name in names
        if (found := re.search(rf"^{name}==.*\\\n(?: +--hash=.*\n)+", lock, re.MULTILINE))
    )


def unpacked_debian(name: str, architecture: str, packages: Sequence[str]) -> Path:
    """Debian packages and what they need, unpacked into a folder.

    apt works on lists and a status of its own, so that it neither needs root nor knows what is
    installed here.
    """
    place = FOLDER / name
    if place.exists():
        return place
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise CannotBeHad(f"no {tool}: Debian's packages are what Python for arm64 comes from")
    made = fresh(place)
    state = made / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    options = [
        f"Dir::State={state / 'state'}",
        f"Dir::State::status={state / 'status'}",
        f"Dir::Cache={state / 'cache'}",
        "APT::Sandbox::User=root",
    ]
    if architecture != "native":
        options += [f"APT::Architecture={architecture}", f"APT::Architectures={architecture}"]
    apt = ["apt-get", "-qq", *(x for option in options for x in ("-o", option))]
    called([*apt, "update"], made, f"Debian's list of packages ({architecture})")
    if architecture == "native":  # Linked statically: it needs no other.
        called([*apt, "download", *packages], state / "cache/archives", packages[0])
    else:
        install = ["install", "--yes", "--download-only", "--no-install-recommends"]
        called([*apt, *install, *packages], made, f"{packages[0]} for {architecture}")
    for package in sorted((state / "cache/archives").glob("*.deb")):
        called(["dpkg-deb", "-x", str(package), str(made)], made, package.name)
    shutil.rmtree(state)
    return made.rename(place)


def fresh(place: Path) -> Path:
    """An empty folder to make `place` in: that is there whole, or not at all."""
    made = place.with_name(f"{place.name}.part")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    return made


def called(command: Sequence[str], folder: Path, what: str) -> None:
    """Run a command. Raises CannotBeHad, with its last words, if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise CannotBeHad(f"{what}: {words[-1]}")


if __name__ == "__main__":
    sys.exit(main())
