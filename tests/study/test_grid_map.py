"""The report on a grid of two numeric keys: the best setting of each size."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.record.store import open_store
from nnexp.report.grid_map import Grid, best_table, grid_answers, grid_map, grids
from nnexp.report.report_data import gather
from nnexp.study.frames import runs
from tests.inside import inside
from tests.stores import address

SWEEP = (
    *("-m", "size=100", "reg=l2", "reg.lmbda=0,0.1,30", "dropout.hidden=0,0.2,0.5"),
    *("seed=0,1", "model.hidden=[5]", "train.epochs=3", "data.n_validation=500"),
    *("monitor.every=3", "tracking.artifacts=none", "sweep.workers=1"),
)


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder: Path = tmp_path_factory.mktemp("grid")
    done = inside(folder, *SWEEP)
    assert done.returncode == 0, done.stderr
    return address(folder)


@pytest.fixture(scope="module")
def found(uri: str) -> list[Grid]:
    return grids(gather(open_store(uri), ["nnexp"], None))


def test_the_best_setting_is_that_of_the_highest_mean(uri: str, found: list[Grid]) -> None:
    frame = runs(uri)
    assert [grid.size for grid in found] == [100]
    for grid in found:
        part = frame[frame["data.n_train"] == grid.size]
        means = part.groupby(list(grid.keys))["validation/accuracy"].mean()
        x, y = grid.columns[grid.best[1]], grid.rows[grid.best[0]]
        assert means.idxmax() == (x, y)
        assert grid.means[grid.best] == pytest.approx(100.0 * means.max())
        chosen = part[(part[grid.keys[0]] == x) & (part[grid.keys[1]] == y)]
        assert grid.test.mean == pytest.approx(chosen["test/accuracy"].mean())
        assert grid.level[grid.best]


def test_map_table_and_sentence_agree(found: list[Grid]) -> None:
    table, drawn, (sentence,) = best_table(found), grid_map(found), grid_answers(found)
    assert table is not None
    assert drawn is not None
    for grid, row in zip(found, table.rows, strict=True):
        x, y = grid.columns[grid.best[1]], grid.rows[grid.best[0]]
        assert row[:2] == (f"{grid.size}", f"{x:g}")
        assert row[3] == f"{y:g}"
        where = f"{grid.keys[0]} {x:g} with {grid.keys[1]} {y:g}"
        assert f"{grid.size} images: {where}" in drawn.text
        assert f"{where} for {grid.size} images" in sentence
        assert row[6] == f"{int(grid.level.sum()) - 1} of 8"


def test_settings_that_are_no_whole_grid_have_no_map(uri: str) -> None:
    for where in ("params.`reg.lmbda` != '30.0'", "params.`dropout.hidden` = '0.0'"):
        assert grids(gather(open_store(uri), ["nnexp"], where)) == []
    assert (grid_map([]), best_table([]), grid_answers([])) == (None, None, [])
