"""How often are verdicts of `compare` wrong, and after how many seeds do they come? Simulates.

    python benchmarks/error_rates.py [--cases 10000] [--seed 1]

docs/statistics.md shows what this prints: the error of looking again and again at a t test and at
the anytime-valid one, of families of settings, of "equivalent", and the seeds that a verdict takes.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from math import log

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from nnexp.study.decision_rule import ALPHA, Rule
from nnexp.study.improvement import paired_probability
from nnexp.study.rounds import next_round
from nnexp.study.sequential import log_e
from nnexp.study.setting import Pair, Setting, pairs_of
from nnexp.study.statistics import seeds_needed, summarize

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

FIRST, LAST = 5, 100
"""Looked at from so many seeds on, up to so many."""

NOTHING = summarize([0.0])
"""What is said of a setting by itself is not looked at here."""


def _accuracies(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Differences of accuracies measured on 10,000 images, each with a spread of 0.2 points."""
    a, b = (rng.binomial(10_000, rng.normal(0.955, 0.002, shape)) for _ in range(2))
    return (a - b) / 10_000


DIFFERENCES: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "accuracies: spread 0.2 points, measured on 10,000": _accuracies,
    "Student's t, 5 degrees": lambda rng, shape: rng.standard_t(5, shape),
    "skewness -1 (beta(60, 3))": lambda rng, shape: rng.beta(60, 3, shape) - 60 / 63,
    "skewness 2 (exponential)": lambda rng, shape: rng.exponential(size=shape) - 1.0,
}
"""Differences between paired runs of settings with the same mean."""


def t_statistics(z: Floats, centre: float = 0.0) -> Floats:
    """Of the first n values, for all n from 2 on: shape (cases, seeds − 1)."""
    n = np.arange(1, z.shape[1] + 1)
    means = np.cumsum(z, axis=1) / n
    squares = np.cumsum(z**2, axis=1) - n * means**2
    error = np.sqrt(np.maximum(squares[:, 1:], 0.0) / (n[1:] - 1) / n[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.nan_to_num((means[:, 1:] - centre) / error, posinf=np.inf, neginf=-np.inf)


def seeds(z: Floats) -> Floats:
    """The numbers of seeds that go with `t_statistics`."""
    return np.arange(2.0, z.shape[1] + 1)


def t_rejects(z: Floats) -> Flags:
    """Whether a t test at 5 % rejects, by case and number of seeds."""
    return 2.0 * stdtr(seeds(z) - 1, -np.abs(t_statistics(z))) <= ALPHA


def e_rejects(z: Floats, centre: float = 0.0) -> Flags:
    """Whether E reaches 20, by case and number of seeds."""
    return log_e(t_statistics(z, centre), seeds(z)) >= log(1.0 / ALPHA)


def calls_equivalent(z: Floats, margin: float, *, anytime: bool) -> Flags:
    """Whether the mean is called smaller than the margin, by case and number of seeds."""
    above, below = t_statistics(z, -margin), t_statistics(z, margin)
    if anytime:
        inside = (above > 0.0) & (below < 0.0)
        return inside & e_rejects(z, -margin) & e_rejects(z, margin)
    nu = seeds(z) - 1
    return np.maximum(stdtr(nu, -above), stdtr(nu, below)) <= ALPHA


def at(flags: Flags, n: Sequence[int]) -> Flags:
    """Whether any of these looks, each at so many seeds, says yes."""
    return flags[:, np.array(n) - 2].any(axis=1)


def looks() -> dict[str, list[int]]:
    """When somebody looks."""
    return {
        "once, at 5": [5],
        "at 5, and once more at 18": [5, 18],
        "at 5, 10, 15, 20": [5, 10, 15, 20],
        "after every seed from 5 to 100": list(range(FIRST, LAST + 1)),
    }


def until_decided(values: Floats, rule: Rule, budget: int) -> list[Pair]:
    """All pairs of settings as `compare --pairs --until resolved` leaves them.

    `values` of shape (settings, seeds) is what training would give; five seeds are there before.
    """
    known = {f"s{k}": {s: float(row[s]) for s in range(FIRST)} for k, row in enumerate(values)}
    left = budget
    while True:
        settings = [Setting(name, NOTHING, 0, v) for name, v in known.items()]
        found = pairs_of(settings, rule=rule)
        named = {s.name: s for s in settings}
        open_ones = [(named[p.a], named[p.b]) for p in found if p.verdict == "not resolved"]
        runs = next_round(open_ones, {}, width=2, most=left)
        if not runs:
            return found
        left -= len(runs)
        for name, seed in runs:
            known[name][seed] = float(values[int(name[1:]), seed])


def family_errors(
    means: Sequence[float], rule: Rule, cases: int, seed: int, budget: int = 60
) -> Iterator[bool]:
    """Of each case, whether any verdict among all pairs of settings was wrong."""
    rng = np.random.default_rng([seed, len(means)])
    for _ in range(cases):
        shared = rng.normal(size=(1, FIRST + budget))
        values = np.array(means)[:, None] + shared + rng.normal(size=(len(means), FIRST + budget))
        yield any(_wrong(p, means, rule) for p in until_decided(values, rule, budget))


def _wrong(pair: Pair, means: Sequence[float], rule: Rule) -> bool:
    truth = means[int(pair.a[1:])] - means[int(pair.b[1:])]
    if pair.resolved:
        return truth == 0.0 or (truth > 0.0) != (pair.verdict == "higher")
    return pair.equivalent and rule.within is not None and abs(truth) >= rule.within


def _row(cells: Sequence[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _head(cells: Sequence[str]) -> None:
    print()
    _row(cells)
    _row(["---"] * len(cells))


def _percent(flags: Flags | Sequence[bool]) -> str:
    return f"{100 * float(np.mean(flags)):.1f}"


def type_one(cases: int, seed: int) -> None:
    """False differences of equal settings."""
    _head(["equal settings, differences", "looked", "t test", "anytime-valid test"])
    for k, (name, draw) in enumerate(DIFFERENCES.items()):
        z = draw(np.random.default_rng([seed, k]), (cases, LAST))
        t, e = t_rejects(z), e_rejects(z)
        for when, n in looks().items():
            _row([name, when, _percent(at(t, n)), _percent(at(e, n))])


def coverage(cases: int, seed: int) -> None:
    """Confidence sequences that hold the true mean at every number of seeds."""
    _head(
        ["anytime interval, differences", "at n = 5", "n = 10", "n = 30", "at all n from 2 to 100"]
    )
    for k, (name, draw) in enumerate(DIFFERENCES.items()):
        z = draw(np.random.default_rng([seed, k, 1]), (cases, LAST))
        out = e_rejects(z)
        cells = [_percent(~at(out, [n])) for n in (5, 10, 30)]
        _row([name, *cells, _percent(~at(out, range(2, LAST + 1)))])


def equivalence(cases: int, seed: int) -> None:
    """Settings called equivalent within δ that differ by exactly δ, or by nothing."""
    _head(
        ["true difference", "δ in standard deviations", "looked", "two one-sided tests", "anytime"]
    )
    for share, told in ((1.0, "δ: an error"), (0.0, "0: right")):
        for margin in (0.5, 1.0, 2.0):
            rng = np.random.default_rng([seed, int(10 * margin), int(share)])
            z = share * margin + rng.normal(size=(cases, LAST))
            fixed, anytime = (calls_equivalent(z, margin, anytime=x) for x in (False, True))
            for when, n in (("once, at 10", [10]), ("5 to 100", list(range(FIRST, LAST + 1)))):
                _row([told, f"{margin:g}", when, _percent(at(fixed, n)), _percent(at(anytime, n))])


def power(cases: int, seed: int) -> None:
    """How many seeds a verdict takes."""
    _head(
        [
            "difference in standard deviations",
            "seeds that a t test at a fixed n needs for 80 %",
            "anytime: decided in 80 % of cases after",
            "median",
            "mean",
            "decided by 100",
        ]
    )
    for effect in (0.5, 0.75, 1.0, 1.5, 2.0, 3.0):
        rng = np.random.default_rng([seed, int(100 * effect)])
        rejects = e_rejects(effect + rng.normal(size=(cases, LAST)))
        rejects[:, : FIRST - 2] = False  # Nobody looks before.
        there = rejects.any(axis=1)
        first = np.where(there, rejects.argmax(axis=1) + 2, LAST).astype(float)
        late = np.where(there, first, np.inf)
        by = float(np.quantile(late, 0.8, method="inverted_cdf"))
        fixed = seeds_needed(effect, 1.0, 0)
        _row(
            [
                f"{effect:g}",
                str(fixed),
                f"{by:.0f}",
                f"{np.median(late):.0f}",
                f"{first.mean():.1f}",
                f"{_percent(there)} %",
            ]
        )


def families(cases: int, seed: int) -> None:
    """Any wrong verdict among all pairs, with seeds added to what is open."""
    _head(["all pairs of settings, 60 further runs at most", "any verdict wrong"])
    for name, means, within in (
        ("2 equal settings", (0.0, 0.0), None),
        ("4 equal settings", (0.0,) * 4, None),
        ("4 settings, one better by 1.5 standard deviations", (1.5, 0.0, 0.0, 0.0), None),
        ("2 settings that differ by δ = 1, `--within δ`", (1.0, 0.0), 1.0),
        ("4 settings, two and two δ = 1 apart, `--within δ`", (1.0, 1.0, 0.0, 0.0), 1.0),
    ):
        rule = Rule(within=within, anytime=True)
        _row([name, _percent(list(family_errors(means, rule, cases, seed)))])


def meaningful(cases: int, seed: int) -> None:
    """Bouthillier's rule at a fixed number of pairs."""
    _head(["true P(A > B)", *(f"meaningful at n = {n}" for n in (10, 20, 30))])
    rng = np.random.default_rng([seed, 7])
    for p in (0.5, 0.65, 0.75, 0.9):
        cells = []
        for n in (10, 20, 30):
            ahead = [paired_probability(w, 0, n, 0.95).meaningful for w in range(n + 1)]
            cells.append(_percent(np.array(ahead)[rng.binomial(n, p, cases)]))
        _row([f"{p:g}", *cells])


def main() -> None:
    """Parse the command line and print all tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for table in (type_one, coverage, equivalence, power, meaningful):
        table(options.cases, options.seed)
    families(min(options.cases, 2_000), options.seed)


if __name__ == "__main__":
    main()
