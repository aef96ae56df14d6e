"""Reports on more settings than one chart can show: panels, effects, tables on any screen."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from nnexp.report.settings import LINES, PANELS, facet_of, line_names, panels_of
from tests.inside import inside
from tests.study.tab import opened

ETAS = ("0.1", "0.3", "0.5", "1", "3")
SWEEP = ("-m", "size=100", "data.n_validation=100", "model.hidden=[5]", "train.epochs=2")
SWEEP += ("monitor.test=epoch", f"train.eta={','.join(ETAS)}", "reg=none,l2", "seed=0,1")
SWEEP += ("tracking.experiment=ten", "tracking.artifacts=none")
OTHER = ("size=100", "train.epochs=1", "tracking.experiment=ten", "tracking.artifacts=none")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A sweep of ten settings beside another run; its folder and what sweep and report say."""
    folder = tmp_path_factory.mktemp("multiples")
    swept = inside(folder, *SWEEP)
    assert swept.returncode == 0, swept.stderr
    assert inside(folder, *OTHER).returncode == 0
    line = next(n for n in swept.stdout.splitlines() if n.startswith("report "))
    words = line.split()[4:]
    assert words[:2] == ["report", "--sweep"]
    done = inside(folder, *words, "--out", "page")
    assert done.returncode == 0, done.stderr
    return folder, swept.stdout, done.stdout


@pytest.fixture(scope="module")
def page(said: tuple[Path, str, str]) -> Path:
    return said[0] / "page" / "index.html"


def product(*lengths: int) -> dict[str, tuple[str, ...]]:
    """Settings that are all combinations of so many values of each key."""
    cells: list[tuple[str, ...]] = [()]
    for key, length in enumerate(lengths):
        cells = [(*cell, f"{'abcd'[key]}{k}") for cell in cells for k in range(length)]
    return {", ".join(cell): cell for cell in cells}


@pytest.mark.parametrize(
    ("lengths", "facet"),
    [
        ((2, 4), ()),  # Eight lines can be told apart.
        ((3, 4, 2), (1,)),  # Four panels of six lines, not three of eight.
        ((4, 3), (0,)),  # The values of the last key stand side by side.
        ((10, 2), (0,)),
        ((2, 12), (1,)),  # Else two panels of twelve lines.
        ((24,), ()),
        ((3, 2, 2, 4), (0, 1)),  # Six panels of eight lines: one key gives twelve lines or more.
        ((5, 5, 5), ()),  # Five panels of 25 lines, or 25 of five.
    ],
)
def test_charts_are_split_by_the_key_that_keeps_them_readable(
    lengths: tuple[int, ...], facet: tuple[int, ...]
) -> None:
    settings = product(*lengths)
    assert facet_of(list(settings.values())) == facet
    panels = panels_of(settings, list(settings), facet)
    names = line_names(settings, facet)
    assert [s for panel in panels.values() for s in panel] or not settings
    assert sorted(s for panel in panels.values() for s in panel) == sorted(settings)
    if not facet:
        assert names == {s: s for s in settings}
        return
    assert len(panels) == math.prod(lengths[at] for at in facet) <= PANELS
    for panel in panels.values():
        lines = [names[setting] for setting in panel]
        assert len(set(lines)) == len(lines) <= LINES
    assert len(set(names.values())) <= LINES


def test_a_value_that_follows_from_the_others_names_no_line() -> None:
    """Such as a λ that was chosen for each combination of the other keys."""
    settings = {
        f"{name}, λ{k % 5 == 0}": (*cell[:1], f"λ{k % 5 == 0}", *cell[1:])
        for k, (name, cell) in enumerate(product(3, 2, 2, 4).items())
    }
    facet = facet_of(list(settings.values()))
    assert facet == (0, 2)
    names = line_names(settings, facet)
    assert set(names.values()) == {f"c{k}, d{n}" for k in range(2) for n in range(4)}
    for panel in panels_of(settings, list(settings), facet).values():
        assert len({names[setting] for setting in panel}) == len(panel) == LINES


def test_each_learning_rate_has_a_panel_with_the_same_lines_and_scale(page: Path) -> None:
    found = re.findall(
        r'<script type="application/json">(.*?)</script>', page.read_text(), re.DOTALL
    )
    plots = [p for p in map(json.loads, found) if p["y"] == "Accuracy on the test data (%)"]
    assert [p["panel"] for p in plots] == [f"η = {eta}" for eta in ETAS]
    styles = [{n["label"]: (n["colour"], n["dash"]) for n in p["lines"]} for p in plots]
    assert set(styles[0]) == {"no regularization", "L2"}
    assert all(style == styles[0] for style in styles)
    (scale,) = {tuple(p["yr"]) for p in plots}
    for line in (line for p in plots for line in p["lines"]):
        # From the first epoch on every value is inside.
        assert scale[0] < min(line["low"])
        assert max(line["high"]) < scale[1]


def test_the_answer_is_one_effect_and_its_table_has_every_key(
    said: tuple[Path, str, str], page: Path
) -> None:
    first, second = said[2].splitlines()[:2]
    assert first.startswith("Gap, best training - best test accuracy: highest, ")
    assert second.startswith(("L2 against no reg", "No regularization against L2"))
    assert ", mean over 5 combinations of the rest: " in second
    text = page.read_text(encoding="utf-8")
    assert "20 finished runs in 10" in text  # Of the sweep, without the other run.
    table = text[text.index('<section id="effects-of-single-keys') :]
    table = table[: table.index("</section>")]
    assert table.count("<tr>") == 1 + 4 + 1  # η from its best value, L2 against none.
    assert "compare --by train.eta,reg --metric gap/best --experiment ten --sweep " in text


def test_one_legend_of_few_lines_stands_for_all_panels(browser: Any, page: Path) -> None:
    tab, told = opened(browser, page, viewport={"width": 1280, "height": 900})
    assert tab.locator(".legend button").all_inner_texts() == ["no regularization", "L2"]
    assert tab.locator("figure.multiples").first.locator("canvas").count() == len(ETAS)
    assert told == []


@pytest.mark.parametrize("width", [390, 1280, 1400])
def test_nothing_is_cut_and_every_result_is_seen(browser: Any, page: Path, width: int) -> None:
    tab, _ = opened(browser, page, viewport={"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    boxes = tab.locator(".wide, pre").evaluate_all(
        "all => all.map(e => e.scrollWidth - e.clientWidth)"
    )
    assert len(boxes) >= 4
    assert max(boxes) <= 0
    right = tab.locator("#settings td").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).filter(r => r.width).map(r => r.right)"
    )
    assert len(right) >= 10 * 5
    assert max(right) <= width


def test_a_sweep_or_a_name_is_needed(said: tuple[Path, str, str]) -> None:
    for typed, told in (((), "what to report on is missing"), (("--sweep", "beef"), "beef")):
        done = inside(said[0], "report", *typed)
        assert done.returncode == 2
        assert told in done.stderr
        assert done.stderr.count("\n") == 1
