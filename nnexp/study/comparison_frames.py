"""A comparison in a notebook: its answer, and its tables as frames."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import pandas as pd

from nnexp.study.compare import Comparison
from nnexp.study.comparison_text import answer
from nnexp.study.tables import effects_frame, interactions_frame, pairs_frame, settings_frame
from nnexp.study.two_keys import interacting, interaction_text


@dataclass(frozen=True, repr=False)
class Compared:
    """Settings against each other; docs/statistics.md says what is estimated."""

    comparison: Comparison

    @property
    def answer(self) -> str:
        """Which setting is best, by how much, how sure, and what is not resolved from it."""
        return " ".join(answer(self.comparison))

    @property
    def settings(self) -> pd.DataFrame:
        """Per setting, the best first: n, failed, mean, 95 % interval, sd, interquartile mean."""
        return settings_frame(self.comparison)

    @property
    def pairs(self) -> pd.DataFrame:
        """Per pair of settings: difference, 95 % interval, P(A > B), p (Holm), its verdict."""
        return pairs_frame(self.comparison)

    @property
    def effects(self) -> pd.DataFrame:
        """Per two values of a key: difference over all combinations of the others, as `pairs`."""
        return effects_frame(self.comparison)

    @property
    def interactions(self) -> pd.DataFrame:
        """Per two values of two keys: how much a difference changes from one to the other."""
        return interactions_frame(self.comparison)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader has to know."""
        told = (interaction_text(self.comparison, t) for t in interacting(self.comparison))
        return (*told, *self.comparison.warnings)

    @property
    def _tables(self) -> list[pd.DataFrame]:
        """Settings, then effects; pairs where they are asked for, or are all there is."""
        pairs = self.comparison.against is not None or len(self.comparison.settings) == 2
        second = self.pairs if pairs or not len(self.effects) else self.effects
        return [self.settings, *([second] if len(second) else [])]

    def __repr__(self) -> str:
        tables = [table.to_string(index=False) for table in self._tables]
        parts = [self.answer, self.comparison.metric, *tables]
        return "\n\n".join([*parts, *(f"note: {w}" for w in self.warnings)])

    def _repr_html_(self) -> str:
        html = f"<p>{escape(self.answer)}</p><p><b>{escape(self.comparison.metric)}</b></p>"
        html += "".join(table.to_html(border=0, index=False) for table in self._tables)
        return html + "".join(f"<p>note: {escape(w)}</p>" for w in self.warnings)
