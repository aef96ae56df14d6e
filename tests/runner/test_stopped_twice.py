"""Ctrl-C that is pressed again while a sweep is being stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from nnexp.runner import sweep_training


class Messages:
    """Of workers: Ctrl-C comes while one is waited for, and once more while they are ended."""

    def __init__(self) -> None:
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        raise KeyboardInterrupt

    def close(self) -> None:
        self.closed += 1
        if self.closed == 1:
            signal.raise_signal(signal.SIGINT)


def test_runs_are_marked_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    marked: list[str] = []
    monkeypatch.setattr(sweep_training, "work", lambda *_: 1.0)
    monkeypatch.setattr(sweep_training, "tasks_of", lambda *_: [])
    monkeypatch.setattr(sweep_training, "_board", lambda *_: nullcontext())
    monkeypatch.setattr(sweep_training, "StoreNews", lambda *_: None)
    monkeypatch.setattr(sweep_training, "_mark_stopped", lambda *said: marked.append(said[-1]))
    messages = Messages()
    pool: Any = SimpleNamespace(add=lambda _: None, messages=lambda: messages)
    sweep: Any = SimpleNamespace(
        missing=[0], marks=["a"], configs=[None], datasets=[None], outbox=None, console=None
    )
    with pytest.raises(KeyboardInterrupt):
        sweep_training.train_missing(sweep, {"a"}, pool)
    assert messages.closed == 2
    assert len(marked) == 1
