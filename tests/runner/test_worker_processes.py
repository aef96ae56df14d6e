"""Worker processes are forked off one that is ready, and are what new ones would be."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import psutil
import pytest

from nnexp.__main__ import main
from nnexp.errors import UserError
from nnexp.runner.worker import serve
from tests.faults.forked import forked
from tests.runner.typed import COMMAND, by_setting, environment, helpers_of, recorded, start, until

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked off on Linux only")

SWEEP = ("-m", "size=100", "train.epochs=2", "seed=range(4)")


def ended(pids: list[int], seconds: float = 30.0) -> bool:
    """Whether processes end within so long."""
    deadline = time.monotonic() + seconds
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(map(psutil.pid_exists, pids))


@LINUX
def test_a_killed_sweep_leaves_no_process_behind(tmp_path: Path) -> None:
    process = start(tmp_path, "-m", "size=1k", "train.epochs=100000", "seed=range(2)")
    until(process, "sweep of 2 runs")
    while len(helpers_of(process.pid)) < 2:
        assert process.poll() is None
    everything = [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    assert len(everything) > 2, "the process that they are forked off is one more"
    process.kill()
    process.communicate()
    assert ended(everything)


@LINUX
def test_a_killed_server_costs_nothing_but_time(tmp_path: Path) -> None:
    """What it has forked off goes on."""
    process = start(tmp_path, "-m", "size=1k", "train.epochs=100", "seed=range(3)")
    until(process, "sweep of 3 runs")
    while len(helpers_of(process.pid)) < 2:
        assert process.poll() is None
    workers = helpers_of(process.pid)
    (server,) = {psutil.Process(pid).ppid() for pid in workers}
    assert server != process.pid
    os.kill(server, 9)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert [run.info.status for run in recorded(tmp_path)] == ["FINISHED"] * 3


def test_a_file_of_the_working_folder_is_not_imported(tmp_path: Path) -> None:
    """The console script does not look there; nor do its workers."""
    for name in ("random", "numba", "typing"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of somebody else')\n")
    script = Path(sys.executable).with_name("nnexp")
    variables = {k: v for k, v in environment().items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [script, *SWEEP], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "somebody else" not in done.stdout + done.stderr
    assert len(recorded(tmp_path)) == 4


@LINUX
def test_where_variables_have_changed_workers_begin_anew(tmp_path: Path) -> None:
    """A library reads them when it is imported."""
    script = tmp_path / "twice.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            from nnexp.runner.worker_processes import get_ready

            print(get_ready())
            os.environ["NUMBA_CPU_NAME"] = "generic"
            print(get_ready())
            """
        )
    )
    done = subprocess.run(
        [sys.executable, script], env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["True", "False"], done.stderr


def said_by(folder: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """The words that a script says."""
    (script := folder / "script.py").write_text(textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, script], env=env or environment(), capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@LINUX
def test_where_no_socket_can_be_made_workers_begin_anew(tmp_path: Path) -> None:
    """Its path may have 107 characters; folders for temporary files of a cluster have more."""
    (deep := tmp_path / ("of-a-job-" * 12)).mkdir()
    variables = {**environment(), "TMPDIR": str(deep)}
    done = subprocess.run(
        [*COMMAND, *SWEEP], cwd=tmp_path, env=variables, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(recorded(tmp_path)) == 4


@LINUX
def test_a_fork_of_a_process_starts_workers_of_its_own(tmp_path: Path) -> None:
    """The server is no child of it, and cannot be asked whether it is still there."""
    said = said_by(
        tmp_path,
        """
        import os
        from nnexp.runner.worker_processes import get_ready, start

        def tell(pipe):
            pipe.send("told")

        if __name__ == "__main__":
            print(get_ready(), flush=True)
            if os.fork() == 0:
                print(get_ready(), start(tell, ())[1].recv(), flush=True)
                os._exit(0)
            os.wait()
        """,
    )
    assert said == ["True", "False", "told"]


@LINUX
def test_a_fork_server_of_somebody_else_is_not_used(tmp_path: Path) -> None:
    """It may have begun with other variables, and have loaded what we do not know of."""
    said = said_by(
        tmp_path,
        """
        from multiprocessing.forkserver import ensure_running
        from nnexp.runner.worker_processes import get_ready

        ensure_running()
        print(get_ready())
        """,
    )
    assert said == ["False"]


@LINUX
def test_where_the_server_dies_as_it_is_asked_a_worker_begins_anew(tmp_path: Path) -> None:
    said = said_by(
        tmp_path,
        """
        import os, signal
        from multiprocessing import forkserver
        from nnexp.runner import worker_processes

        def tell(pipe):
            pipe.send("told")

        if __name__ == "__main__":
            worker_processes.get_ready()
            os.kill(forkserver._forkserver._forkserver_pid, signal.SIGSTOP)
            worker_processes.get_ready = lambda: True
            pid = forkserver._forkserver._forkserver_pid
            if os.fork() == 0:
                import time
                time.sleep(0.5)
                os.kill(pid, signal.SIGKILL)
                os._exit(0)
            print(worker_processes.start(tell, ())[1].recv())
        """,
    )
    assert said == ["told"]


@LINUX
def test_a_server_ends_as_soon_as_nobody_is_there_whom_it_serves(tmp_path: Path) -> None:
    """`nnexp -m typo=1 | cat` waited for it: it holds the output open."""
    said = said_by(
        tmp_path,
        """
        from nnexp.runner.worker_server import _Watch

        watch = _Watch()
        watch.find_spec("numba")
        print("served", flush=True)
        watch._parent = -1
        watch.find_spec("numba")
        print("alone")
        """,
    )
    assert said == ["served"]


def test_commands_that_train_nothing_get_no_workers_ready(monkeypatch: Any, tmp_path: Path) -> None:
    def begun() -> bool:
        raise AssertionError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nnexp.runner.worker_processes.get_ready", begun)
    with pytest.raises((UserError, SystemExit)):
        main(["runs", "-m"])


@LINUX
@pytest.mark.parametrize("changed", ["os.umask(0o007)", "os.sched_setaffinity(0, {cores[0]})"])
def test_a_worker_has_the_cores_and_the_umask_of_now(tmp_path: Path, changed: str) -> None:
    """Its files would be read by nobody else of a team, or it would use cores that are not ours."""
    said = said_by(
        tmp_path,
        f"""
        import os
        from nnexp.runner.worker_processes import get_ready, start

        def tell(pipe):
            pipe.send((os.umask(0), os.sched_getaffinity(0)))

        if __name__ == "__main__":
            cores = sorted(os.sched_getaffinity(0))
            get_ready()
            {changed}
            seen = start(tell, ())[1].recv()
            print(seen == (os.umask(0), os.sched_getaffinity(0)))
        """,
    )
    assert said == ["True"]


@LINUX
def test_a_server_begun_by_a_script_has_no_threads(tmp_path: Path) -> None:
    """A fork of it would lack them; commands ask for one thread of OpenBLAS, scripts for none."""
    variables = {k: v for k, v in environment().items() if k != "OPENBLAS_NUM_THREADS"}
    text = """
        import os
        from multiprocessing import forkserver
        from nnexp.runner.worker_processes import get_ready, start

        def tell(pipe):
            pipe.send("ready")

        if __name__ == "__main__":
            get_ready()
            start(tell, ())[1].recv()
            pid = forkserver._forkserver._forkserver_pid
            print(len(os.listdir(f"/proc/{pid}/task")), os.environ.get("OPENBLAS_NUM_THREADS"))
        """
    assert said_by(tmp_path, text, variables) == ["1", "None"]


def test_a_worker_has_the_variables_of_who_started_it(tmp_path: Path) -> None:
    """Such as a password that was set in a notebook, and that no message may hold."""

    def work() -> dict[str, str]:
        ours, theirs = Pipe()
        ours.send(None)
        serve(theirs, {}, str(tmp_path), {"MLFLOW_TRACKING_PASSWORD": "set later"})
        return dict(os.environ)

    assert forked(work) == {"MLFLOW_TRACKING_PASSWORD": "set later"}


def test_bits_are_those_of_processes_that_begin_anew(tmp_path: Path) -> None:
    found = []
    for name in ("forked", "anew"):
        (folder := tmp_path / name).mkdir()
        wrapped = (
            "from nnexp.runner import worker_processes as w; w._forks = lambda: False; "
            if name == "anew"
            else ""
        ) + "from nnexp.__main__ import script; script()"
        done = subprocess.run(
            [sys.executable, "-c", wrapped, *SWEEP], cwd=folder, env=environment(),
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(by_setting(folder))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("typed", "reads", "opened"),
    [
        (("search", "train.eta=0.1,1"), "train", {"train"}),
        (("-m", "seed=0,1"), "all", {"train", "t10k"}),
        (("-m", "seed=0,1", "data=fashion"), "all", set()),
    ],
)
def test_the_process_that_searches_are_forked_off_opens_no_test_files(
    typed: tuple[str, ...], reads: str, opened: set[str]
) -> None:
    program = (
        "import os, sys\n"
        "from unittest.mock import patch\n"
        "seen = set()\n"
        "def look(event, given):\n"
        "    if event == 'open' and str(given[0]).endswith('.gz'):\n"
        "        seen.add(os.path.basename(given[0]).partition('-')[0])\n"
        "sys.addaudithook(look)\n"
        "from nnexp import __main__, runner\n"
        "from nnexp.runner import worker_processes\n"
        "with patch.object(worker_processes, 'get_ready') as asked:\n"
        f"    __main__._begin_workers({typed!r}, {reads!r})\n"
        "os.environ[worker_processes.READS] = asked.call_args.args[0]\n"
        "import nnexp.runner.worker_server\n"
        "print(sorted(seen))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout == f"{sorted(opened)}\n"
