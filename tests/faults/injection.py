"""The n-th call of a kind fails: files below a folder, and memory.

Python's own way to a file is followed down to the system call: a write that fails has written half
of what it was given, as on a disk that fills up, and the buffers above it see that.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

import nnexp

KINDS = ("open", "write", "fsync", "rename", "mkdir", "allocation")
ERRORS = {
    "open": errno.EACCES,
    "write": errno.ENOSPC,
    "fsync": errno.EIO,
    "rename": errno.EIO,
    "mkdir": errno.ENOSPC,
}
PACKAGE = os.path.dirname(nnexp.__file__)
SPARED = tuple(f"{PACKAGE}/{n}" for n in ("nn/", "kernel/", "data/", "train/", "__main__.py"))
"""Where memory is asked for hundreds of thousands of times in the same places, and around all."""


@dataclass
class Faults:
    """Counts calls below a folder; the n-th of a kind fails, or with `lasting` all from there."""

    folder: Path
    kind: str = ""
    n: int = 0
    lasting: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    where: str = ""
    """What failed first."""

    def fails(self, kind: str, what: object) -> bool:
        """Count a call; whether it is to fail."""
        self.calls[kind] += 1
        now = self.calls[kind]
        if kind != self.kind or not (now == self.n or (self.lasting and now > self.n)):
            return False
        self.where = self.where or str(what)
        return True

    def check(self, kind: str, path: object) -> None:
        """Count a call.

        Raises:
            OSError: it is to fail.
        """
        if self.is_below(path) and self.fails(kind, path):
            named = [] if isinstance(path, int) else [str(path)]
            raise OSError(ERRORS[kind], os.strerror(ERRORS[kind]), *named)

    def is_below(self, path: object) -> bool:
        """Whether a path, or an open file, is one of the folder's."""
        if isinstance(path, int):
            path = f"/proc/self/fd/{path}"
            path = os.readlink(path) if os.path.islink(path) else ""
        return os.path.abspath(os.fsdecode(path)).startswith(f"{self.folder}/")  # type: ignore[arg-type]

    def allocation(self, frame: FrameType, event: str, _: object) -> None:
        """A profiler's hook: a function of the program is entered, or calls one written in C."""
        file = frame.f_code.co_filename
        counted = file.startswith(PACKAGE) and not file.startswith(SPARED)
        if not counted or event not in ("call", "c_call"):
            return
        if self.fails("allocation", f"{file}:{frame.f_lineno}"):
            raise MemoryError


class _Raw(io.FileIO):
    """A file whose writes may fail half way."""

    def __init__(self, faults: Faults, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._faults, self._full = faults, False

    def write(self, content: Any) -> int:
        if self._full or self._faults.fails("write", self.name):
            if self._full or len(content) < 2:
                self._full = self._faults.lasting
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._full = True
            content = memoryview(content)[: len(content) // 2]
        return super().write(content)


def _opening(faults: Faults, real: Callable[..., Any]) -> Callable[..., Any]:
    """`open` on files whose writes are counted."""

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        if not faults.is_below(file):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not isinstance(file, int):
            faults.check("open", file)
        if not set(mode) & set("wax+"):
            return real(file, mode, buffering, encoding, errors, newline, closefd, opener)
        plain = mode.replace("b", "").replace("t", "")
        raw = _Raw(faults, file, plain, closefd, opener=opener)
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return buffered
        return io.TextIOWrapper(buffered, encoding or "utf-8", errors, newline, buffering == 1)

    return opened


@contextmanager
def injected(faults: Faults) -> Iterator[None]:
    """Within, calls are counted, and fail if it is their turn."""
    opened, written, sent = os.open, os.write, os.sendfile

    def os_open(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        # It is files that fail to open: a folder that could not be read could not be removed.
        if named.get("dir_fd") is None and not os.path.isdir(path):
            faults.check("open", path)
        return opened(path, flags, *rest, **named)

    def os_write(number: int, content: Any) -> int:
        faults.check("write", number)
        return written(number, content)

    def os_sendfile(out: int, *rest: Any) -> int:
        faults.check("write", out)
        return sent(out, *rest)

    def os_fsync(number: int, real: Callable[[int], None] = os.fsync) -> None:
        faults.check("fsync", number)
        real(number)

    def moving(real: Callable[..., None]) -> Callable[..., None]:
        def moved(source: Any, place: Any, **named: Any) -> None:
            faults.check("rename", place)
            real(source, place, **named)

        return moved

    def os_mkdir(path: Any, *rest: Any, real: Callable[..., None] = os.mkdir, **named: Any) -> None:
        if not os.path.isdir(path):
            faults.check("mkdir", path)
        real(path, *rest, **named)

    with ExitStack() as stack:
        for module in (builtins, io):
            stack.enter_context(patch.object(module, "open", _opening(faults, io.open)))
        for name, call in (
            ("open", os_open),
            ("write", os_write),
            ("sendfile", os_sendfile),
            ("fsync", os_fsync),
            ("replace", moving(os.replace)),
            ("rename", moving(os.rename)),
            ("mkdir", os_mkdir),
        ):
            stack.enter_context(patch.object(os, name, call))
        if faults.kind in ("", "allocation"):
            sys.setprofile(faults.allocation)
        try:
            yield
        finally:
            sys.setprofile(None)
