"""The program typed within this process: as `python -m nnexp`, without a new Python each time."""

from __future__ import annotations

import io
import os
import signal
import sys
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from nnexp.__main__ import entry
from tests.cli.command import Typed
from tests.fresh import copied_databases
from tests.stores import variables


def inside(folder: Path, *arguments: str) -> Typed:
    """Type a command in a folder; what it prints, and the code it exits with."""
    out, err = io.StringIO(), io.StringIO()
    before, handlers = (
        Path.cwd(),
        {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)},
    )
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_TRACKING", "HYDRA_"))}
    settings = {**plain, **variables(folder), "COLUMNS": "200"}
    code: object = None
    with ExitStack() as stack:
        stack.enter_context(copied_databases())
        stack.enter_context(patch.dict(os.environ, settings, clear=True))
        stack.enter_context(patch.object(sys, "argv", ["nnexp", *arguments]))
        stack.enter_context(redirect_stdout(out))
        stack.enter_context(redirect_stderr(err))
        os.chdir(folder)
        try:
            entry()
        except SystemExit as ending:
            code = ending.code
        finally:
            os.chdir(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
    assert isinstance(code, int)
    return Typed(folder, code, out.getvalue(), err.getvalue())
