"""Where compiled kernels are kept, and whether this machine's are there already.

numba looks at the file of a function only, not at those of the functions that it calls. A folder of
its own per source, a user's own functions (`kernel.own`) and compiler version makes sure that
nothing compiled from other source is ever run. It needs no write access to the package.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from nnexp.kernel.own import functions

PACKAGE = Path(__file__).resolve().parent


def cache_folder(*, own: bool = True) -> Path:
    """The kernel's, or that of what no function of a user's `own` is compiled into.

    Below `NUMBA_CACHE_DIR` where that is set, or the user's cache folder, or, where neither can
    be written, the system's folder for temporary files.
    """
    return _folder(functions().sha256 if own else "")


@lru_cache(maxsize=8)
def _folder(own: str) -> Path:
    digest = hashlib.sha256(f"{version('numba')} {version('llvmlite')}{own}".encode())
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    name = f"kernel-{digest.hexdigest()[:16]}"
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    named = [Path(p) for p in (os.environ.get("NUMBA_CACHE_DIR"),) if p]
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    shared = Path(tempfile.gettempdir()) / f"nnexp-{owner}"
    for base in [*named, user / "nnexp", shared]:
        folder = base / name
        try:
            for path in (base, folder):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                if base != shared or (_is_ours(base) and _is_ours(folder)):
                    return folder
        except OSError:
            continue
    return Path(tempfile.mkdtemp(prefix="nnexp-kernel-"))


def _is_ours(folder: Path) -> bool:
    """Whether nobody else can have put there what we would run."""
    if not hasattr(os, "getuid"):
        return True
    found = folder.stat()
    return found.st_uid in (os.getuid(), 0) and not found.st_mode & 0o022


def is_compiled(dtype: str) -> bool:
    """Whether the kernel has been compiled for this processor, Python and precision."""
    return _marker(dtype).exists()


def mark_compiled(dtype: str) -> None:
    """Note that it has."""
    _marker(dtype).touch()


def _marker(dtype: str) -> Path:
    from llvmlite import binding

    processor = os.environ.get("NUMBA_CPU_NAME") or binding.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES", "")
    kind = hashlib.sha256(f"{processor} {features}".encode()).hexdigest()[:8]
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache_folder() / f"compiled-{python}-{kind}-{dtype}"
