"""Faults as they happen: processes killed at random moments, damaged files, a store gone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.sweep.typed import by_setting, environment, histories, nnexp, recorded, start

RUN = ("size=1k", "train.epochs=40", "dropout=half", "reg=l2", "tracking.artifacts=light")
SWEEP = ("-m", "size=1k", "train.epochs=30", "reg=none,l2", "seed=range(4)")
MOMENTS = int(os.environ.get("NNEXP_KILLS", "3"))
"""Kills per test; `make test-slow` asks for the full number."""


def killed(folder: Path, typed: tuple[str, ...], rng: random.Random, longest: float) -> None:
    """Start a command and kill it, hard, at a random moment."""
    process = start(folder, *typed)
    try:
        process.wait(timeout=rng.uniform(0.5, longest))
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert nnexp(folder, *RUN).returncode == 0
    return folder


def test_a_run_killed_again_and_again_ends_in_the_same_bits(
    undisturbed: Path, tmp_path: Path
) -> None:
    rng = random.Random(1)
    for _ in range(MOMENTS):
        killed(tmp_path, RUN, rng, 7.0)
    done = nnexp(tmp_path, *RUN)
    assert done.returncode == 0, done.stderr
    finished = [r for r in recorded(tmp_path) if r.info.status == "FINISHED"]
    assert len(finished) == 1
    assert all(r.info.status != "RUNNING" for r in recorded(tmp_path))
    for run in recorded(tmp_path):
        if run.info.status != "FINISHED":
            # Killed before its first checkpoint: it stays in the record, marked.
            assert run.info.status == "KILLED"
            client_tags = run.data.tags
            assert "gone" in client_tags["nnexp.reason"]
    assert finished[0].data.tags["nnexp.weights_sha256"] == next(
        r.data.tags["nnexp.weights_sha256"] for r in recorded(undisturbed)
    )
    (reference,) = recorded(undisturbed)
    ours = histories(tmp_path, finished[0].info.run_id)
    assert ours == histories(undisturbed, reference.info.run_id)
    assert not list((tmp_path / ".nnexp").glob("*.checkpoint*"))


def test_a_sweep_killed_again_and_again_ends_as_if_never_interrupted(tmp_path: Path) -> None:
    reference, folder = tmp_path / "reference", tmp_path / "killed"
    reference.mkdir()
    folder.mkdir()
    assert nnexp(reference, *SWEEP).returncode == 0
    rng = random.Random(2)
    for _ in range(MOMENTS):
        killed(folder, SWEEP, rng, 9.0)
    done = nnexp(folder, *SWEEP)
    assert done.returncode == 0, done.stderr
    assert by_setting(folder) == by_setting(reference)
    parents = recorded(folder, "sweep")
    assert [p.info.status for p in parents] == ["FINISHED"]


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


def test_a_checkpoint_with_one_bit_flipped_is_refused_for_the_one_before(
    undisturbed: Path, tmp_path: Path
) -> None:
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
    import socket

    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                time.sleep(1.0)
                return
        time.sleep(0.2)
    raise TimeoutError(f"no server on port {port}")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_values_survive_a_server_that_goes_away(tmp_path: Path) -> None:
    port = _free_port()
    typed = ("train.epochs=12", "tracking.artifacts=light", f"tracking.uri=http://127.0.0.1:{port}")
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("Epoch 2 "):
                break
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0, said
    assert "does not answer" in said
    assert "nothing is lost" in said
    with server(store, port):
        again = nnexp(tmp_path, *typed)
        assert again.returncode == 0, again.stderr
        assert "delivered 1 runs" in again.stdout
        assert "nothing was trained" in again.stdout
    (found,) = by_setting(store).values()
    assert [step for step, _ in found[1]["train/cost"]] == list(range(13))


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
