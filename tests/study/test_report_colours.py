"""Settings are told apart in figures, and published curves stand behind them in grey."""

from __future__ import annotations

from itertools import pairwise

from nnexp.record.palette import COLOURS
from nnexp.report.palette import (
    AS_VARIABLES,
    DASHES,
    ON_DARK,
    PUBLISHED,
    PUBLISHED_COLOUR,
    colour,
    dash,
    variable,
)


def test_as_many_settings_as_there_are_signs_look_each_their_own_way() -> None:
    signs = [(colour(index), dash(index)) for index in range(len(COLOURS) * len(DASHES))]
    assert len(set(signs)) == len(signs)
    assert all(a[0] != b[0] and a[1] != b[1] for a, b in pairwise(signs))


def test_a_published_curve_is_grey_and_solid_and_no_setting_is() -> None:
    assert (colour(PUBLISHED), variable(PUBLISHED), dash(PUBLISHED)) == (
        PUBLISHED_COLOUR,
        "--published",
        (),
    )
    settings = range(2 * len(COLOURS))
    assert PUBLISHED_COLOUR not in map(colour, settings)
    assert "--published" not in map(variable, settings)


def test_a_colour_on_white_has_its_own_on_a_dark_page() -> None:
    assert len(ON_DARK) == len(COLOURS)
    assert [AS_VARIABLES[colour(k).lower()] for k in range(len(COLOURS))] == [
        f"var({variable(k)})" for k in range(len(COLOURS))
    ]
