"""What only Linux and macOS have is done without where a system lacks it, as Windows does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.cli.command import environment

WITHOUT = """
import errno, os, signal, sys
import filelock  # Has a lock of its own for Windows.
sys.modules["fcntl"] = None
del signal.SIGHUP, signal.pthread_sigmask, os.sched_getaffinity, errno.EDQUOT
from nnexp.__main__ import script
if __name__ == "__main__":
    script()
"""


def test_a_sweep_without_what_windows_lacks(tmp_path: Path) -> None:
    (tmp_path / "without.py").write_text(WITHOUT)
    words = "-m size=100 train.epochs=1 model.hidden=[5] seed=0,1 tracking.artifacts=none"
    ended = subprocess.run(
        [sys.executable, "without.py", *words.split()],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "[2/2]" in ended.stdout
    assert ended.stderr == ""
