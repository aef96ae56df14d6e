"""λ where nobody has said it: as in the chapter, whichever way the regularizer is asked for."""

from __future__ import annotations

import pytest

from nnexp.config.command import changed, overrides_of
from nnexp.config.schema import Config

# What λ and elastic's L1 part are at 1,000 images.
STRENGTHS = {
    "none": (0.0, 0.0),
    "l2": (0.1, 0.0),
    "l1": (0.1, 0.0),
    "elastic": (0.1, 0.1),
    "decoupled": (0.1, 0.0),
    "maxnorm": (0.0, 0.0),
}


@pytest.mark.parametrize("name", STRENGTHS)
def test_regularizer_named_by_its_key_has_the_strength_that_its_choice_has(name: str) -> None:
    by_choice = changed(Config(), [f"reg={name}", "size=1k"])
    by_key = changed(Config(), [f"reg.name={name}", "size=1k"])
    assert (by_key.reg.lmbda, by_key.reg.lmbda_l1) == STRENGTHS[name]
    assert by_key == by_choice
    repeats = [] if name == "none" else [f"reg={name}"]
    assert overrides_of(by_key) == [*repeats, "size=1k"]


def test_strength_that_was_typed_stays() -> None:
    assert changed(Config(), ["reg.name=l2", "reg.lmbda=0"]).reg.lmbda == 0
    assert changed(Config(), ["reg.name=l2", "reg.lmbda=7"]).reg.lmbda == 7
