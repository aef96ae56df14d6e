"""What `nnexp.search` returns: the chosen setting, what it was chosen from, what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd

from nnexp.cli.search_text import endings, tables
from nnexp.results import Run
from nnexp.selection.search import Searched
from nnexp.study.statistics import Summary


@dataclass(frozen=True, repr=False)
class Search:
    """A recorded search."""

    searched: Searched
    command: str

    @property
    def sweep_id(self) -> str:
        """The parent run, under which trials and all other runs are recorded."""
        return self.searched.sweep_id

    @property
    def best(self) -> dict[str, str]:
        """The chosen values, as they are typed: `nnexp.run(search.best, size="1k")`."""
        return dict(self.searched.best)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The chosen setting with the seeds that the search has not used, tested."""
        pairs = zip(self.searched.configs, self.searched.runs, strict=True)
        return tuple(Run.of_recorded(recorded, config) for config, recorded in pairs)

    @property
    def validation(self) -> Summary | None:
        """The metric that was chosen by, over `runs`."""
        return self.searched.fresh(self.searched.plan.metric)

    @property
    def test(self) -> Summary | None:
        """The same metric on test data, over `runs`."""
        return self.searched.fresh(self.searched.metric.tested)

    @property
    def optimism(self) -> float | None:
        """How much better the setting looked in the search than with fresh seeds."""
        return self.searched.optimism

    @property
    def importance(self) -> Mapping[str, float]:
        """Of each searched key its share of the spread of values (PED-ANOVA, needs Optuna)."""
        return self.searched.importance

    @property
    def trials(self) -> pd.DataFrame:
        """One row a trial: its values, score with the first seed, mean over the race, state."""
        sign = self.searched.metric.sign
        rows = [
            {
                "trial": t.number,
                **t.point,
                "value": None if t.value is None else sign * t.value,
                "seeds": len(t.raced),
                "race": sign * t.mean if t.raced else None,
                "state": t.state,
            }
            for t in self.searched.chosen.trials
        ]
        return pd.DataFrame(rows)

    def __repr__(self) -> str:
        title, rows, said = self._told
        return "\n".join([title, rows.to_string(index=False), *said]).rstrip()

    def _repr_html_(self) -> str:
        title, rows, said = self._told
        ending = "<br>".join(map(escape, said))
        return f"<p>{escape(title)}</p>{rows.to_html(border=0, index=False)}<p>{ending}</p>"

    @property
    def _told(self) -> tuple[str, pd.DataFrame, list[str]]:
        """What the command prints: the table of the search with its title, and what follows."""
        (table,) = tables([self.searched])
        rows = pd.DataFrame(list(table.rows), columns=list(table.head))
        return table.title, rows, list(endings(self.searched, self.command))
