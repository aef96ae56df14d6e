"""Settings against each other, by `study.compare`: which pairs a report shows, and how."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from nnexp.config.shell_words import joined
from nnexp.report.effects import by_keys
from nnexp.report.labels import FINAL, Measure
from nnexp.report.report_data import Material
from nnexp.study.compare import Comparison, Pair, compare
from nnexp.study.grouping import GROUP_KEYS

MOST = 40
"""Up to so many settings all pairs are compared."""


_ALL = 3
"""Of a key with up to so many values all pairs are shown."""


@dataclass(frozen=True)
class Shown:
    """A pair that differs in one key: A has `a`, B has `b`, both have `rest`."""

    pair: Pair
    key: str
    a: str
    b: str
    rest: str


def compared(material: Material, measure: Measure) -> Comparison | None:
    """All settings and pairs by one metric; None for too many settings, or for one."""
    if not 2 <= len(material.settings) <= MOST:
        return None
    frame = material.runs
    known = material.failed[material.failed["setting"].isin(list(material.settings))]
    if len(known):
        frame = pd.concat([frame, known], ignore_index=True)
    printed = pd.DataFrame(
        [
            {"setting": setting, measure.name: value}
            for setting in material.settings
            for value in material.printed(setting, measure.name)
        ]
    )
    # The last setting first, so that pairs are later − earlier.
    frame = frame.assign(
        setting=pd.Categorical(frame["setting"], categories=list(material.settings)[::-1])
    )
    return by_keys(compare(frame, ["setting"], measure.name, published=printed), material)


def shown(material: Material, comparison: Comparison | None) -> list[Shown]:
    """The pairs that differ in one key only, those of the key that is asked about first.

    Of a key with many values, such as sizes, only neighbours.
    """
    if comparison is None:
        return []
    pairs = []
    ranks = _ranks(material)
    for pair in comparison.pairs:
        a, b = material.settings[pair.a], material.settings[pair.b]
        differing = [i for i in range(len(a)) if a[i] != b[i]]
        if len(differing) != 1:
            continue
        (at,) = differing
        if len(ranks[at]) > _ALL and abs(ranks[at][a[at]] - ranks[at][b[at]]) > 1:
            continue
        rest = ", ".join(v for i, v in enumerate(a) if i != at)
        pairs.append(Shown(pair, material.keys[at], a[at], b[at], rest))
    order = {key: number for number, key in enumerate(reversed(material.keys))}
    return sorted(pairs, key=lambda p: order[p.key])


def _ranks(material: Material) -> list[dict[str, int]]:
    """Of each key, its values in order."""
    columns = zip(*material.settings.values(), strict=True)
    return [{v: n for n, v in enumerate(dict.fromkeys(column))} for column in columns]


def command_of(material: Material, measure: Measure) -> str:
    """The command that prints this comparison."""
    words = {tuple(keys): word for word, keys in GROUP_KEYS.items()} | {
        ("data.n_train",): "size",
        ("dropout.hidden",): "dropout",
    }
    by = ",".join(words.get((key,), key) for key in material.keys)
    metric = "test/accuracy" if measure.name == FINAL else measure.name
    typed = ["--by", by, "--metric", metric]
    typed += [word for name in material.names for word in ("--experiment", name)]
    typed += [word for sweep in material.sweeps for word in ("--sweep", sweep[:8])]
    if material.where:
        typed += ["--where", material.where]
    return "python -m nnexp compare " + joined(typed)
