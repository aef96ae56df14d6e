"""`tracking.notify`: a command or a web address that is told when a run, sweep or search has ended.

It is the user's convenience and never more: what it does, or fails to do, changes neither the
record nor the exit code, and after `PATIENCE_SECONDS` it is left to itself. It is not recorded: an
address may be a secret, and a command from somebody else's record must never be carried out.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from nnexp.config.schema import Config
from nnexp.errors import NnexpError, UserError
from nnexp.redact import redact

PATIENCE_SECONDS = 5.0


@dataclasses.dataclass(frozen=True)
class Ending:
    """What is told of a run or sweep that has ended."""

    id: str
    kind: str
    """`run`, `sweep` or `search`."""
    status: str
    """`FINISHED` or `FAILED`."""
    experiment: str
    command: str
    reason: str = ""
    """Why it failed."""


def without_notify(config: Config) -> Config:
    """The config that goes to workers and into records."""
    tracking = dataclasses.replace(config.tracking, notify=None)
    return dataclasses.replace(config, tracking=tracking)


@contextmanager
def notified(
    configs: Sequence[Config], kind: str, typed: Sequence[str]
) -> Iterator[Callable[[str], None]]:
    """Tell whom `tracking.notify` names when the block has ended, which says the id.

    Of a request that was refused, only looked at (`sweep.dry_run`) or stopped by the user nothing
    is told.
    """
    target = configs[0].tracking.notify if configs else None
    if target is None or configs[0].sweep.dry_run:
        yield lambda _: None
        return
    experiment, ids = configs[0].tracking.experiment, [""]
    command = shlex.join(["python", "-m", "nnexp", *typed])
    try:
        yield ids.append
    except UserError:
        raise
    except Exception as error:
        run_id = error.run_id if isinstance(error, NnexpError) else ""
        notify(target, Ending(run_id, kind, "FAILED", experiment, command, str(error)))
        raise
    notify(target, Ending(ids[-1], kind, "FINISHED", experiment, command))


def notify(target: str, ending: Ending) -> None:
    """Tell a command (JSON on its standard input) or a web address (JSON by POST)."""
    values = {name: redact(text) for name, text in dataclasses.asdict(ending).items()}
    body = json.dumps(values).encode()
    said = ["no answer within 5 s"]

    def tell() -> None:
        try:
            said[0] = _post(target, body) if is_address(target) else _call(target, body)
        except Exception as error:
            # Whatever a foreign server or program makes of it: training has ended well.
            said[0] = redact(" ".join(str(error).split()))[:200] or type(error).__name__

    # As a daemon it cannot hold up the end of this program either.
    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    teller.join(PATIENCE_SECONDS + 1.0)
    if said[0]:
        shown = f"{shown_target(target)}: {said[0]}"
        with suppress(OSError, ValueError):
            print(f"nnexp: tracking.notify: {shown}", file=sys.stderr, flush=True)


def is_address(target: str) -> bool:
    """Whether it is told over the web."""
    return target.startswith(("http://", "https://"))


def shown_target(target: str) -> str:
    """Who is told, without what may be secret: the host of an address, the name of a program."""
    if not is_address(target):
        return shlex.split(target)[0]
    parts = urlsplit(target)
    return f"{parts.scheme}://{parts.hostname}"


def _post(address: str, body: bytes) -> str:
    request = Request(address, body, {"Content-Type": "application/json"})
    # The scheme was checked: urllib would read files too.
    with urlopen(request, timeout=PATIENCE_SECONDS):
        return ""


def _call(command: str, body: bytes) -> str:
    process = subprocess.Popen(
        shlex.split(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.communicate(body, timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(process)
        process.wait()
        return "stopped, it took longer than 5 s"
    return f"ended with exit code {process.returncode}" if process.returncode else ""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a command, where the system can with all that it has started."""
    if not hasattr(os, "killpg"):  # Windows
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
