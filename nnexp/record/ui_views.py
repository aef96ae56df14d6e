"""How the MLflow UI shows an experiment: columns that matter, and charts with intervals.

The UI keeps such settings in the browser. What it shares by link it keeps in the store, as a tag of
the experiment; such a view is written here, and `python -m nnexp ui` prints its address. (MLflow
3.17 has no default view of an experiment for everybody.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nnexp.config.compose import schema_keys
from nnexp.config.varying_keys import ASIDE, distinct_keys
from nnexp.record.mlflow_private import KIND, VIEW
from nnexp.record.store import Store
from nnexp.record.store_sql import Columns, database, read_columns, run_ids

RUNS, SETTINGS = "nnexp", "nnexp-settings"
"""The names of the views in their addresses."""

METRICS = ("test/accuracy", "gap/final", "best/validation_accuracy", "gap/best")
"""Columns, where recorded: one or two of them, as all have to fit beside the name."""
_COLUMNS = 5
"""So many fit, with name, time and duration, into a window of 1280 pixels."""
MOST_PARAMS = _COLUMNS - 1
"""One column is left for a result; the names of runs and settings tell further keys."""
FEW = 8
"""Curves of more settings with their bounds nobody can tell apart."""

CURVES = [
    f"{kind}/{what}" for what in ("accuracy", "cost") for kind in ("test", "validation", "train")
]

_LATEST = 1000


def write_views(store: Store, experiment_id: str) -> dict[str, str]:
    """Write the views of an experiment into the store; the paths of their pages by name.

    `runs`: every run, those of a setting together, with what tells them apart. `settings`: the mean
    curves of sweeps over seeds, where there are any. Only a database is written to: a tracking
    server has its own users and their views.
    """
    inner = database(store)
    if inner is None:
        return {}
    ids = run_ids(inner, experiment_id, "tags.`nnexp.kind` = 'run'")[:_LATEST]
    if not ids:
        return {}
    recorded = read_columns(inner, ids, ())
    views = {RUNS: runs_view(recorded)}
    settings = run_ids(inner, experiment_id, "tags.`nnexp.kind` = 'summary'")
    if settings:
        views[SETTINGS] = settings_view(recorded, len(settings))
    tags = {f"{VIEW}{key}": json.dumps(view) for key, view in views.items()}
    # Otherwise the UI guesses what the experiment is about, and asks whether it guessed right.
    tags[KIND] = "custom_model_development"
    there = store.client.get_experiment(experiment_id).tags
    for tag, value in tags.items():
        if there.get(tag) != value:
            store.client.set_experiment_tag(experiment_id, tag, value)
    base = f"{page_of(experiment_id)}&viewStateShareKey="
    paths = {"runs": base + RUNS, "settings": f"{base}{SETTINGS}&compareRunsMode=CHART"}
    return {name: path for name, path in paths.items() if name == "runs" or SETTINGS in views}


def page_of(experiment_id: str) -> str:
    """The path of the page of an experiment's runs, as the UI shows them by itself."""
    # It opens with its other half, for language models, unless told so.
    return f"/#/experiments/{experiment_id}/runs?workflowType=machine_learning"


def runs_view(recorded: Columns) -> dict[str, Any]:
    """The state of the UI's run list: columns that tell the runs apart, their results, charts."""
    params = telling_params(recorded)
    # Of many keys a column would be cut; the name has the seed in it.
    params += ["seed"] if len(params) + 2 <= _COLUMNS else []
    results = _results(recorded)[: 1 if len(params) + 2 > _COLUMNS else 2]
    return {
        **_view("tags.`nnexp.kind` = 'run'", params, results),
        **_charts(recorded, "Curves", [_curve(recorded, name) for name in _curves(recorded)]),
        "runsHiddenMode": "FIRST_20_RUNS",
    }


def settings_view(recorded: Columns, count: int) -> dict[str, Any]:
    """The same of so many summary runs, each curve with the bounds of its interval.

    Of many settings the best come first, ten of them are drawn, as means, and a bar each says how
    they end.
    """
    results = _results(recorded)
    params = telling_params(recorded)
    shown = results[: min(2, _COLUMNS - len(params))]
    state = _view("tags.`nnexp.kind` = 'summary'", params, shown)
    curves = _curves(recorded)
    if count <= FEW or not results:
        title = "Means over seeds, with 95 % intervals"
        charts = [_curve(recorded, name, f"{name}_low", f"{name}_high") for name in curves]
        return {**state, **_charts(recorded, title, charts), "runsHiddenMode": "FIRST_20_RUNS"}
    bars = [_bars(name) for name in results[:2]]
    # A point at the end would say what a bar says.
    lines = [name for name in curves if name not in _points(recorded)]
    charts = [*bars, *(_curve(recorded, name) for name in lines)]
    return {
        **state,
        **_charts(recorded, "Means over seeds, ten best", charts),
        "orderByKey": f"metrics.`{results[0]}`",
        "orderByAsc": False,
        "runsHiddenMode": "FIRST_10_RUNS",
    }


def _results(recorded: Columns) -> list[str]:
    return [name for name in METRICS if name in recorded.metrics]


def _curves(recorded: Columns) -> list[str]:
    """What was measured after every epoch, then what was looked at once, at the end."""
    there = [name for name in CURVES if name in recorded.metrics]
    return sorted(there, key=lambda name: name in _points(recorded))


def _points(recorded: Columns) -> list[str]:
    """Metrics of which no run has more than a last value."""
    looked = recorded.params.get("monitor.test")
    watched = looked is None or "epoch" in looked
    return [] if watched else [name for name in CURVES if name.startswith("test/")]


def _view(where: str, params: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    return {
        "searchFilter": where,
        # By name, the runs of a setting stand together.
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": True,
        "selectedColumns": [
            *(f"params.`{key}`" for key in params),
            *(f"metrics.`{name}`" for name in metrics),
        ],
    }


def _charts(recorded: Columns, title: str, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "compareRunCharts": list(charts),
        "compareRunSections": [
            {"uuid": RUNS, "name": title, "display": True, "isReordered": True},
            # The UI's own sections, a chart per metric each, are there, folded.
            *(
                {"uuid": f"{RUNS}-{name}", "name": name, "display": False, "isReordered": True}
                for name in sorted({metric.partition("/")[0] for metric in recorded.metrics})
            ),
        ],
        "isAccordionReordered": True,
    }


def telling_params(recorded: Columns) -> list[str]:
    """The keys in which the runs differ, the most general first; the usual ones if in none."""
    columns = {key: recorded.params[key] for key in schema_keys() if key in recorded.params}
    return (distinct_keys(columns, aside=ASIDE) or ["size", "cost.name", "reg.name"])[:MOST_PARAMS]


def _chart(kind: str, metric: str, runs: int, **more: Any) -> dict[str, Any]:
    return {
        "uuid": f"{RUNS}-{metric}",
        "type": kind,
        "deleted": False,
        "isGenerated": False,
        "metricSectionId": RUNS,
        "runsCountToCompare": runs,
        "metricKey": metric,
        "displayName": metric,
        **more,
    }


def _bars(metric: str) -> dict[str, Any]:
    more = {"uuid": f"{RUNS}-{metric}-end", "displayName": f"{metric} at the end"}
    return _chart("BAR", metric, 30, **more)


def _curve(recorded: Columns, metric: str, *bounds: str) -> dict[str, Any]:
    accuracy = metric.endswith("accuracy")
    finals = (value for value in recorded.metrics[metric] if value is not None)
    # Untrained networks guess: from 0.1 up, all that matters would lie in a strip at the top.
    low = max(0.0, math.floor(10 * min(finals, default=0.0) - 1.0) / 10)
    return _chart(
        "LINE",
        metric,
        20,
        selectedMetricKeys=[metric, *bounds],
        displayPoints=False,
        lineSmoothness=0,
        xAxisScaleType="linear",
        scaleType="linear" if accuracy else "log",
        xAxisKey="step",
        selectedXAxisMetricKey="",
        yAxisKey="metric",
        yAxisExpressions=[],
        range={"yMin": low, "yMax": 1.0} if accuracy else {},
        ignoreOutliers=False,
        useGlobalXaxisKey=True,
        useGlobalLineSmoothing=True,
    )
