"""Faults as they happen: processes killed at random moments, damaged files, a store gone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.sweep.typed import (
    by_setting,
    client,
    environment,
    histories,
    nnexp,
    recorded,
    start,
)

FEW = int(os.environ.get("NNEXP_KILLS", "3"))
KILLS = [FEW, pytest.param(50, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
"""Kills per test: a few, and in `make test-slow` fifty."""


def long_run(kills: int) -> tuple[str, ...]:
    """A run that is not over before it was killed so often: a second is lost at most each time."""
    epochs = 60 + 15 * kills
    return (
        "size=1k", f"train.epochs={epochs}", "dropout=half", "reg=l2", "tracking.artifacts=light"
    )  # fmt: skip


def long_sweep(kills: int) -> tuple[str, ...]:
    seeds = f"seed=range({4 + kills // 5})"
    return ("-m", "size=1k", "train.epochs=60", "reg=none,l2", seeds, "sweep.fuse=1")


def killed(folder: Path, typed: tuple[str, ...], rng: random.Random, sign: str) -> bool:
    """Start a command and kill it, hard: at a random moment, or at one after it shows a sign.

    Whether it was still at work then.
    """
    process = start(folder, *typed)
    assert process.stdout is not None
    if rng.random() < 0.7:
        for line in process.stdout:
            if line.startswith(sign):
                break
        longest = 3.0
    else:
        longest = 8.0
    try:
        process.wait(timeout=rng.uniform(0.0, longest))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kills", KILLS)
def test_a_run_killed_again_and_again_ends_in_the_same_bits(kills: int, tmp_path: Path) -> None:
    run, (undisturbed, folder) = long_run(kills), two_folders(tmp_path)
    assert nnexp(undisturbed, *run).returncode == 0
    rng = random.Random(1)
    survived = sum(killed(folder, run, rng, "Epoch ") for _ in range(kills))
    done = nnexp(folder, *run)
    assert done.returncode == 0, done.stderr
    finished = [r for r in recorded(folder) if r.info.status == "FINISHED"]
    assert len(finished) == 1
    assert all(r.info.status != "RUNNING" for r in recorded(folder))
    for run_ in recorded(folder):
        if run_.info.status != "FINISHED":
            # Killed before its first checkpoint: it stays in the record, marked.
            assert run_.info.status == "KILLED"
            assert "gone" in run_.data.tags["nnexp.reason"]
    (reference,) = recorded(undisturbed)
    weights = [r.data.tags["nnexp.weights_sha256"] for r in (finished[0], reference)]
    assert weights[0] == weights[1]
    ours = histories(folder, finished[0].info.run_id)
    assert ours == histories(undisturbed, reference.info.run_id)
    assert not list((folder / ".nnexp").glob("*.checkpoint*"))
    values = sum(len(steps) for steps in ours.values())
    print(f"killed {survived} times at work: {values} values, none lost or doubled")


@pytest.mark.parametrize("kills", KILLS)
def test_a_sweep_killed_again_and_again_ends_as_if_never_interrupted(
    kills: int, tmp_path: Path
) -> None:
    sweep, (reference, folder) = long_sweep(kills), two_folders(tmp_path)
    assert nnexp(reference, *sweep).returncode == 0
    rng = random.Random(2)
    survived = sum(killed(folder, sweep, rng, "sweep of ") for _ in range(kills))
    done = nnexp(folder, *sweep)
    assert done.returncode == 0, done.stderr
    assert by_setting(folder) == by_setting(reference)
    parents = recorded(folder, "sweep")
    assert [p.info.status for p in parents] == ["FINISHED"]
    assert not list((folder / ".nnexp").glob("sweep-*/"))
    print(f"killed {survived} times at work: {len(by_setting(folder))} runs, none lost or doubled")


def two_folders(parent: Path) -> tuple[Path, Path]:
    found = parent / "undisturbed", parent / "disturbed"
    for folder in found:
        folder.mkdir()
    return found


def test_a_worker_that_is_killed_costs_only_its_unfinished_runs(tmp_path: Path) -> None:
    typed = ("-m", "size=1k", "train.epochs=150", "seed=range(4)", "sweep.workers=2")
    process = start(tmp_path, *typed)
    deadline = time.monotonic() + 60
    workers: list[int] = []
    while len(workers) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
        workers = _workers_of(process.pid)
    assert len(workers) == 2
    time.sleep(2.0)
    os.kill(workers[0], signal.SIGKILL)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert len(by_setting(tmp_path)) == 4


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_sweep_says_so_and_goes_on(tmp_path: Path, number: int, code: int) -> None:
    typed = ("-m", "size=1k", "train.epochs=200", "seed=range(4)")
    process = start(tmp_path, *typed)
    deadline = time.monotonic() + 60
    while not _workers_of(process.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(2.0)
    os.kill(process.pid, number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    (parent,) = recorded(tmp_path, "sweep")
    assert parent.info.status == "KILLED"
    assert all(r.info.status == "FINISHED" for r in recorded(tmp_path))


def test_a_checkpoint_with_one_bit_flipped_is_refused_for_the_one_before(tmp_path: Path) -> None:
    # Epochs of 50,000 images take long enough for two checkpoints before the kill.
    typed = ("train.epochs=12", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    deadline = time.monotonic() + 60
    while not list((tmp_path / ".nnexp").glob("*.older")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    (path,) = (tmp_path / ".nnexp").glob("*.checkpoint")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert "is damaged" in done.stdout
    assert "the one before it is whole" in done.stdout
    assert "going on after epoch" in done.stdout


def test_two_processes_asked_for_one_run_train_it_once(tmp_path: Path) -> None:
    typed = ("size=1k", "train.epochs=60", "tracking.artifacts=light")
    both = [start(tmp_path, *typed) for _ in range(2)]
    said = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("nothing was trained" in text for text in said) == 1
    assert len(by_setting(tmp_path)) == 1


@contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real MLflow server on its own SQLite file."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        command,
        env={**environment(), "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    """Until the server answers a request, which a slow machine does well after it listens."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with (
            suppress(OSError),
            urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(f"no server on port {port}")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


PASSWORD = "geheim-und-lang"


def address(port: int) -> str:
    """A server's address with a password, which it does not ask for; nobody may repeat it."""
    return f"tracking.uri=http://user:{PASSWORD}@127.0.0.1:{port}"


def until(process: subprocess.Popen[str], *signs: str) -> str:
    """Read what a command prints until a line begins with, or holds, one of some signs."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if any(sign in line for sign in signs):
            break
    return said


def assert_no_secret(folder: Path, *said: str) -> None:
    """Neither on the screen nor in any file below a folder."""
    assert all(PASSWORD not in text for text in said)
    for path in folder.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_values_survive_a_server_that_goes_away(tmp_path: Path) -> None:
    port = _free_port()
    typed = ("train.epochs=12", "tracking.artifacts=light", address(port))
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        said = until(process, "Epoch 2 ")
    said += process.communicate(timeout=400)[0]
    assert process.returncode == 0, said
    assert "does not answer" in said
    assert "nothing is lost" in said
    with server(store, port):
        again = nnexp(tmp_path, *typed, timeout=400)
        assert again.returncode == 0, again.stderr
        assert "delivered 1 runs" in again.stdout
        assert "nothing was trained" in again.stdout
    (found,) = by_setting(store).values()
    assert [step for step, _ in found[1]["train/cost"]] == list(range(13))
    assert_no_secret(tmp_path, said, again.stdout, again.stderr)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_server_that_comes_back_receives_what_was_kept_while_the_run_goes_on(
    tmp_path: Path,
) -> None:
    port = _free_port()
    typed = ("train.epochs=100000", "size=1k", "tracking.artifacts=light", address(port))
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        said = until(process, "Epoch 3 ")
    said += until(process, "does not answer")
    with server(store, port):
        said += until(process, "answers again")
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=400)[0]
    assert process.returncode == 143, said
    (run,) = recorded(store)
    assert run.info.status == "KILLED"
    steps = [step for step, _ in histories(store, run.info.run_id)["train/cost"]]
    assert len(steps) > 10
    assert steps == list(range(len(steps)))
    assert not list((tmp_path / ".nnexp" / "undelivered").iterdir())
    assert_no_secret(tmp_path, said)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("back", [False, True], ids=["at the next start", "during the sweep"])
def test_runs_of_a_sweep_survive_a_server_that_goes_away(back: bool, tmp_path: Path) -> None:
    port = _free_port()
    typed = ("-m", "size=1k", "train.epochs=900", "seed=range(8)", "tracking.artifacts=light",
             "sweep.fuse=1", address(port))  # fmt: skip
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        said = until(process, "[1/")
    said += until(process, "does not answer")
    if back:
        with server(store, port):
            said += until(process, "answers again")
            said += process.communicate(timeout=400)[0]
            assert "nothing is lost" not in said
    else:
        said += process.communicate(timeout=400)[0]
        assert "nothing is lost" in said
        with server(store, port):
            again = nnexp(tmp_path, *typed, timeout=400)
            assert again.returncode == 0, again.stderr
            assert "8 recorded already, 0 to train" in again.stdout
            said += again.stdout + again.stderr
    assert process.returncode == 0, said
    found = by_setting(store)
    assert len(found) == 8
    for _, metrics in found.values():
        assert [step for step, _ in metrics["train/cost"]] == list(range(901))
    (parent,) = recorded(store, "sweep")
    assert parent.info.status == "FINISHED"
    assert len(recorded(store, "summary")) == 1
    assert_no_secret(tmp_path, said)


JUMPY = """
import time
real, begun = time.time, time.monotonic()
# Every second the clock is set back by an hour.
time.time = lambda: real() - 3600.0 * int(time.monotonic() - begun)
"""


def test_a_clock_that_is_set_back_disturbs_nothing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(JUMPY)
    typed = ("size=1k", "train.epochs=60", "tracking.artifacts=light")
    path = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    done = nnexp(tmp_path, *typed, env={"PYTHONPATH": path})
    assert done.returncode == 0, done.stderr
    ((_, metrics),) = by_setting(tmp_path).values()
    assert [step for step, _ in metrics["train/cost"]] == list(range(61))
    (run,) = recorded(tmp_path)
    values = client(tmp_path).get_metric_history(run.info.run_id, "train/cost")
    stamps = [m.timestamp for m in sorted(values, key=lambda m: m.step)]
    assert stamps == sorted(stamps)
    assert run.info.start_time <= stamps[0]
    assert stamps[-1] <= run.info.end_time
    assert "nothing was trained" in nnexp(tmp_path, *typed).stdout


def test_a_checkpoint_of_another_experiment_is_left_alone(tmp_path: Path) -> None:
    typed = ("train.epochs=100000", "size=1k", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until(process, "Epoch 3 ")
    deadline = time.monotonic() + 60
    while not list((tmp_path / ".nnexp").glob("*.checkpoint")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    other = start(tmp_path, *typed, "tracking.experiment=other")
    until(other, "Epoch 3 ")
    other.send_signal(signal.SIGTERM)
    other.communicate()
    again = start(tmp_path, *typed)
    said = until(again, "going on after epoch", "Epoch 0 ")
    again.send_signal(signal.SIGTERM)
    again.communicate()
    assert "going on after epoch" in said


def test_a_killed_run_leaves_no_process_behind(tmp_path: Path) -> None:
    """Not even the one that is to draw its figures."""
    process = start(tmp_path, "size=1k", "train.epochs=100000")
    until(process, "Epoch 3 ")
    helpers = _workers_of(process.pid)
    assert helpers
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in helpers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in helpers if Path(f"/proc/{pid}").exists()]


def test_a_run_outlives_the_process_that_draws_its_figures(tmp_path: Path) -> None:
    process = start(tmp_path, "size=1k", "train.epochs=200")
    until(process, "Epoch 3 ")
    for pid in _workers_of(process.pid):
        os.kill(pid, signal.SIGKILL)
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    (run,) = recorded(tmp_path)
    assert run.info.status == "FINISHED"
    names = {entry.path for entry in client(tmp_path).list_artifacts(run.info.run_id)}
    assert {"figures", "model", "weights.npz"} <= names


def test_a_record_that_was_deleted_is_begun_afresh(tmp_path: Path) -> None:
    """Checkpoints and deliveries that belong to a database that is no more."""
    typed = ("train.epochs=100", "size=1k", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until(process, "Epoch 3 ")
    deadline = time.monotonic() + 60
    while not list((tmp_path / ".nnexp").glob("*.checkpoint")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.communicate()
    (tmp_path / "mlflow.db").unlink()
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert len(by_setting(tmp_path)) == 1


def _workers_of(pid: int) -> list[int]:
    """Processes that the pool of a command has started."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == pid and b"spawn_main" in line:
            found.append(int(folder.name))
    return found
