"""Output that nobody reads, that cannot be written, or that lacks our letters: no run is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.command import environment, nnexp, only_run, start
from tests.stores import address

SHORT = ("size=100", "train.epochs=2", "tracking.artifacts=light")


def shell(line: str, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """A line of the shell in which `$NNEXP` is the program."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=cwd,
        env=environment({"NNEXP": f"{sys.executable} -m nnexp", **extra}),
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
        timeout=200,
    )


def status(folder: Path) -> str:
    """How the one run of a folder ended."""
    return str(only_run(MlflowClient(address(folder))).info.status)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("$NNEXP {} | head -1", ""),
        ("$NNEXP {} <&- >&- 2>&-", ""),
        ("$NNEXP {} > /dev/full", "No space left"),
    ],
    ids=["head", "closed", "full"],
)
def test_a_run_whose_output_is_lost_goes_on_to_its_end(
    line: str, said: str, tmp_path: Path
) -> None:
    done = shell(line.format(" ".join(SHORT)), tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stderr.splitlines()) == bool(said)
    assert said in done.stderr
    assert status(tmp_path) == "FINISHED"


@pytest.mark.slow
def test_a_sweep_whose_reader_goes_away_goes_on_to_its_end(tmp_path: Path) -> None:
    process = start("-m", *SHORT, "seed=0,1", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith("sweep of 2 runs")
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=100) == 0
    client = MlflowClient(address(tmp_path))
    found = client.search_runs([client.get_experiment_by_name("nnexp").experiment_id])
    assert {run.info.status for run in found} == {"FINISHED"}
    assert sum(run.data.tags["nnexp.kind"] == "run" for run in found) == 2


@pytest.mark.parametrize("buffered", ["", "1"])
def test_output_on_a_full_disk_is_named_not_the_folder_of_the_store(
    buffered: str, tmp_path: Path
) -> None:
    done = shell("$NNEXP experiments > /dev/full", tmp_path, PYTHONUNBUFFERED=buffered)
    assert done.returncode == 1
    assert done.stderr == "nnexp: [Errno 28] No space left on device: 'standard output'\n"


def test_what_matplotlib_says_of_its_cache_is_no_business_of_a_run(tmp_path: Path) -> None:
    typed = f"$NNEXP {' '.join(SHORT)} tracking.artifacts=all"
    done = shell(typed.replace(SHORT[-1], "", 1), tmp_path, MPLCONFIGDIR="/dev/null/none")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_workers_of_a_sweep_leave_no_cache_of_matplotlib(tmp_path: Path) -> None:
    """Where it may not write its cache, each of them left a folder among the temporary files."""
    (temporary := tmp_path / "temporary").mkdir()
    typed = "$NNEXP -m size=100 train.epochs=1 seed=1,2"
    done = shell(typed, tmp_path, MPLCONFIGDIR="/dev/null/none", TMPDIR=str(temporary))
    assert done.returncode == 0, done.stderr
    assert list(temporary.iterdir()) == []


def test_an_exit_code_that_says_something_is_kept_though_nobody_reads(tmp_path: Path) -> None:
    process = start("verify", "abc", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "no recorded run" in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=60) == 2


def test_letters_that_an_encoding_lacks_are_written_out(tmp_path: Path) -> None:
    """The digest of the weights is cut with an ellipsis, a curve is drawn with blocks."""
    done = shell(
        f"$NNEXP {' '.join(SHORT)} && $NNEXP show $(ls -d mlartifacts/* | xargs -n1 basename)"
        " && $NNEXP ru̇ns",
        tmp_path,
        PYTHONIOENCODING="ascii",
        LC_ALL="C.UTF-8",
    )
    assert done.returncode == 2
    assert "\\u2026" in done.stdout
    assert "\\u2581" in done.stdout
    (line,) = done.stderr.splitlines()
    assert "ru\\u0307ns" in line
    assert status(tmp_path) == "FINISHED"
    again = shell("$NNEXP ru̇ns-ü", tmp_path, PYTHONIOENCODING="latin-1")
    assert again.returncode == 2
    assert "ru\\u0307ns-\\xfc: allowed" in again.stderr


@pytest.mark.parametrize("typed", ["size=100", "runs", "show abc"])
def test_a_working_folder_that_was_deleted_is_said_in_one_line(typed: str, tmp_path: Path) -> None:
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && $NNEXP {typed}", tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "the working folder cannot be used" in line
    assert os.listdir(tmp_path) == []


def test_version_and_help_need_no_working_folder(tmp_path: Path) -> None:
    done = shell("mkdir gone && cd gone && rmdir ../gone && $NNEXP --version", tmp_path)
    assert done.returncode == 0, done.stderr
    assert nnexp("--version", cwd=tmp_path).stdout == done.stdout


def test_a_locale_without_our_letters_is_no_reason_to_fail(tmp_path: Path) -> None:
    done = shell(f"$NNEXP {' '.join(SHORT)}", tmp_path, LC_ALL="C", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "\\u03b7 = 0.5" in done.stdout
    assert status(tmp_path) == "FINISHED"


def test_warnings_as_errors_end_without_a_traceback(tmp_path: Path) -> None:
    done = shell(f"$NNEXP {' '.join(SHORT)}", tmp_path, PYTHONWARNINGS="error::ResourceWarning")
    assert done.returncode == 0
    assert done.stderr == ""
