"""System calls on files: each is a step of the simulated process that makes it.

The files are real ones, in a folder of the test. A process that dies at a write leaves a part of
it; a disk that is full takes a part or nothing; locks and open files are given back when a process
ends. A loss of power leaves names as they were, and of what a file was given since it was last
synced a part from the front.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.simulation.world import POLL_SECONDS, Died, Process, World

CHANGING = ("mkdir", "rmdir", "unlink", "remove", "rename", "replace", "open", "write", "fsync")
GROWING = ("mkdir", "write")
"""Of these, what a full disk refuses; and opening a new file."""


class Disk:
    """The disk of a simulated machine: what lies below a folder."""

    def __init__(self, world: World, root: Path) -> None:
        self.world, self.root = world, f"{root}{os.sep}"
        self._open: dict[Any, Process] = {}
        """Who has opened a file or a descriptor."""
        self._claims: dict[tuple[int, int], Process] = {}
        """Who has locked a byte of a file."""
        self._synced: dict[int, int] = {}
        """Of files that are not synced, by inode: how many bytes from the front are safe."""
        world.at_power_loss.append(self._lose_power)

    def is_ours(self, path: Any) -> bool:
        """Whether a file is on this disk, and it is a simulated process that asks."""
        if self.world.me is None:
            return False
        if isinstance(path, int):
            return self._open.get(path) is self.world.me
        return os.fsdecode(path).startswith(self.root)

    def call(self, name: str, real: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """A system call, if nothing comes in between."""
        if name == "fsync" and self.world.me is not None:
            self._synced.pop(os.fstat(args[0]).st_ino, None)
        if not (more.get("dir_fd") or self.is_ours(args[0])):
            return real(*args, **more)
        words = [str(arg).removeprefix(self.root)[:80] for arg in args if name != "write"]
        torn = real if name == "write" else None
        self._step(f"{name} {' '.join(words)}", torn, args)
        created = name == "open" and args[1] & os.O_CREAT and not os.path.exists(args[0])
        if (name in GROWING or created) and self.world.disk_is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        answer = real(*args, **more)
        if name == "open":
            self.keep(answer)
        return answer

    def open(self, real: Callable[..., Any], path: Any, mode: str, *args: Any, **more: Any) -> Any:
        """Open a file as Python does, on a raw file that writes by steps."""
        if isinstance(path, int) or not self.is_ours(path):
            return real(path, mode, *args, **more)
        self.world.step(f"open {os.fsdecode(path).removeprefix(self.root)} {mode}")
        if not set(mode) & set("wax+"):
            return real(path, mode, *args, **more)
        if not os.path.exists(path) and self.world.disk_is_full():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raw = File(self, os.fsdecode(path), mode.replace("t", ""))
        if "b" not in mode:
            names = ("buffering", "encoding", "errors", "newline")
            given = {**dict(zip(names, args, strict=False)), **more}
            given.pop("buffering", None)
            return io.TextIOWrapper(io.BufferedWriter(raw), **given)
        if (args[0] if args else more.get("buffering")) == 0:
            return raw
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    def flock(self, real: Callable[..., Any], file: Any, operation: int) -> None:
        """Lock a file; who waits lets others go on."""
        if self.world.me is None or operation & fcntl.LOCK_UN:
            real(file, operation)
            return
        self.world.step("flock")
        while True:
            try:
                real(file, operation | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if operation & fcntl.LOCK_NB:
                    raise
            self.world.sleep(POLL_SECONDS)

    def lockf(
        self, real: Callable[..., Any], file: int, operation: int, length: int, start: int
    ) -> None:
        """Lock a byte for a process, as the system does for a real one."""
        me = self.world.me
        if me is None:
            real(file, operation, length, start)
            return
        place = os.fstat(file).st_ino, start
        if operation & fcntl.LOCK_UN:
            self._claims.pop(place, None)
            return
        self.world.step(f"lockf {start % 1000}")
        if self._claims.setdefault(place, me) is not me:
            raise BlockingIOError

    def close(self, real: Callable[[int], None], descriptor: int) -> None:
        """Close a descriptor, and give back this process's claims in its file."""
        if (owner := self._open.pop(descriptor, None)) is not None:
            self._give_back(owner, os.fstat(descriptor).st_ino)
        real(descriptor)

    def keep(self, file: Any) -> None:
        """Close a file when its process ends, if it has not done so itself."""
        me = self.world.me
        assert me is not None
        if me not in self._open.values():
            me.at_end.append(lambda: self._close_all(me))
        self._open[file] = me

    def forget(self, file: Any) -> None:
        """It is closed."""
        self._open.pop(file, None)

    def changed(self, file: int, safe: int) -> None:
        """What stands in a file behind `safe` bytes would not outlast a loss of power."""
        inode = os.fstat(file).st_ino
        self._synced[inode] = min(self._synced.get(inode, safe), safe)

    def write_some(self, what: str, real: Callable[[Any], int], content: Any) -> int:
        """A write: whole, or a part of it where the process dies or the disk is full."""
        self._step(what, real, (content,))
        if self.world.disk_is_full():
            part = self.world.draw.randrange(len(content)) if len(content) else 0
            if part:
                return real(bytes(content)[:part])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(content)

    def _step(self, what: str, torn: Callable[..., Any] | None, args: tuple[Any, ...]) -> None:
        me = self.world.me
        assert me is not None
        was_dead, boot = me.dead, self.world.boot
        try:
            self.world.step(what)
        except Died:
            # Where power failed, the file has been cut already: nothing comes after that.
            lives = not was_dead and boot == self.world.boot
            if torn is not None and lives and not self.world.stuck:
                content = bytes(args[-1])
                part = content[: self.world.draw.randrange(len(content) + 1)]
                torn(*args[:-1], part)
            raise

    def _lose_power(self) -> None:
        with self.world.looking_on():
            for path in sorted(Path(self.root, ".nnexp").rglob("*")):
                status = path.lstat()
                safe = self._synced.get(status.st_ino)
                if safe is not None and path.is_file():
                    # The number may have been that of a file that is gone.
                    safe = min(safe, status.st_size)
                    part = self.world.draw.randint(safe, status.st_size)
                    kept = self.world.draw.choice((safe, part))
                    os.truncate(path, kept)
                    self.world.note(f"of {path.name}, {status.st_size} bytes, {kept} are left")
        self._synced.clear()
        self.date()

    def date(self) -> None:
        """Let all files be of now: a log of another boot is judged by when it was written."""
        at = 1.7e9 + self.world.now
        with self.world.looking_on():
            for path in Path(self.root, ".nnexp").rglob("*"):
                os.utime(path, (at, at))

    def _close_all(self, process: Process) -> None:
        for file in [file for file, owner in self._open.items() if owner is process]:
            if isinstance(file, int):
                os.close(file)
            else:
                file.close()

    def _give_back(self, process: Process, inode: int) -> None:
        for place in [p for p, owner in self._claims.items() if owner is process and p[0] == inode]:
            del self._claims[place]


class File(io.FileIO):
    """A file that is written by steps of the process that has opened it."""

    def __init__(self, disk: Disk, path: str, mode: str) -> None:
        super().__init__(path, mode.replace("b", ""))
        assert disk.world.me is not None
        self._disk, self._process = disk, disk.world.me
        self._named = path.removeprefix(disk.root)
        self._appends = "a" in mode
        disk.keep(self)
        if "w" in mode or "x" in mode:
            disk.changed(self.fileno(), 0)

    def write(self, content: Any, /) -> int:
        if self._process.dead and self._disk.world.me is not self._process:
            raise Died
        what = f"write {self._named} {len(content)}"
        whence = os.SEEK_END if self._appends else os.SEEK_CUR
        self._disk.changed(self.fileno(), self.seek(0, whence))
        return self._disk.write_some(what, super().write, content)

    def truncate(self, size: int | None = None, /) -> int:
        self._disk.world.step(f"truncate {self._named} {size}")
        left = super().truncate(size)
        self._disk.changed(self.fileno(), left)
        return left

    def close(self) -> None:
        if not self.closed:
            self._disk.forget(self)
        super().close()


@contextmanager
def system_calls(disk: Callable[[], Disk | None]) -> Iterator[None]:
    """Let simulated processes make their calls on the disk that there is; all others as ever."""
    opened, closed, flock, lockf = io.open, os.close, fcntl.flock, fcntl.lockf

    def calling(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*args: Any, **more: Any) -> Any:
            now = disk()
            return real(*args, **more) if now is None else now.call(name, real, *args, **more)

        return call

    def open_(path: Any, mode: str = "r", *args: Any, **more: Any) -> Any:
        now = disk()
        if now is None:
            return opened(path, mode, *args, **more)
        return now.open(opened, path, mode, *args, **more)

    def close(descriptor: int) -> None:
        now = disk()
        closed(descriptor) if now is None else now.close(closed, descriptor)

    def flocked(file: Any, operation: int) -> None:
        now = disk()
        flock(file, operation) if now is None else now.flock(flock, file, operation)

    def lockfed(file: int, operation: int, length: int = 0, start: int = 0) -> None:
        now = disk()
        if now is None:
            lockf(file, operation, length, start)
        else:
            now.lockf(lockf, file, operation, length, start)

    with (
        patch.multiple(os, close=close, **{name: calling(name) for name in CHANGING}),
        patch.multiple(fcntl, flock=flocked, lockf=lockfed),
        patch.object(io, "open", open_),
        patch.object(builtins, "open", open_),
    ):
        yield
