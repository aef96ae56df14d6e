"""Small multiples: where there are more settings than lines can be told apart, a panel a value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

LINES = 8
"""More lines in one chart cannot be told apart."""
PANELS = 12


def facet_of(settings: Sequence[Sequence[str]]) -> int | None:
    """The key that charts are split by: its number among the values of each setting.

    None where all settings fit into one chart, or no key gives at most `PANELS` of at most `LINES`
    lines. Rather not the last key, which is asked about: its values belong side by side. Of the
    others the one with the fewest panels and lines.
    """
    if len(settings) <= LINES:
        return None
    found = []
    for at in range(len(settings[0])):
        lines = Counter(values[at] for values in settings)
        panels, most = len(lines), max(lines.values())
        if 2 <= panels <= PANELS and most <= LINES:
            found.append((at == len(settings[0]) - 1, max(panels, most), at))
    return min(found)[-1] if found else None


def panels_of(
    settings: Mapping[str, Sequence[str]], drawn: Sequence[str], facet: int | None
) -> dict[str, list[str]]:
    """The settings that are drawn, by the value that their panel is of; all in one without."""
    if facet is None:
        return {"": list(drawn)}
    panels: dict[str, list[str]] = {}
    for setting in drawn:
        panels.setdefault(settings[setting][facet], []).append(setting)
    return panels


def line_names(settings: Mapping[str, Sequence[str]], facet: int | None) -> dict[str, str]:
    """What the line of each setting is called: its values but for the one of its panel."""
    if facet is None:
        return {setting: setting for setting in settings}
    return {
        setting: ", ".join(v for at, v in enumerate(values) if at != facet)
        for setting, values in settings.items()
    }
