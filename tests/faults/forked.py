"""What a function does in a process of its own, which ends with it, dies or hangs alone."""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
from collections.abc import Callable
from typing import TypeVar

SECONDS = 120.0

T = TypeVar("T")


def forked(call: Callable[[], T]) -> T:
    """The result of a call in a fork of this process.

    Raises:
        AssertionError: it raised, died or took too long.
    """
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ours)
        code = 1
        try:
            said = pickle.dumps(call())
            with os.fdopen(theirs, "wb") as pipe:
                pipe.write(said)
            code = 0
        finally:
            if code:
                import traceback

                traceback.print_exc()
            os._exit(code)
    os.close(theirs)
    said, deadline = b"", time.monotonic() + SECONDS
    with os.fdopen(ours, "rb", buffering=0) as pipe:
        while select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            if not (piece := pipe.read(1 << 20)):
                break
            said += piece
        else:
            os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert status == 0, f"a process ended with {os.waitstatus_to_exitcode(status)}"
    result: T = pickle.loads(said)
    return result
