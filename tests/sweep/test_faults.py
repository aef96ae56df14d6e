"""Damaged checkpoints, two processes at once, a clock set back, a record that is gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from tests.sweep.typed import (
    by_setting,
    client,
    environment,
    nnexp,
    recorded,
    start,
    until,
)


def until_file(folder: Path, pattern: str) -> None:
    """Wait until there is a file of this name."""
    deadline = time.monotonic() + 60
    while not list(folder.glob(pattern)):
        assert time.monotonic() < deadline, pattern
        time.sleep(0.05)


def test_a_checkpoint_with_one_bit_flipped_is_refused_for_the_one_before(tmp_path: Path) -> None:
    # Epochs of 50,000 images take long enough for two checkpoints before the kill.
    typed = ("train.epochs=150", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until_file(tmp_path / ".nnexp", "*.older")
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
    until_file(tmp_path / ".nnexp", "*.checkpoint")
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


def test_a_record_that_was_deleted_is_begun_afresh(tmp_path: Path) -> None:
    """Checkpoints and deliveries that belong to a database that is no more."""
    typed = ("train.epochs=800", "size=1k", "tracking.artifacts=light")
    process = start(tmp_path, *typed)
    until(process, "Epoch 3 ")
    until_file(tmp_path / ".nnexp", "*.checkpoint")
    process.kill()
    process.communicate()
    (tmp_path / "mlflow.db").unlink()
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert len(by_setting(tmp_path)) == 1
