"""What may be searched over, as it is typed; and what is refused, in one line."""

from __future__ import annotations

import re

import pytest

from nnexp.errors import UserError
from nnexp.selection.samplers import sampler_of
from nnexp.selection.spaces import space_of
from nnexp.study.search_space import Choice, Interval


@pytest.mark.parametrize(
    ("typed", "space"),
    [
        ("train.eta=log(0.01,3)", Interval("train.eta", 0.01, 3.0, log=True)),
        ("train.eta=uniform( 0 , 1e-1 )", Interval("train.eta", 0.0, 0.1)),
        ("train.eta=interval(0.1,2)", Interval("train.eta", 0.1, 2.0)),
        ("train.eta=tag(log,interval(0.1,2))", Interval("train.eta", 0.1, 2.0, log=True)),
        (
            "train.batch_size=log(1,100)",
            Interval("train.batch_size", 1.0, 100.0, log=True, whole=True),
        ),
        ("reg=none,l2", Choice("reg", ("none", "l2"))),
        ("train.eta=choice(0.1,1)", Choice("train.eta", ("0.1", "1"))),
        ("stop.patience=range(2,6,2)", Choice("stop.patience", ("2", "4"))),
        ("model.hidden=[30],[100,30]", Choice("model.hidden", ("[30]", "[100,30]"))),
        ("model.hidden=[30]", None),
        ("train.eta=0.5", None),
    ],
)
def test_spaces_are_read_as_they_are_typed(typed: str, space: Interval | Choice | None) -> None:
    assert space_of(typed) == space


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("train.eta=log(3,0.1)", "the lower one first"),
        ("train.eta=log(0,1)", "ends above 0, or uniform(0,1)"),
        ("train.eta=log(0.1)", "cannot be read; allowed: log(LOW,HIGH)"),
        ("train.eta=uniform(0,1e999)", "two finite numbers"),
        ("train.eta=interval(1,", "cannot be read"),
        ("train.eta=choice(1)", "two or more to choose from"),
        ("reg=uniform(0,1)", "no number; allowed: A,B"),
        ("train.batch_size=uniform(1,2.5)", "whole numbers"),
    ],
)
def test_wrong_spaces_are_refused_in_one_line(typed: str, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)) as refusal:
        space_of(typed)
    key = typed.partition("=")[0]
    assert str(refusal.value).startswith(key)
    assert "\n" not in str(refusal.value)


def test_values_are_short_within_the_ends_and_invertible() -> None:
    space = Interval("train.eta", 0.012347, 2.99996, log=True)
    assert [space.at(u) for u in (0.0, 0.5, 1.0)] == ["0.01235", "0.1925", "2.99996"]
    assert abs(space.share(float(space.at(0.3))) - 0.3) < 1e-4


def test_a_grid_has_all_combinations_and_no_more_than_asked_for() -> None:
    spaces = [Choice("reg", ("none", "l2")), Interval("train.eta", 0.1, 10.0, log=True)]
    points = sampler_of("grid", spaces, 7, 0).ask(100)
    assert [tuple(p.values()) for p in points] == [
        ("none", "0.1"), ("none", "1"), ("none", "10"), ("l2", "0.1"), ("l2", "1"), ("l2", "10"),
    ]  # fmt: skip
    with pytest.raises(UserError, match="--trials 3: a grid over these keys has 4 points or more"):
        sampler_of("grid", spaces, 3, 0).ask(1)


@pytest.mark.parametrize("name", ["random", "tpe"])
def test_a_sampler_asks_for_the_same_points_again(name: str) -> None:
    spaces = [Choice("reg", ("none", "l2")), Interval("train.eta", 0.1, 10.0, log=True)]

    def asked(seed: int) -> list[dict[str, str]]:
        sampler, found = sampler_of(name, spaces, 24, seed), []
        for _ in range(6):
            points = sampler.ask(4)
            found += points
            values = [-abs(float(p["train.eta"]) - 1.0) for p in points]
            sampler.tell([(v, 3 if v < -5.0 else None) for v in values])
        return found

    assert asked(1) == asked(1)
    assert asked(1) != asked(2)
    assert all(0.1 <= float(p["train.eta"]) <= 10.0 for p in asked(1))
