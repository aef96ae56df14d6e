"""Telling whether the process that works on a run is still there."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

from nnexp.record.tags import number

HEARTBEAT_MINUTES = 15
"""A run on another host without a sign of life for so long is taken for dead."""


def started_at(pid: int) -> str:
    """When a process was started, in clock ticks since boot; empty if it is not there.

    A process id alone may have been given to another process since.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses and may hold spaces.
    return stat.rpartition(")")[2].split()[19]


def alive(tags: Mapping[str, str], now: int) -> bool:
    """Whether the owner of a run, by the run's tags, is still at work; `now` in milliseconds."""
    pid = number(tags, "nnexp.pid")
    if tags.get("nnexp.host") == socket.gethostname() and pid > 0:
        if Path("/proc/self/stat").exists():
            return started_at(pid) == tags.get("nnexp.pid_started") != ""
        return _exists(pid)
    return now - number(tags, "nnexp.heartbeat") < HEARTBEAT_MINUTES * 60_000


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
