"""How the MLflow UI shows an experiment: columns that matter, and charts with intervals.

The UI keeps such settings in the browser. What it shares by link it keeps in the store, as a tag of
the experiment; such a view is written here, and `python -m nnexp ui` prints its address. (MLflow
3.17 has no default view of an experiment for everybody.)
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from nnexp.config.compose import schema_keys
from nnexp.config.distinct import ASIDE, distinct_keys
from nnexp.record.bulk import Columns, database, read_columns, run_ids
from nnexp.record.store import Store

RUNS, SETTINGS = "nnexp", "nnexp-settings"
"""The names of the views in their addresses."""

MOST_PARAMS = 6

METRICS = ("test/accuracy", "gap/final", "best/validation_accuracy", "gap/best")
"""Columns, where recorded; the first two of them, as all have to fit beside the name."""

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
    if run_ids(inner, experiment_id, "tags.`nnexp.kind` = 'summary'"):
        views[SETTINGS] = settings_view(recorded)
    tags = {f"mlflow.sharedViewState.{key}": json.dumps(view) for key, view in views.items()}
    # Otherwise the UI guesses what the experiment is about, and asks whether it guessed right.
    tags["mlflow.experimentKind"] = "custom_model_development"
    there = store.client.get_experiment(experiment_id).tags
    for tag, value in tags.items():
        if there.get(tag) != value:
            store.client.set_experiment_tag(experiment_id, tag, value)
    # The UI opens with its other half, for language models, unless told so.
    base = f"/#/experiments/{experiment_id}/runs?workflowType=machine_learning&viewStateShareKey="
    paths = {"runs": base + RUNS, "settings": f"{base}{SETTINGS}&compareRunsMode=CHART"}
    return {name: path for name, path in paths.items() if name == "runs" or SETTINGS in views}


def runs_view(recorded: Columns) -> dict[str, Any]:
    """The state of the UI's run list: columns that tell the runs apart, their results, charts."""
    state = _view(recorded, "tags.`nnexp.kind` = 'run'", bounds=False)
    return {**state, "selectedColumns": [*state["selectedColumns"], "params.`seed`"]}


def settings_view(recorded: Columns) -> dict[str, Any]:
    """The same of the summary runs, each curve with the bounds of its interval."""
    return _view(recorded, "tags.`nnexp.kind` = 'summary'", bounds=True)


def _view(recorded: Columns, where: str, *, bounds: bool) -> dict[str, Any]:
    title = "Means over seeds, with 95 % intervals" if bounds else "Curves"
    metrics = [name for name in METRICS if name in recorded.metrics][:2]
    columns = [f"params.`{key}`" for key in telling_params(recorded)]
    return {
        "searchFilter": where,
        # By name, the runs of a setting stand together.
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": True,
        "selectedColumns": [*columns, *(f"metrics.`{name}`" for name in metrics)],
        "compareRunCharts": [
            _chart(name, recorded.metrics[name], bounds)
            for name in CURVES
            if name in recorded.metrics
        ],
        "compareRunSections": [
            {"uuid": RUNS, "name": title, "display": True, "isReordered": True},
            # The UI's own sections, a chart per metric each, are there, folded.
            *(
                {"uuid": f"{RUNS}-{name}", "name": name, "display": False, "isReordered": True}
                for name in sorted({metric.partition("/")[0] for metric in recorded.metrics})
            ),
        ],
        "isAccordionReordered": True,
        "runsHiddenMode": "FIRST_20_RUNS",
    }


def telling_params(recorded: Columns) -> list[str]:
    """The keys in which the runs differ, the most general first; the usual ones if in none."""
    columns = {key: recorded.params[key] for key in schema_keys() if key in recorded.params}
    return (distinct_keys(columns, aside=ASIDE) or ["size", "cost.name", "reg.name"])[:MOST_PARAMS]


def _chart(metric: str, finals: Sequence[float | None], bounds: bool) -> dict[str, Any]:
    names = [metric, f"{metric}_low", f"{metric}_high"] if bounds else [metric]
    accuracy = metric.endswith("accuracy")
    least = min((value for value in finals if value is not None), default=0.0)
    # Untrained networks guess: from 0.1 up, all that matters would lie in a strip at the top.
    low = max(0.0, math.floor(10 * least - 1.0) / 10)
    return {
        "uuid": f"{RUNS}-{metric}",
        "type": "LINE",
        "deleted": False,
        "isGenerated": False,
        "metricSectionId": RUNS,
        "runsCountToCompare": 20,
        "metricKey": metric,
        "selectedMetricKeys": names,
        "displayName": metric,
        "displayPoints": False,
        "lineSmoothness": 0,
        "xAxisScaleType": "linear",
        "scaleType": "linear" if accuracy else "log",
        "xAxisKey": "step",
        "selectedXAxisMetricKey": "",
        "yAxisKey": "metric",
        "yAxisExpressions": [],
        "range": {"yMin": low, "yMax": 1.0} if accuracy else {},
        "ignoreOutliers": False,
        "useGlobalXaxisKey": True,
        "useGlobalLineSmoothing": True,
    }
