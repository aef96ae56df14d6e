"""The bits that every processor gives: `tests/golden.json`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nnexp.config.schema import (
    ACTIVATIONS,
    COSTS,
    DTYPES,
    EXPANSIONS,
    INITIALIZERS,
    REGULARIZERS,
    RNGS,
    SCHEDULES,
    STOPS,
    SUBSETS,
)
from tests import golden
from tests.kernel.processors import PROCESSORS, printed
from tests.small import configured

CODE = "import sys; from tests.golden import main; main({names!r})"

FEW = {"x86-64": ["main", "maxnorm", "dropout"]}
"""Without fused multiply-add, which this processor has. Compiling takes a while."""


@pytest.mark.parametrize("name", golden.CONFIGS)
def test_run_gives_the_bits_that_are_written_down(name: str) -> None:
    assert golden.digest(name) == golden.golden()[name]


@pytest.mark.parametrize("processor", FEW)
def test_kernel_compiled_for_another_processor_gives_the_same_bits(
    processor: str, tmp_path: Path
) -> None:
    few = FEW[processor]
    found = json.loads(printed(CODE.format(names=few), processor, tmp_path))
    assert found == {name: golden.golden()[name] for name in few}


@pytest.mark.slow
@pytest.mark.parametrize("processor", PROCESSORS)
def test_every_run_gives_the_same_bits_for_another_processor(
    processor: str, tmp_path: Path
) -> None:
    names = list(golden.CONFIGS)
    found = json.loads(printed(CODE.format(names=names), processor, tmp_path))
    assert found == golden.golden()


def test_every_choice_there_is_has_a_golden_run() -> None:
    """A cost, say, that is added without one is noticed here."""
    configs = [configured({**golden.SHORT, **values}) for values in golden.CONFIGS.values()]
    assert {c.cost.name for c in configs} == set(COSTS)
    assert {c.model.activation for c in configs} == set(ACTIVATIONS)
    assert {c.reg.name for c in configs} == set(REGULARIZERS)
    assert {c.init.name for c in configs} == set(INITIALIZERS)
    assert {c.expand.name for c in configs} == set(EXPANSIONS)
    assert {c.train.dtype for c in configs} == set(DTYPES)
    assert {c.data.subset for c in configs} == set(SUBSETS)
    assert {c.stop.name for c in configs} == set(STOPS)
    assert {c.schedule.name for c in configs} == set(SCHEDULES)
    assert {c.rng for c in configs} == set(RNGS)
