"""Small multiples: where there are more settings than lines can be told apart, a panel a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

LINES = 8
"""More lines in one chart cannot be told apart."""
PANELS = 12

Facet = tuple[int, ...]
"""The keys that charts are split by, as their numbers among the values of a setting."""


def facet_of(settings: Sequence[Sequence[str]]) -> Facet:
    """The key that charts are split by, or two keys if one alone does not do.

    None at all where all settings fit into one chart, or nothing gives at most `PANELS` of at most
    `LINES` lines, each called the same in every panel. Rather not the last key, which is asked
    about: its values belong side by side. Of the others those with the fewest panels and lines.
    """
    if len(settings) <= LINES:
        return ()
    telling = _telling(settings)
    for count in (1, 2):
        found = []
        for keys in combinations(telling, count):
            rest = [at for at in telling if at not in keys]
            panels = Counter(_part(values, keys) for values in settings)
            most = max(panels.values())
            names = len({_part(values, rest) for values in settings})
            if 2 <= len(panels) <= PANELS and names <= LINES:
                found.append((telling[-1] in keys, max(len(panels), most), keys))
        if found:
            return min(found)[-1]
    return ()


def panels_of(
    settings: Mapping[str, Sequence[str]], drawn: Sequence[str], facet: Facet
) -> dict[str, list[str]]:
    """The settings that are drawn, by the values that their panel is of; all in one without."""
    if not facet:
        return {"": list(drawn)}
    panels: dict[str, list[str]] = {}
    for setting in drawn:
        panels.setdefault(", ".join(_part(settings[setting], facet)), []).append(setting)
    return panels


def line_names(settings: Mapping[str, Sequence[str]], facet: Facet) -> dict[str, str]:
    """What the line of each setting is called: its values but for those of its panel."""
    if not facet:
        return {setting: setting for setting in settings}
    rest = [at for at in _telling(list(settings.values())) if at not in facet]
    return {setting: ", ".join(_part(values, rest)) for setting, values in settings.items()}


def _telling(settings: Sequence[Sequence[str]]) -> list[int]:
    """The keys that are needed to tell settings apart, without one that follows from the others.

    A λ that was chosen for each of the other keys' combinations says nothing more of a line.
    """
    kept = list(range(len(settings[0])))
    for at in list(kept):
        rest = [other for other in kept if other != at]
        if rest and len({_part(values, rest) for values in settings}) == len(settings):
            kept = rest
    return kept


def _part(values: Sequence[str], keys: Sequence[int]) -> tuple[str, ...]:
    return tuple(values[at] for at in keys)
