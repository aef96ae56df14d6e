"""A tracking server that goes away, and comes back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from nnexp.record.log import RunLog
from nnexp.record.projection_state import state_of
from tests.runner.served import free_port, server
from tests.runner.typed import by_setting, histories, nnexp, recorded, start, until

PASSWORD = "geheim-und-lang"


def address(port: int) -> str:
    """A server's address with a password, which it does not ask for; nobody may repeat it."""
    return f"tracking.uri=http://user:{PASSWORD}@127.0.0.1:{port}"


def assert_no_secret(folder: Path, *said: str) -> None:
    """Neither on the screen nor in any file below a folder."""
    assert all(PASSWORD not in text for text in said)
    for path in folder.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_values_survive_a_server_that_goes_away(tmp_path: Path) -> None:
    port = free_port()
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
        assert "delivered 1 run " in again.stdout
        assert "nothing was trained" in again.stdout
    (found,) = by_setting(store).values()
    assert [step for step, _ in found[1]["train/cost"]] == list(range(13))
    assert_no_secret(tmp_path, said, again.stdout, again.stderr)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_server_that_comes_back_receives_what_was_kept_while_the_run_goes_on(
    tmp_path: Path,
) -> None:
    port = free_port()
    typed = ("train.epochs=100000", "size=1k", "tracking.artifacts=light", address(port))
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        said = until(process, "Epoch 3 ")
    said += until(process, "does not answer")
    with server(store, port):
        said += until(process, "has received what was kept")
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=400)[0]
    assert process.returncode == 143, said
    (run,) = recorded(store)
    assert run.info.status == "KILLED"
    steps = [step for step, _ in histories(store, run.info.run_id)["train/cost"]]
    assert len(steps) > 10
    assert steps == list(range(len(steps)))
    # It stays to be gone on with; the server has it whole.
    (log,) = (tmp_path / ".nnexp" / "runs").iterdir()
    assert state_of(log).whole == RunLog(log).size
    assert_no_secret(tmp_path, said)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("back", [False, True], ids=["at the next start", "during the sweep"])
def test_runs_of_a_sweep_survive_a_server_that_goes_away(back: bool, tmp_path: Path) -> None:
    port = free_port()
    typed = ("-m", "size=1k", "train.epochs=900", "seed=range(8)", "tracking.artifacts=light",
             address(port))  # fmt: skip
    store = tmp_path / "store"
    store.mkdir()
    with server(store, port):
        process = start(tmp_path, *typed)
        said = until(process, "[1/")
    said += until(process, "does not answer")
    if back:
        with server(store, port):
            said += until(process, "has received what was kept")
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
