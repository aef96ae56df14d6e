"""A weighted sum of settings' means, paired by seed wherever settings share seeds.

An effect averaged over several combinations, and a difference of differences, are contrasts
ψ = w (Σ_{i ∈ plus} μ_i − Σ_{j ∈ minus} μ_j). Where all its settings have seed s, it gives one value

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
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.study.difference import Evidence
from nnexp.study.permutation import steps_per_unit

Values = Mapping[Any, float]


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
