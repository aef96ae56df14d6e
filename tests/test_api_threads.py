"""`nnexp.run` in several threads of a process: one after the other, each recorded whole."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

import nnexp
import nnexp.hydra_app
from nnexp import api
from tests.runner.typed import recorded
from tests.stores import address

SMALL = {"size": "100", "data.n_validation": 50, "model.hidden": "[5]", "train.epochs": 1}


def test_threads_take_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them has in hand (Hydra, standard output) no other one changes."""
    monkeypatch.chdir(tmp_path)
    at_work, most, failed = [0], [0], []
    check = nnexp.hydra_app._checked

    def slow(*args: object, **kwargs: object) -> object:
        at_work[0] += 1
        most[0] = max(most[0], at_work[0])
        time.sleep(0.2)
        at_work[0] -= 1
        return check(*args, **kwargs)

    monkeypatch.setattr("nnexp.hydra_app._checked", slow)

    def train(seed: int) -> None:
        here = {"tracking.uri": address(tmp_path), "tracking.artifacts": "light"}
        try:
            nnexp.run({**SMALL, **here, "seed": seed}, quiet=True)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=train, args=(seed,)) for seed in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert most == [1]
    runs = recorded(tmp_path)
    assert sorted(run.data.params["seed"] for run in runs) == ["0", "1", "2"]
    assert {run.info.status for run in runs} == {"FINISHED"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_process_forked_while_a_thread_is_at_work_has_its_turn() -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with api._TURN[0]:
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    if not (child := os.fork()):
        os._exit(0 if api._TURN[0].acquire(timeout=5) else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
