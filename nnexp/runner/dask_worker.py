"""What a worker of a Dask cluster does: trains one task, and sends back what came of it.

Log, artifacts and checkpoint are kept where the task says if its machine has that folder, else
beside the worker, from where log and artifacts travel with the answer.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nnexp import __version__
from nnexp.errors import NnexpError
from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.fingerprint import environment_sha256
from nnexp.record.log_folder import RUNS
from nnexp.record.projection_state import state_of
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
    """What became of a task: its last message, and the files of its log's folder, by path."""

    message: Message
    files: Mapping[str, bytes]
    """Empty where the folder is one that both machines have."""


@dataclass(frozen=True)
class Machine:
    """What a worker would train with: by default this process."""

    nnexp: str = __version__
    source: str = field(default_factory=source_sha256)
    python: str = field(default_factory=platform.python_version)
    processor: str = field(default_factory=platform.machine)
    environment: str = field(default_factory=environment_sha256)
    """Digest of what decides how NumPy rounds; with `train.engine=numpy` it must be the same."""


def told(event: Sequence[Any]) -> Message:
    """The message that a worker has told."""
    kind, run, what = event
    return Progress(int(run), int(what)) if kind == "progress" else Note(int(run), str(what))


def _is_shared(task: Task) -> bool:
    """Whether the folder beside the store is here too: the log of the sweep itself lies in it."""
    folders = task.folder.parent.glob("*/")
    return any(state_of(folder).run_id == task.begun.tags["nnexp.sweep"] for folder in folders)


def train_task(task: Task, source: Mapping[str, str]) -> Answer:
    """Train a task on a worker of a cluster; `source` as in `worker.serve`."""
    from distributed import get_worker

    worker = get_worker()
    local = Path(worker.local_directory)
    try:
        make_ready(task, source, _ready)
    except NnexpError as error:
        return Answer(Stopped(error), {})
    shared, ended = _is_shared(task), list[Message]()

    def tell(message: Message) -> None:
        """Progress and notes are told at once; what comes last is the answer."""
        if isinstance(message, Progress):
            worker.log_event(TOPIC, ("progress", message.run, message.epoch))
        elif isinstance(message, Note):
            worker.log_event(TOPIC, ("note", message.run, message.text))
        else:
            ended.append(message)

    if not shared:
        file = CheckpointFile(local, task.checkpoint.path.stem)
        task = replace(task, folder=local / RUNS / task.folder.name, checkpoint=file)
    carry_out(task, tell)
    (answer,) = ended
    if shared or not isinstance(answer, Finished):
        return Answer(answer, {})
    paths = [path for path in task.folder.rglob("*") if path.is_file()]
    files = {path.relative_to(task.folder).as_posix(): path.read_bytes() for path in paths}
    shutil.rmtree(task.folder)
    return Answer(answer, files)
