from __future__ import annotations

import time

import pytest

from nnexp.record.clock import now


def test_time_goes_on_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before, real = now(), time.time
    monkeypatch.setattr(time, "time", lambda: real() - 86_400.0)
    time.sleep(0.01)
    after = now()
    assert 10 <= after - before < 60_000
