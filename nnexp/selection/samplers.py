"""Which settings a search tries: a grid, random points, or Optuna's tree-structured Parzen
estimator (TPE), which learns from what the trials before gave.

A sampler is asked for a batch of points and told their values, in a fixed order. All draws are from
generators of the search's own seed, so the same search asks for the same points again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.errors import UserError
from nnexp.study.search_space import Choice, Interval, Point, Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

SAMPLERS = ("tpe", "random", "grid")

Told = tuple[float, int | None]
"""A value, −∞ for a run that failed; and the epochs after which it was given up, if it was."""

STARTUP = 10
"""Random points before TPE has something to learn from."""


class Sampler:
    """Proposes points that are known beforehand; `Tpe` learns from their values (greater is
    better)."""

    def __init__(self, points: Iterator[Point]) -> None:
        self._points = points

    def ask(self, count: int) -> list[Point]:
        """The next points, at most `count`; none where there are no more."""
        return list(islice(self._points, count))

    def tell(self, values: Sequence[Told]) -> None:
        """What came of the points that were asked for last."""

    def importance(self) -> Mapping[str, float]:
        """Of each key, its share of the spread of values; empty where that is not known."""
        return {}


def sampler_of(name: str, spaces: Sequence[Space], trials: int, seed: int) -> Sampler:
    """The sampler of a name in `SAMPLERS`.

    Raises:
        UserError: TPE without Optuna.
    """
    if name == "grid":
        return Sampler(_grid(spaces, trials))
    if name == "random":
        return Sampler(_random(spaces, seed))
    return Tpe(spaces, seed)


def _random(spaces: Sequence[Space], seed: int) -> Iterator[Point]:
    bits = np.random.default_rng(seed)
    while True:
        yield {space.key: space.at(bits.random()) for space in spaces}


def _grid(spaces: Sequence[Space], trials: int) -> Iterator[Point]:
    """All combinations; of each interval as many values as `trials` leave room for, ends included.

    Raises:
        UserError: the lists alone make more combinations than that.
    """
    listed = math.prod(len(s.values) for s in spaces if isinstance(s, Choice))
    intervals = sum(isinstance(s, Interval) for s in spaces)
    points = 1
    while intervals and listed * (points + 1) ** intervals <= trials:
        points += 1
    least = listed * 2**intervals
    if least > trials:
        raise UserError(f"--trials {trials}: a grid over these keys has {least} points or more")
    shares = [k / (points - 1) for k in range(points)] if points > 1 else []
    values = [
        s.values if isinstance(s, Choice) else dict.fromkeys(map(s.at, shares)) for s in spaces
    ]
    for combination in product(*values):
        yield dict(zip((s.key for s in spaces), combination, strict=True))


class Tpe(Sampler):
    """Optuna's TPE in memory: J. Bergstra et al., NIPS 24 (2011), 2546-2554."""

    def __init__(self, spaces: Sequence[Space], seed: int) -> None:
        try:
            import optuna
        except ImportError as error:
            raise UserError(
                "--sampler tpe: needs Optuna: pip install 'nnexp[search]'; allowed without it: "
                "random, grid"
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._spaces = {space.key: space for space in spaces}
        self._distributions = {space.key: _distribution(space) for space in spaces}
        sampler = optuna.samplers.TPESampler(
            seed=seed, n_startup_trials=STARTUP, multivariate=True, constant_liar=True
        )
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: list[Any] = []

    def ask(self, count: int) -> list[Point]:
        """The next points."""
        self._asked = [self._study.ask(self._distributions) for _ in range(count)]
        return [
            {key: _text(self._spaces[key], value) for key, value in trial.params.items()}
            for trial in self._asked
        ]

    def tell(self, values: Sequence[Told]) -> None:
        """A point that failed counts as worse than all others: it is not gone back to."""
        from optuna.trial import TrialState

        for trial, (value, epochs) in zip(self._asked, values, strict=True):
            if epochs is None:
                self._study.tell(trial, value)
            else:
                trial.report(value, epochs)
                self._study.tell(trial, state=TrialState.PRUNED)

    def importance(self) -> Mapping[str, float]:
        """PED-ANOVA: S. Watanabe et al., IJCAI 32 (2023), 4389-4396."""
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        trials = self._study.get_trials(deepcopy=False)
        finite = [t for t in trials if t.value is not None and math.isfinite(t.value)]
        if len(self._spaces) < 2 or len(finite) < 2 * STARTUP:
            return {}
        try:
            return get_param_importances(self._study, evaluator=PedAnovaImportanceEvaluator())
        except (ValueError, RuntimeError):  # All trials gave the same.
            return {}


def _distribution(space: Space) -> BaseDistribution:
    from optuna import distributions

    if isinstance(space, Choice):
        return distributions.CategoricalDistribution(space.values)
    if space.whole:
        return distributions.IntDistribution(int(space.low), int(space.high), log=space.log)
    return distributions.FloatDistribution(space.low, space.high, log=space.log)


def _text(space: Space, value: Any) -> str:
    return str(value) if isinstance(space, Choice) else space.text(float(value))
