"""Whether claims hold: judged from recorded runs by the tests of `study.difference`.

For `at_least` d, the values (or differences) less d are to be above zero: the claim holds where
that is resolved, and does not hold where they are resolved to be below. `at_most` is its mirror
image, and `within` d of c is "at least c − d and at most c + d", by two one-sided tests at α each.
D. Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987), 657-680.

The claims of a file are one family: their p-values are corrected by Holm's method, those that are
not recorded counted with p = 1, so that no verdict hangs on which others are recorded.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from nnexp.config.plurals import some
from nnexp.config.rounding import cleaned
from nnexp.config.suggest import suggestion
from nnexp.record.check_seals import warnings_of
from nnexp.record.store import Store
from nnexp.study import glossary
from nnexp.study.bootstrap import UNBOUNDED
from nnexp.study.claims import COLUMNS, Claim, Outcome
from nnexp.study.claims_values import EPOCHS, Expression, Values, of_setting, values_of
from nnexp.study.difference import Difference, difference_by_seed, paired_difference
from nnexp.study.first_layer import MEASURES
from nnexp.study.frames import runs
from nnexp.study.lookup import all_experiments
from nnexp.study.multiple_comparisons import holm
from nnexp.study.preset import preset_file
from nnexp.study.setting import WORTH
from nnexp.study.statistics import seeds_needed, summarize


@dataclass(frozen=True)
class Judged:
    """A claim and what the record says of it."""

    claim: Claim
    outcome: Outcome
    n: int = 0
    """Seeds, of the side with fewer."""
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    """What the bound is a bound of, with its interval at level 1 − α."""
    p: float | None = None
    """Two-sided, of the bound; corrected by Holm over the claims of the file."""
    why: str = ""
    """What keeps it from being resolved, or judged at all."""
    command: str = ""
    """Where it is not recorded, the line that records it."""

    @property
    def as_expected(self) -> bool:
        """Whether the outcome is the one that the claim's file expects, as far as recorded."""
        return self.outcome in ("not recorded", self.claim.expected)


@dataclass(frozen=True)
class Verdicts:
    """Of some claims, and what a reader has to know of the record."""

    judged: tuple[Judged, ...]
    warnings: tuple[str, ...]


def judge(store: Store, claims: Sequence[Claim]) -> Verdicts:
    """Judge the claims of one file, all of them: they are one family."""
    names = set(all_experiments(store).values())
    frames: dict[str, pd.DataFrame] = {}
    for name in sorted({name for claim in claims for name in claim.experiment} & names):
        frame = runs(store.uri, name)
        if len(frame):
            frames[name] = frame.assign(experiment=name)
    found, seen = [], set()
    family = max(1, sum(not claim.exact for claim in claims))
    for claim in claims:
        sides = _sides(store, claim, frames)
        seen |= {run_id for side in sides for run_id in side.run_ids}
        found.append(_judge(claim, sides, family))
    return Verdicts(tuple(_corrected(found)), tuple(warnings_of(store, sorted(seen))))


def _sides(store: Store, claim: Claim, frames: Mapping[str, pd.DataFrame]) -> list[Values]:
    there = [frames[name] for name in claim.experiment if name in frames]
    if not there:
        return [Values() for _ in claim.sides]
    frame = there[0] if len(there) == 1 else pd.concat(there, ignore_index=True)
    chosen = (of_setting(frame, side, COLUMNS) for side in claim.sides)
    return [values_of(store, runs_of_side, claim.metric) for runs_of_side in chosen]


def _judge(claim: Claim, sides: Sequence[Values], family: int) -> Judged:
    """With its own p-value; its family of so many claims is corrected afterwards."""
    missing = [name for name, side in zip(claim.sides, sides, strict=True) if not side.runs]
    if missing:
        lines = dict.fromkeys(recording(claim, name) for name in missing)
        why = _misspelt(claim.metric)
        return Judged(claim, "not recorded", why=why, command=" && ".join(lines))
    for side in sides:
        if not side.by_seed and not side.mixed:
            why = f"none of {side.runs} runs has {claim.metric.text}"
            why += f"; {said}" if (said := _misspelt(claim.metric)) else ""
            return Judged(claim, "not recorded", why=why)
    mixed = sorted({key for side in sides for key in side.mixed})
    if mixed:
        it = ", ".join(mixed)
        return Judged(claim, "not resolved", why=f"runs of one setting differ in {it}: name it too")
    values = [side.by_seed for side in sides]
    n = min(map(len, values))
    if n == 1:
        return _of_one(claim, values)
    edges = [claim.bound]
    if claim.sense == "within":
        edges = [claim.about - claim.bound, claim.about + claim.bound]
    tests = [_difference(values, edge, 1.0 - claim.alpha) for edge in edges]
    common = tests[0].n or n
    outcome, p = _outcome(claim, tests)
    judged = Judged(claim, outcome, common, *_measured(claim, values), p)
    return replace(judged, why=_more(claim, tests, family)) if outcome == "not resolved" else judged


def _measured(claim: Claim, values: Sequence[Mapping[Any, float]]) -> tuple[float, float, float]:
    """The mean and its interval as `compare` has them, to the last digit: not less a bound."""
    level = 1.0 - claim.alpha
    if len(values) == 2:
        d = difference_by_seed(values[0], values[1], level=level)
        return d.mean, d.low, d.high
    metric, there = claim.metric, list(values[0].values())
    # The difference of two metrics has other bounds than either.
    bounds = metric.metric.bounds if len(metric.terms) == 1 else UNBOUNDED
    summary = summarize(there, bounds=bounds, level=level)
    return summary.mean, summary.low, summary.high


def _misspelt(metric: Expression) -> str:
    """What was probably meant by a metric that nnexp does not record."""
    known = [*glossary.metrics(), *MEASURES, EPOCHS]
    odd = (term.name for term in metric.terms if term.name not in known)
    near = {name: said for name in odd if (said := suggestion(name, known))}
    return "; ".join(f"{name} is no metric of nnexp{said}" for name, said in near.items())


def _of_one(claim: Claim, values: Sequence[Mapping[Any, float]]) -> Judged:
    """One run on a side, against that of its seed: enough only where nothing in it is drawn."""
    common = set.intersection(*map(set, values))
    first = [next(v for seed, v in side.items() if seed in (common or side)) for side in values]
    mean = first[0] - (first[1] if len(first) > 1 else 0.0)
    if not claim.exact or any(len(side) > 1 for side in values):
        why = "one seed says nothing of the spread"
        return Judged(claim, "not resolved", 1, mean, why=why)
    # 0.9612 − 0.96 is a little less than 0.0012.
    holds = {
        "at_least": cleaned(mean) >= claim.bound,
        "at_most": cleaned(mean) <= claim.bound,
        "within": cleaned(abs(mean - claim.about)) <= claim.bound,
    }[claim.sense]
    return Judged(claim, "holds" if holds else "does not hold", 1, mean, mean, mean)


def _difference(values: Sequence[Mapping[Any, float]], edge: float, level: float) -> Difference:
    """The values of the first side less those of the second and `edge`."""
    a = values[0]
    if len(values) == 1:
        return paired_difference(list(a.values()), [edge] * len(a), level=level)
    b = {seed: value + edge for seed, value in values[1].items()}
    return difference_by_seed(a, b, level=level)


def _outcome(claim: Claim, tests: Sequence[Difference]) -> tuple[Outcome, float]:
    """From the first edge up, and from the last down; p of what is concluded."""
    wanted = {"at_least": ["higher"], "at_most": ["lower"], "within": ["higher", "lower"]}
    ps = [test.t_p for test in tests]
    pairs = list(zip(tests, wanted[claim.sense], strict=True))
    against = [t.t_p for t, want in pairs if t.verdict not in (want, "not resolved")]
    if against:
        return "does not hold", min(against)
    if claim.sense == "within":
        inside = tests[0].mean > 0.0 > tests[1].mean
        one_sided = max(ps) / 2.0 if inside else 1.0
        return ("holds" if one_sided <= claim.alpha else "not resolved"), one_sided
    return ("holds" if tests[0].verdict == pairs[0][1] else "not resolved"), ps[0]


def _more(claim: Claim, tests: Sequence[Difference], family: int) -> str:
    """How many more seeds would resolve it, of the edge that is the farthest from resolved.

    At α divided by the number of claims, as in `compare`; of `within` each test is one-sided.
    """
    test = max(tests, key=lambda t: t.t_p)
    if not test.n:
        return "the sides share no seeds"
    alpha = claim.alpha / family * (2.0 if claim.sense == "within" else 1.0)
    needed = seeds_needed(test.mean, test.sd, test.n, level=1.0 - alpha)
    if needed is None or needed > WORTH:
        return "too close to the bound for any number of seeds that one would train"
    return f"about {some(max(needed, 1), 'more seed')} would be needed"


def _corrected(found: Sequence[Judged]) -> list[Judged]:
    """Holm's correction over the claims that are judged by a test, or will be."""
    tested = [j for j in found if j.p is not None or not j.claim.exact]
    corrected = holm([1.0 if j.p is None or math.isnan(j.p) else j.p for j in tested])
    by_name = {j.claim.name: p for j, p in zip(tested, corrected, strict=True)}
    judged = []
    for j in found:
        if j.p is not None:
            p = by_name[j.claim.name]
            j = replace(j, p=p)
            if p > j.claim.alpha and j.outcome != "not resolved":
                why = f"resolved alone, not among {len(tested)} claims"
                if len(tested) == 1:
                    why = f"the interval is on one side of the bound, but p = {p:.2g}"
                j = replace(j, outcome="not resolved", why=why)
        judged.append(j)
    return judged


def recording(claim: Claim, side: str) -> str:
    """The line that records what a claim lacks: a preset, or the runs of a setting."""
    words = side.split()
    named = [w.partition("=")[2] for w in words if w.startswith("experiment=")]
    name = (named or list(claim.experiment))[0]
    if preset_file(name) is not None:
        return f"python -m nnexp experiment={name}"
    keys = [word for word in words if not word.startswith("experiment=")]
    if claim.exact:
        return shlex.join(["python", "-m", "nnexp", *keys, f"tracking.experiment={name}"])
    typed = [*keys, "seed=range(5)", f"tracking.experiment={name}"]
    return shlex.join(["python", "-m", "nnexp", "-m", *typed])
