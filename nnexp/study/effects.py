"""Effects of the factors of a comparison, each on its own, and where factors interact.

Settings are the cells of a table with one side per factor. The effect of value u against v of a
factor is the difference between its cells, averaged over the combinations r of the other factors
in which both are recorded,

    ψ = (1/R) Σ_r (μ_ur − μ_vr),

and factors f and g interact where a difference of f is another at another value of g:

    χ = (1/R) Σ_r [(μ_upr − μ_vpr) − (μ_uqr − μ_vqr)]  ≠ 0,

r over combinations of what is left. The p-values of all effects are one family, those of all χ
another, each corrected by Holm's method. Both are contrasts, paired by seed wherever settings share
seeds: ψ = w (Σ_{i ∈ plus} μ_i − Σ_{j ∈ minus} μ_j). Where all its settings have seed s, it gives
one value

    z_s = w (Σ_i y_is − Σ_j y_js),

and ψ is judged by Student's t over the z_s. Nothing is assumed of how runs of one seed go together
in the settings: whatever they share is inside z_s. (A pooled error, as in a two-way table, would
take runs of one seed for independent.) Settings without common seeds are independent: they form
blocks, each with its own z_s, and t has Welch's and Satterthwaite's degrees of freedom.

Source: B. Winer, Statistical Principles in Experimental Design (1962), chapter 4: contrasts of
repeated measures, each against its own error; F. Satterthwaite, Biometrics Bulletin 2 (1946).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from nnexp.study.decision_rule import FIXED, Judged, Rule, judge
from nnexp.study.difference import Evidence
from nnexp.study.permutation import steps_per_unit
from nnexp.study.setting import Setting

Values = Mapping[Any, float]

Level = tuple[str, ...]
Cell = tuple[int, ...]
"""Of each factor the number of its level."""


@dataclass(frozen=True, eq=False)
class Contrast(Evidence):
    """Of each block the values z_s; ψ is the sum of the blocks' means, with weight 1 each."""

    left_out: int
    """Seeds that some settings of a block have and others have not."""

    @property
    def n(self) -> int:
        """The seeds that are used, of the block with fewest."""
        return min(block.size for block in self.blocks)


def contrast(plus: Sequence[Values], minus: Sequence[Values], cells: int) -> Contrast | None:
    """The contrast with weight w = 1/`cells` on the settings of `plus` and −w on those of `minus`.

    Each setting is its values by seed. Only seeds that all settings of a block have are used. None
    where a block has fewer than two of them: nothing is known then of the spread.
    """
    sides = tuple(np.array(list(values.values())) for values in (*plus, *minus))
    everything = np.concatenate([*sides, np.zeros(0)])
    if not everything.size:
        return None
    share = 1.0 / cells
    terms = [(share, values) for values in plus] + [(-share, values) for values in minus]
    # As with pairs: rounding in the sums neither breaks a tie nor makes spread.
    per_unit = steps_per_unit(everything)
    blocks, left_out = [], 0
    for block in _blocks(terms):
        common = [s for s in block[0][1] if all(s in values for _, values in block)]
        if len(common) < 2:
            return None
        left_out += len({s for _, values in block for s in values}) - len(common)
        sums = np.array([sum(w * values[s] for w, values in block) for s in common])
        blocks.append(np.rint(sums * per_unit) / per_unit)
    return Contrast(tuple(blocks), (1.0,) * len(blocks), sides, 0.95, left_out)


def _blocks(terms: Sequence[tuple[float, Values]]) -> list[list[tuple[float, Values]]]:
    """Settings that share two seeds or more, directly or through others, go together."""
    blocks: list[list[tuple[float, Values]]] = []
    for term in terms:
        joined = [
            block
            for block in blocks
            if any(sum(s in values for s in term[1]) >= 2 for _, values in block)
        ]
        blocks = [block for block in blocks if block not in joined]
        blocks.append([part for block in joined for part in block] + [term])
    return blocks


@dataclass(frozen=True)
class Factor:
    """A varied key, or keys of which each follows from the others (`size` and `train.epochs`)."""

    keys: tuple[str, ...]
    levels: tuple[Level, ...]
    """Its values, of each key one, in the order of the settings."""

    @property
    def name(self) -> str:
        """`size`, or `size, train.epochs`."""
        return ", ".join(self.keys)

    def label(self, level: int) -> str:
        """`size=1000 train.epochs=400`."""
        pairs = zip(self.keys, self.levels[level], strict=True)
        return " ".join(f"{key}={value}" for key, value in pairs)


@dataclass(frozen=True)
class Design:
    """Settings as cells of a table with a side per factor; cells may be missing."""

    factors: tuple[Factor, ...]
    cells: Mapping[Cell, Setting]


@dataclass(frozen=True, eq=False)
class Effect(Judged):
    """Level `a` of a factor against `b`: A − B, averaged over `cells` combinations of the rest."""

    factor: str
    at: int
    """The number of the factor in the design, `u` and `v` those of its levels."""
    u: int
    v: int
    a: str
    b: str
    n: int
    """Seeds, each with a run in every cell; of parts that share no seed, those of the smallest."""
    left_out: int
    """Seeds that only some of the cells have: not used."""
    cells: int
    of_cells: int
    """So many combinations of the other factors are recorded with `a`, `b`, or both."""


@dataclass(frozen=True, eq=False)
class Interaction(Judged):
    """How much the difference A − B of a factor at one level of another exceeds that elsewhere.

    That is, (A − B here) − (A − B there).
    """

    factor: str
    other: str
    at: int
    by: int
    """The numbers of the two factors in the design."""
    a: str
    b: str
    here: str
    there: str
    n: int


def design_of(settings: Sequence[Setting]) -> Design:
    """The factors of settings, in the order of their keys, and the cells that there are.

    Keys of which one tells the other (each size has one number of epochs) cannot be told apart by
    any number of runs: they are one factor. Keys that do not vary are none.
    """
    keys = [key for key, _ in settings[0].levels]
    columns = {key: [dict(s.levels)[key] for s in settings] for key in keys}
    factors: list[list[str]] = []
    for key in (k for k in keys if len(set(columns[k])) > 1):
        tied = [f for f in factors if _tied(_rows(columns, f), _rows(columns, [key]))]
        merged = [k for f in tied for k in f] + [key]
        at = factors.index(tied[0]) if tied else len(factors)
        factors = [f for f in factors if f not in tied]
        factors.insert(at, merged)
    made = [Factor(tuple(f), tuple(dict.fromkeys(_rows(columns, f)))) for f in factors]
    places = [[f.levels.index(row) for row in _rows(columns, f.keys)] for f in made]
    cells = {tuple(p[i] for p in places): s for i, s in enumerate(settings)}
    return Design(tuple(made), cells)


def effects_of(design: Design, rule: Rule = FIXED) -> tuple[tuple[Effect, ...], tuple[str, ...]]:
    """All pairs of levels of each factor, and which of them cannot be estimated."""
    found, missing = [], []
    for i, f in enumerate(design.factors):
        for u, v in combinations(range(len(f.levels)), 2):
            labels, cells = (f.label(u), f.label(v)), cells_of(design, i, u, v)
            if (z := _between(cells)) is None:
                missing.append(" against ".join(labels))
                continue
            anywhere = {_at(cell, i, u) for cell in design.cells if cell[i] in (u, v)}
            counts = (z.n, z.left_out, len(cells), len(anywhere))
            found.append((z, (f.name, i, u, v, *labels, *counts)))
    judged = zip(judge([z for z, _ in found], rule), found, strict=True)
    return tuple(Effect(*(*judgement, *told)) for judgement, (_, told) in judged), tuple(missing)


def interactions_of(design: Design, rule: Rule = FIXED) -> tuple[Interaction, ...]:
    """Every difference of differences between two factors, each tested, corrected by Holm."""
    found = []
    numbered = list(enumerate(design.factors))
    for (i, f), (j, g) in combinations(numbered, 2):
        for u, v in combinations(range(len(f.levels)), 2):
            for p, q in combinations(range(len(g.levels)), 2):
                z = _difference_of_differences(design, (i, u, v), (j, p, q))
                if z is not None:
                    labels = (f.label(u), f.label(v), g.label(p), g.label(q))
                    found.append((z, (f.name, g.name, i, j, *labels, z.n)))
    # What is "equivalent" is said of differences, not of differences of differences.
    judged = zip(judge([z for z, _ in found], replace(rule, within=None)), found, strict=True)
    return tuple(Interaction(*(*judgement, *told)) for judgement, (_, told) in judged)


def cells_of(design: Design, at: int, u: int, v: int) -> list[tuple[Cell, Setting, Setting]]:
    """The settings that level u of a factor sets against v, with the place of the first."""
    cells = design.cells
    both = [c for c in sorted(cells) if c[at] == u and _at(c, at, v) in cells]
    return [(cell, cells[cell], cells[_at(cell, at, v)]) for cell in both]


def simple_effect(design: Design, at: int, by: int, level: int) -> Contrast | None:
    """The first two levels of the factor `at` against each other where factor `by` has `level`."""
    return _between([cell for cell in cells_of(design, at, 0, 1) if cell[0][by] == level])


def _between(cells: Sequence[tuple[Cell, Setting, Setting]]) -> Contrast | None:
    return contrast([a.values for _, a, _ in cells], [b.values for *_, b in cells], len(cells))


def _difference_of_differences(
    design: Design, first: tuple[int, int, int], second: tuple[int, int, int]
) -> Contrast | None:
    (i, u, v), (j, p, q) = first, second
    rests = {_at(_at(cell, i, u), j, p) for cell in design.cells}
    corners = [
        [design.cells.get(_at(_at(r, i, a), j, b)) for a, b in ((u, p), (v, q), (v, p), (u, q))]
        for r in sorted(rests)
    ]
    whole = [[s.values for s in four if s is not None] for four in corners if None not in four]
    plus = [values for four in whole for values in four[:2]]
    minus = [values for four in whole for values in four[2:]]
    return contrast(plus, minus, len(whole))


def _at(cell: Cell, i: int, level: int) -> Cell:
    return (*cell[:i], level, *cell[i + 1 :])


def _rows(columns: Mapping[str, Sequence[str]], keys: Sequence[str]) -> list[Level]:
    return list(zip(*(columns[key] for key in keys), strict=True))


def _tied(first: Sequence[Level], second: Sequence[Level]) -> bool:
    """Whether one tells the other: no more combinations than values of the richer one."""
    together = len(set(zip(first, second, strict=True)))
    return together == max(len(set(first)), len(set(second)))
