"""`monitor.test=never`: a run that knows no test data, and is otherwise the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnexp.data.dataset import Examples
from tests.small import configured, exactly, made, run, weight_bytes


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("stop", ["none", "early"])
def test_weights_and_curves_are_those_of_a_run_that_is_tested(engine: str, stop: str) -> None:
    dataset = made()
    nothing = Examples(np.zeros((0, 40), np.uint8), np.zeros(0, np.uint8))
    keys = {"train.engine": engine, "stop.name": stop}
    tested = run(configured({**keys, "monitor.test": "end"}), dataset)
    never = run(configured({**keys, "monitor.test": "never"}), replace(dataset, test=nothing))
    assert weight_bytes(never.parameters) == weight_bytes(tested.parameters)
    assert [exactly(r.metrics) for r in never.reports] == [
        exactly(r.metrics) for r in tested.reports
    ]
    known = {k: v for k, v in tested.final.items() if "test" not in k and k != "gap/final"}
    assert exactly(never.final) == exactly(known)
    assert "best/validation_accuracy" in known
