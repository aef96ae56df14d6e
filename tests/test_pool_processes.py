"""Runs in processes of a `multiprocessing.Pool`, which may start none of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.runner.typed import environment, recorded
from tests.stores import variables

SCRIPT = """\
import multiprocessing
import nnexp

SMALL = {"size": "100", "data.n_validation": 50, "model.hidden": "[5]", "train.epochs": 1}

def work(seed):
    return nnexp.run({**SMALL, "seed": seed}, quiet=True).run_id

def swept(seeds):
    try:
        nnexp.sweep({**SMALL, "seed": seeds}, quiet=True)
    except nnexp.UserError as error:
        return str(error)

if __name__ == "__main__":
    with multiprocessing.get_context("METHOD").Pool(1) as pool:
        print(*pool.map(work, [1]), *pool.map(swept, [[2, 3]]))
"""


def test_a_process_of_a_pool_records_whole_runs(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.replace("METHOD", "fork" if os.name == "posix" else "spawn"))
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**environment(), **variables(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    (run,) = recorded(tmp_path)
    folder = tmp_path / "mlartifacts" / run.info.run_id / "artifacts"
    assert {"figures", "model"} < {path.name for path in folder.iterdir()}
    run_id, said = done.stdout.split(maxsplit=1)
    assert run_id == run.info.run_id
    assert said.startswith("sweep.executor=processes: this is a process of a multiprocessing.Pool")
