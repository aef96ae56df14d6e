"""A record against what came of training its run again."""

from __future__ import annotations

from nnexp.study.verification import Difference, Trained, judge

TAGS = {"nnexp.weights_sha256": "ab"}


def test_a_value_that_only_one_side_has_is_a_difference() -> None:
    less, more = {"train/cost": {1: 0.5}}, {"train/cost": {1: 0.5, 2: 0.25}}
    lacking = judge("run", TAGS, {}, less, Trained(more, "ab"))
    assert lacking.differences == (Difference("train/cost", 2, None, 0.25),)
    assert not lacking.verified
    assert str(lacking.differences[0]) == "train/cost at step 2: only in ours"
    beyond = judge("run", TAGS, {}, more, Trained(less, "ab"))
    assert beyond.differences == (Difference("train/cost", 2, 0.25, None),)
    # Without weights only some epochs were trained: what is recorded of those is compared.
    assert judge("run", TAGS, {}, less, Trained(more, "")).verified
