"""The process that workers are forked off: importing this module makes it ready.

What workers import, and use for the first time, takes longer than the training of a small run; here
it is done once for all of them. What cannot be had is said by the task that needs it.
"""

from contextlib import suppress

from nnexp.output import quiet_matplotlib


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


def _import() -> None:
    from nnexp.runner.worker import import_ahead

    import_ahead()


quiet_matplotlib()
for _step in (_import, _load_kernel, _describe):
    with suppress(Exception):
        _step()
