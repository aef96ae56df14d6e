"""What nobody foresaw: one line, a crash log, exit code 70; no secret, nothing half recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.command import only_run, start

# The program with a mistake in it that quotes what it should not.
MISTAKE = """
import sys
from nnexp.__main__ import script
{}
def broken(*_, **__):
    raise LookupError("no such thing at postgresql://me:geheim@host/x,\\n\\x1b[31m or " + "x" * 999)
{}
script()
"""
IN_A_COMMAND = MISTAKE.format("import nnexp.cli.runs as at", "at.open_store = broken")
IN_A_RUN = MISTAKE.format(
    "from nnexp.runner.run_progress import RunProgress as at",
    "def shown(self, report, show=at.show):\n"
    "    broken() if report.epoch == 2 else show(self, report)\n"
    "at.show = shown",
)
ADDRESS = "--tracking-uri=http://me:geheim@host"


def crash(
    code: str, *typed: str, cwd: Path, env: Mapping[str, str] | None = None
) -> tuple[str, str]:
    """Standard error and output of a program with a mistake, which ends with exit code 70."""
    process = start(*typed, cwd=cwd, env=env, python=("-c", code))
    out, err = process.communicate(timeout=100)
    assert process.returncode == 70, err
    assert "geheim" not in err + out
    assert "\x1b" not in err
    return err, out


def test_an_address_space_that_is_too_small_is_one_line(tmp_path: Path) -> None:
    """`ulimit -v`: some library cannot be mapped, a thread cannot start, an array has no place."""
    limited = (
        "import resource as r, sys; r.setrlimit(r.RLIMIT_AS, (600 << 20,) * 2)\n"
        "from nnexp.__main__ import script; script()"
    )
    typed = ("size=100", "train.epochs=1", "tracking.artifacts=light")
    process = start(*typed, cwd=tmp_path, python=("-c", limited))
    out, err = process.communicate(timeout=100)
    assert process.returncode in (1, 2), out + err
    (line,) = err.splitlines()
    assert line.startswith("nnexp: ")
    assert not (tmp_path / "mlflow.db").exists()


def test_a_thread_that_gets_no_memory_to_begin_with_is_not_waited_for(tmp_path: Path) -> None:
    """It dies before its first line, as all do here."""
    code = (
        "import resource as r, sys, threading; r.setrlimit(r.RLIMIT_AS, (1 << 40,) * 2)\n"
        "from nnexp import error_boundary, memory\n"
        "memory.TICK_SECONDS = 0.2; memory.watch_threads()\n"
        "threading.Thread(target=print).start()\n"
        "threading.Thread._bootstrap = lambda thread: None\n"
        "try: threading.Thread(target=print).start()\n"
        "except BaseException as error: sys.exit(error_boundary.answer(error))\n"
    )
    process = start(cwd=tmp_path, python=("-c", code))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "\n")
    assert err == "nnexp: there is not enough memory (a thread gets none to begin with)\n"


def test_a_mistake_becomes_one_line_and_a_log_without_secrets(tmp_path: Path) -> None:
    token = "ghp_0123456789abcdef"
    typed = ("runs", ADDRESS, f"--where={token}")
    err, _ = crash(IN_A_COMMAND, *typed, cwd=tmp_path, env={"MY_TOKEN": token})
    (line,) = err.splitlines()
    assert line.startswith(
        "nnexp: unexpected LookupError: no such thing at postgresql://***@host/x"
    )
    assert len(line) < 600
    (log,) = (tmp_path / ".nnexp").glob("crash-*.log")
    assert str(log) in line
    said = log.read_text()
    assert "in broken" in said
    assert "python -m nnexp runs" in said
    for secret in ("geheim", token, "\x1b"):
        assert secret not in said


def test_the_log_goes_elsewhere_where_the_folder_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".nnexp").write_text("no folder")
    (tmp_path / "scratch").mkdir()
    elsewhere = {"TMPDIR": str(tmp_path / "scratch")}
    err, _ = crash(IN_A_COMMAND, "runs", cwd=tmp_path, env=elsewhere)
    (log,) = (tmp_path / "scratch").glob("crash-*.log")
    assert str(log) in err


def test_the_traceback_is_shown_on_request_without_secrets(tmp_path: Path) -> None:
    err, _ = crash(IN_A_COMMAND, "runs", ADDRESS, cwd=tmp_path, env={"HYDRA_FULL_ERROR": "1"})
    assert "Traceback" in err
    assert "in broken" in err
    assert "***@host/x" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("store", ["there"])
def test_a_run_in_hand_is_closed_as_failed_with_its_reason(store: str, tmp_path: Path) -> None:
    (tmp_path / store).mkdir()
    uri = f"sqlite:///{tmp_path / store / 'mlflow.db'}"
    typed = ("size=100", "train.epochs=3", f"tracking.uri={uri}", "tracking.artifacts=light")
    err, _ = crash(IN_A_RUN, *typed, cwd=tmp_path)
    assert len(err.splitlines()) == 1
    assert len(list((tmp_path / store / ".nnexp").glob("crash-*.log"))) == 1
    run = only_run(MlflowClient(uri))
    assert run.info.status == "FAILED"
    assert run.data.tags["nnexp.reason"].startswith("LookupError: no such thing")
    assert "geheim" not in run.data.tags["nnexp.reason"]
    assert "train/cost" in run.data.metrics
