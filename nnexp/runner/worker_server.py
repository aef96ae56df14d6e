"""The process that workers are forked off: importing this module makes it ready.

What workers import, and use for the first time, takes longer than the training of a small run; here
it is done once for all of them. What cannot be had is said by the task that needs it.
"""

import os
import sys
from contextlib import suppress

from nnexp.memory import collect_seldom
from nnexp.output import quiet_matplotlib
from nnexp.runner.worker_processes import READS


class _Watch:
    """Looks, whenever something is imported, whether who has started this process is still there.

    If not, it ends: it would hold the output open that somebody reads to its end (`… | cat`), and
    `multiprocessing` looks only when all is imported.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def find_spec(self, *asked: object) -> None:
        if os.getppid() != self._parent:
            os._exit(0)


def _load_kernel() -> None:
    """Load the kernel, if it is compiled: who starts the workers does that once, and says so."""
    from nnexp.config.schema import Config
    from nnexp.kernel.cache import is_compiled
    from nnexp.train.compiled import compile_kernel

    if is_compiled(usual := Config().train.dtype):
        compile_kernel(usual)


def _describe() -> None:
    """Gather what is recorded of every run, and is the same for all."""
    from nnexp.config.command import command_of
    from nnexp.config.schema import Config
    from nnexp.record.environment import environment

    environment()
    command_of(Config())


def _read_data() -> None:
    """Read the usual data; in a search nobody opens the test files."""
    from nnexp.config.schema import Config
    from nnexp.data.dataset import load_dataset

    if reads := os.environ.get(READS):
        load_dataset(Config().data, test=reads == "all")


def _import() -> None:
    from nnexp.runner.worker import import_ahead

    import_ahead()


collect_seldom()
quiet_matplotlib()
sys.meta_path.insert(0, _watch := _Watch())
for _step in (_import, _load_kernel, _read_data, _describe):
    with suppress(Exception):
        _step()
sys.meta_path.remove(_watch)
