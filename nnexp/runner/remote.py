"""What a worker of a cluster does: trains one task, and sends back what came of it.

It shares no folder with the process that records: artifacts travel with the answer. A checkpoint
is kept where the task says if this machine has that folder, else beside the worker.
"""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from nnexp import __version__
from nnexp.errors import NnexpError
from nnexp.record.checkpoint import CheckpointFile
from nnexp.runner.worker import (
    Finished,
    Message,
    Note,
    Progress,
    Stopped,
    Task,
    carry_out,
    make_ready,
)
from nnexp.source import source_sha256

TOPIC = "nnexp"
"""Under which progress and notes are told while a run is trained."""

_ready: set[str] = set()


@dataclass(frozen=True)
class Answer:
    """What became of a task: its last message, and the artifacts by their path in the folder."""

    message: Message
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Machine:
    """What a worker would train with."""

    nnexp: str
    source: str
    python: str
    numba: str
    processor: str


def machine() -> Machine:
    """This process."""
    return Machine(
        __version__,
        source_sha256(),
        platform.python_version(),
        version("numba"),
        platform.machine(),
    )


class _Teller:
    """Takes the messages of a task: progress and notes are told at once, the last is the answer."""

    last: Message | None = None

    def send(self, message: Message, /) -> None:
        """Tell a message, or keep it as the answer."""
        from distributed import get_worker

        if isinstance(message, Progress):
            get_worker().log_event(TOPIC, ("progress", message.run, message.epoch))
        elif isinstance(message, Note):
            get_worker().log_event(TOPIC, ("note", message.run, message.text))
        else:
            self.last = message


def told(event: Sequence[Any]) -> Message:
    """The message that a worker has told."""
    kind, run, what = event
    return Progress(int(run), int(what)) if kind == "progress" else Note(int(run), str(what))


def train_task(task: Task, source: Mapping[str, str]) -> Answer:
    """Train a task on a worker of a cluster; `source` as in `worker.serve`."""
    from distributed import get_worker

    local = Path(get_worker().local_directory)
    checkpoint = task.checkpoint
    if not checkpoint.path.parent.is_dir():
        checkpoint = CheckpointFile(local, checkpoint.path.stem)
    try:
        make_ready(task, source, _ready)
    except NnexpError as error:
        return Answer(Stopped(error), {})
    with tempfile.TemporaryDirectory(dir=local) as folder:
        teller = _Teller()
        carry_out(replace(task, folder=Path(folder), checkpoint=checkpoint), teller)
        assert teller.last is not None
        if not isinstance(teller.last, Finished) or teller.last.ended.folder is None:
            return Answer(teller.last, {})
        root = teller.last.ended.folder
        paths = [path for path in root.rglob("*") if path.is_file()]
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
        return Answer(teller.last, files)
