"""Telling whether the process that works on a run is still there."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from nnexp.config.arguments import cut
from nnexp.record.tags import number
from nnexp.redact import redact

HEARTBEAT_MINUTES = 15
"""A run that cannot be seen from here is taken for dead after so long without a sign of life."""


def started_at(pid: int) -> str:
    """When a process was started, in hundredths of a second; empty if it is not there.

    A process id alone may have been given to another process since. Linux keeps the time since the
    boot, which stays the same when the clock is set; other systems keep the time of day, and what
    they say of the boot is another time whenever they are asked.
    """
    booted = psutil.boot_time() if sys.platform == "linux" else 0.0
    try:
        return str(round(100 * (psutil.Process(pid).create_time() - booted)))
    except psutil.Error:
        return ""


def is_stopped(pid: int) -> bool:
    """Whether a process was told to wait (SIGSTOP, Ctrl-Z), as far as this system tells."""
    with suppress(psutil.Error):
        return str(psutil.Process(pid).status()) == psutil.STATUS_STOPPED
    return False


def described(pid: int) -> str:
    """A process as a person finds it: number, command without secrets, whether it is stopped."""
    typed = ""
    with suppress(psutil.Error):
        typed = redact(" ".join(word for word in psutil.Process(pid).cmdline() if word))
    said = f"process {pid}{f': {cut(typed, 120)}' if typed else ''}"
    return f"{said}; it is stopped, kill -CONT {pid} lets it go on" if is_stopped(pid) else said


def holder_of(path: Path) -> int | None:
    """The process that holds the lock of a file; None where this system does not tell."""
    with suppress(OSError, ValueError, IndexError):
        there = path.stat().st_ino
        for line in Path("/proc/locks").read_text(encoding="utf-8").splitlines():
            words = line.split()
            waits = words[1] == "->"
            if not waits and words[1] == "FLOCK" and int(words[5].rpartition(":")[2]) == there:
                # In another container's namespace it has no number here.
                return int(words[4]) if int(words[4]) > 0 else None
    return None


def boot() -> str:
    """Within what process numbers mean the same: this boot of the system and, on Linux, the PID
    namespace. Containers on one machine may share a host name, and a volume.
    """
    parts = []
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def alive(tags: Mapping[str, str], now: int) -> bool:
    """Whether the owner of a run, by the run's tags, is still at work; `now` in milliseconds.

    One that cannot be seen from here (another host, container or boot) is taken for alive while its
    last sign of life is young.
    """
    pid = number(tags, "nnexp.pid")
    seen = tags.get("nnexp.boot", boot()) == boot()
    if seen and tags.get("nnexp.host") == socket.gethostname() and pid > 0:
        return started_at(pid) == tags.get("nnexp.pid_started") != ""
    return now - number(tags, "nnexp.heartbeat") < HEARTBEAT_MINUTES * 60_000


def exists(pid: int) -> bool:
    """Whether there is a process of that number."""
    return bool(psutil.pid_exists(pid))
