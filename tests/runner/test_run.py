"""What a single run does before it trains."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from nnexp.runner import run
from tests.small import configured


def test_a_module_that_both_threads_ask_numpy_for_is_there_before_they_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that asks for `np.ma` while the other imports it can end in a RecursionError."""
    monkeypatch.setattr(np, "ma", np.ma)  # Put back as it is.
    monkeypatch.delitem(sys.modules, "numpy.ma")
    there: list[bool] = []
    monkeypatch.setattr(run, "import_client", lambda: there.append("numpy.ma" in sys.modules))
    monkeypatch.setattr(run, "address_space", lambda: None)
    run._ready(configured())
    assert there == [True]
