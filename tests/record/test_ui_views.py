"""What MLflow's UI is told to show of an experiment: what fits, and what can be told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from nnexp.record.palette import COLOURS, ON_ANY, next_colour, shade
from nnexp.record.store_sql import Columns
from nnexp.record.ui_views import FEW, runs_view, settings_view

VALUES = {"test/accuracy": [0.95, 0.96], "gap/final": [0.02, 0.03], "train/cost": [0.4, 0.3]}


def columns(**params: list[str]) -> Columns:
    found = Columns(["a", "b"])
    found.params |= {"cost.name": ["crossentropy"] * 2, "seed": ["0", "0"], **params}
    found.metrics |= VALUES
    return found


def shown(view: Mapping[str, Any]) -> list[str]:
    return list(view["selectedColumns"])


def test_columns_fit_beside_the_name() -> None:
    two = shown(runs_view(columns(**{"reg.name": ["none", "l2"]})))
    assert two == [
        "params.`reg.name`",
        "params.`seed`",
        "metrics.`test/accuracy`",
        "metrics.`gap/final`",
    ]


def test_of_more_keys_one_result_is_left() -> None:
    found = Columns(["a", "b", "c", "d"])
    found.params |= {"reg.name": ["none", "none", "l2", "l2"], "train.eta": ["1", "2", "1", "2"]}
    found.metrics |= {name: values * 2 for name, values in VALUES.items()}
    assert len(shown(runs_view(found))) == 5
    found = Columns([str(k) for k in range(8)])
    found.params |= {
        "reg.name": ["none", "l2"] * 4,
        "train.eta": ["1", "1", "2", "2"] * 2,
        "dropout.hidden": ["0"] * 4 + ["0.5"] * 4,
    }
    found.metrics |= {name: values * 4 for name, values in VALUES.items()}
    assert [c for c in shown(runs_view(found)) if c.startswith("metrics")] == [
        "metrics.`test/accuracy`"
    ]


@pytest.mark.parametrize("count", [2, FEW, FEW + 1, 24])
def test_of_many_settings_the_best_are_drawn_without_bounds(count: int) -> None:
    view = settings_view(columns(**{"reg.name": ["none", "l2"]}), count)
    charts = view["compareRunCharts"]
    lines = [chart for chart in charts if chart["type"] == "LINE"]
    many = count > FEW
    assert [len(chart["selectedMetricKeys"]) for chart in lines] == [1 if many else 3] * 2
    assert [chart["metricKey"] for chart in charts if chart["type"] == "BAR"] == (
        ["test/accuracy", "gap/final"] if many else []
    )
    assert view["runsHiddenMode"] == ("FIRST_10_RUNS" if many else "FIRST_20_RUNS")
    order = "metrics.`test/accuracy`" if many else "tags.`mlflow.runName`"
    assert (view["orderByKey"], view["orderByAsc"]) == (order, not many)


@pytest.mark.parametrize("looked", ["epoch", "end"])
def test_what_was_looked_at_once_is_no_first_chart(looked: str) -> None:
    found = columns(**{"reg.name": ["none", "l2"], "monitor.test": [looked] * 2})
    few = [chart["metricKey"] for chart in settings_view(found, 2)["compareRunCharts"]]
    every = ["test/accuracy", "train/cost"]
    assert few == (every if looked == "epoch" else every[::-1])
    many = settings_view(found, 24)["compareRunCharts"]
    lines = [chart["metricKey"] for chart in many if chart["type"] == "LINE"]
    assert lines == (every if looked == "epoch" else ["train/cost"])


def test_twenty_settings_have_twenty_colours() -> None:
    used: list[str] = []
    for _ in range(20):
        used.append(next_colour(used))
    assert len(set(used)) == 20 <= len(ON_ANY)
    assert used[:7] == [colour for colour in COLOURS if colour != "#000000"]
    assert (shade("#804020", 0.5), shade("#804020", 1.0)) == ("#402010", "#804020")
    assert shade("#000000", 1.5) == "#808080"


def test_of_six_keys_the_columns_fit_too_and_the_names_tell_the_others() -> None:
    """They ran past the edge of a window of 1280 pixels."""
    found = Columns([str(k) for k in range(64)])
    keys = ("reg.name", "train.eta", "dropout.hidden", "size", "train.epochs", "init.name")
    found.params |= {
        key: [str(number >> place & 1) for number in range(64)] for place, key in enumerate(keys)
    }
    found.metrics |= {name: values * 32 for name, values in VALUES.items()}
    for view in (runs_view(found), settings_view(found, 64)):
        assert len(shown(view)) == 5
        assert shown(view)[-1] == "metrics.`test/accuracy`"


def test_of_four_keys_the_names_tell_the_seeds_as_no_column_is_to_be_cut() -> None:
    found = Columns([str(k) for k in range(16)])
    keys = ("reg.name", "train.eta", "dropout.hidden", "size")
    found.params |= {
        key: [str(number >> place & 1) for number in range(16)] for place, key in enumerate(keys)
    }
    found.metrics |= {name: values * 8 for name, values in VALUES.items()}
    columns_shown = shown(runs_view(found))
    assert sorted(columns_shown) == sorted(
        [*(f"params.`{key}`" for key in keys), "metrics.`test/accuracy`"]
    )
