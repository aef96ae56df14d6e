"""A stand-in for MLflow's client that keeps all in memory, with the calls that nnexp makes.

`test_store.py` holds that it answers as the real client does.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mlflow.entities import (
    DatasetInput,
    Experiment,
    Metric,
    Param,
    Run,
    RunData,
    RunInfo,
    RunTag,
    ViewType,
)
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.entities.paged_list import PagedList
from mlflow.utils.search_utils import SearchUtils

from nnexp.record.contents import stored

Value = tuple[str, int, int, float]
"""Metric, step, time, value."""


@dataclass
class Kept:
    """A run as it is kept."""

    run_id: str
    experiment: str
    name: str
    start: int
    place: str
    tags: dict[str, str]
    status: str = "RUNNING"
    end: int | None = None
    deleted: bool = False
    params: dict[str, str] = field(default_factory=dict)
    values: dict[Value, None] = field(default_factory=dict)
    """In the order in which they came, each once."""
    inputs: dict[tuple[str, str], DatasetInput] = field(default_factory=dict)

    @property
    def last(self) -> dict[str, Value]:
        """The last value of each metric, as MLflow counts: by step, then time, then value."""
        found: dict[str, Value] = {}
        for value in self.values:
            if value[0] not in found or value[1:] > found[value[0]][1:]:
                found[value[0]] = value
        return found


class Client:
    """What of `MlflowClient` nnexp calls."""

    def __init__(self, artifacts: Path) -> None:
        self.artifacts = artifacts
        self.experiments: dict[str, Experiment] = {}
        self.runs: dict[str, Kept] = {}
        # No database: what it holds is asked for as of a server.
        self._tracking_client = SimpleNamespace(store=None)
        self.create_experiment("Default")

    def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
        if any(e.name == name for e in self.experiments.values()):
            raise MlflowException("it is there", RESOURCE_ALREADY_EXISTS)
        number = str(len(self.experiments))
        place = artifact_location or self.artifacts.as_uri()
        self.experiments[number] = Experiment(number, name, place, "active")
        return number

    def get_experiment(self, experiment_id: str) -> Experiment:
        if experiment_id not in self.experiments:
            raise MlflowException("no such experiment", RESOURCE_DOES_NOT_EXIST)
        return self.experiments[experiment_id]

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        return next((e for e in self.experiments.values() if e.name == name), None)

    def search_experiments(self, **asked: Any) -> list[Experiment]:
        return list(self.experiments.values())[::-1]

    def create_run(
        self,
        experiment_id: str,
        start_time: int,
        tags: Mapping[str, str],
        run_name: str,
    ) -> Run:
        self.get_experiment(experiment_id)
        run_id = uuid.uuid4().hex
        place = f"{self.artifacts.as_uri()}/{run_id}/artifacts"
        all_tags = {**tags, "mlflow.runName": run_name}
        self.runs[run_id] = Kept(run_id, experiment_id, run_name, start_time, place, all_tags)
        return _entity(self.runs[run_id])

    def get_run(self, run_id: str) -> Run:
        return _entity(self._kept(run_id))

    def update_run(self, run_id: str, status: str) -> None:
        self._active(run_id).status = status

    def set_terminated(self, run_id: str, status: str, end_time: int) -> None:
        kept = self._active(run_id)
        kept.status, kept.end = status, end_time

    def delete_run(self, run_id: str) -> None:
        self._kept(run_id).deleted = True

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        self._active(run_id).tags[key] = value

    def delete_tag(self, run_id: str, key: str) -> None:
        if key not in self._active(run_id).tags:
            raise MlflowException("no such tag", RESOURCE_DOES_NOT_EXIST)
        del self._active(run_id).tags[key]

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> None:
        sent = metrics or params or tags
        kept = self._active(run_id) if sent else self._kept(run_id)
        for param in params:
            if kept.params.get(param.key, param.value) != param.value:
                raise MlflowException("a parameter never changes", INVALID_PARAMETER_VALUE)
        kept.params |= {param.key: param.value for param in params}
        kept.values |= {(m.key, m.step, m.timestamp, stored(m.value)): None for m in metrics}
        kept.tags |= {tag.key: tag.value for tag in tags}

    def log_inputs(self, run_id: str, datasets: Sequence[DatasetInput]) -> None:
        kept = self._active(run_id)
        for used in datasets:
            kept.inputs.setdefault((used.dataset.name, used.dataset.digest), used)

    def log_text(self, run_id: str, text: str, artifact_file: str) -> None:
        folder = self.artifacts / self._active(run_id).run_id / "artifacts"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / artifact_file).write_text(text, encoding="utf-8")

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        values = sorted(v for v in self._kept(run_id).values if v[0] == key)
        return [Metric(name, value, at, step) for name, step, at, value in values]

    def search_runs(
        self,
        experiment_ids: Sequence[str],
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        views = {ViewType.ACTIVE_ONLY: (False,), ViewType.DELETED_ONLY: (True,)}
        states = views.get(run_view_type, (False, True))
        candidates = [
            _entity(kept)
            for kept in self.runs.values()
            if kept.experiment in experiment_ids and kept.deleted in states
        ]
        terms = _parsed(filter_string)
        found = [
            r for r in candidates if all(SearchUtils._does_run_match_clause(r, t) for t in terms)
        ]
        found.sort(key=lambda run: (-run.info.start_time, run.info.run_id))
        start = int(page_token or 0)
        more = str(start + max_results) if start + max_results < len(found) else None
        return PagedList(found[start : start + max_results], more)

    def _kept(self, run_id: str) -> Kept:
        if run_id not in self.runs:
            raise MlflowException(f"no run {run_id}", RESOURCE_DOES_NOT_EXIST)
        return self.runs[run_id]

    def _active(self, run_id: str) -> Kept:
        kept = self._kept(run_id)
        if kept.deleted:
            raise MlflowException(f"run {run_id} is deleted", INVALID_PARAMETER_VALUE)
        return kept


@lru_cache
def _parsed(filter_string: str) -> Sequence[Mapping[str, Any]]:
    return SearchUtils.parse_search_filter(filter_string)


def _entity(kept: Kept) -> Run:
    info = RunInfo(
        run_id=kept.run_id,
        experiment_id=kept.experiment,
        user_id="",
        status=kept.status,
        start_time=kept.start,
        end_time=kept.end,
        lifecycle_stage="deleted" if kept.deleted else "active",
        artifact_uri=kept.place,
        run_name=kept.name,
    )
    data = RunData(
        [Metric(name, value, at, step) for name, step, at, value in kept.last.values()],
        [Param(*pair) for pair in kept.params.items()],
        [RunTag(*pair) for pair in kept.tags.items()],
    )
    return Run(info, data)
