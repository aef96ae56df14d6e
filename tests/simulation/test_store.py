"""The store of the simulation answers as MLflow's does, whatever is asked of it, in any order."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

from nnexp.record.store import open_store
from tests.fresh import copied_databases
from tests.simulation.store import Client
from tests.stores import address

FILTERS = (
    "",
    "tags.`nnexp.kind` = 'run'",
    "tags.`nnexp.kind` = 'run' and attributes.status = 'FINISHED'",
    "attributes.status = 'RUNNING'",
    "tags.`nnexp.kind` = 'sweep' and tags.`nnexp.sweep` = 'a'",
)
KINDS = ("run", "sweep", "summary")
STATES = ("RUNNING", "FINISHED", "FAILED", "KILLED")
VIEWS = (ViewType.ACTIVE_ONLY, ViewType.DELETED_ONLY, ViewType.ALL)


class Both:
    """The real client and the stand-in, asked the same."""

    def __init__(self, real: Any, ours: Client, draw: random.Random) -> None:
        self.clients, self.draw = (real, ours), draw
        self.experiment = [str(client.create_experiment("one")) for client in self.clients]
        self.ids: list[list[str]] = [[], []]

    def ask(self, call: Callable[[Any, int], Any]) -> list[Any]:
        """Both answers; of a refusal, its code."""
        answers: list[Any] = []
        for which, client in enumerate(self.clients):
            try:
                answers.append(call(client, which))
            except MlflowException as error:
                answers.append(error.error_code)
        return answers

    def of_a_run(self, name: str, *args: Any, **more: Any) -> None:
        """The same call on the same run of both."""
        if not self.ids[0]:
            return
        k = self.draw.randrange(len(self.ids[0]))
        left, right = self.ask(
            lambda client, which: getattr(client, name)(self.ids[which][k], *args, **more)
        )
        assert left == right, (name, args, more)

    def create(self) -> None:
        at, kind = 1 + self.draw.randrange(5), self.draw.choice(KINDS)
        tags = {"nnexp.kind": kind, "nnexp.sweep": self.draw.choice("ab")}
        for which, client in enumerate(self.clients):
            place = self.experiment[which]
            run = client.create_run(place, start_time=at, tags=tags, run_name=f"run {at}")
            assert run.info.status == "RUNNING"
            self.ids[which].append(run.info.run_id)

    def values(self) -> list[Metric]:
        """Few steps and times, so that some come twice, and some out of order."""
        numbers = (0.5, 0.25, -0.0, math.inf, -math.inf)
        return [
            Metric(
                f"m{self.draw.randrange(3)}",
                self.draw.choice(numbers),
                self.draw.randrange(3),
                self.draw.randrange(4),
            )
            for _ in range(self.draw.randrange(6))
        ]

    def one_more(self) -> None:
        """Any call."""
        draw = self.draw
        text = draw.choice(("x", "longer"))
        data = DatasetInput(
            Dataset(draw.choice("de"), "12345678", "nnexp", "{}"), [InputTag("context", "t")]
        )
        calls: list[Callable[[], None]] = [
            self.create,
            lambda: self.of_a_run(
                "log_batch",
                metrics=self.values(),
                params=[Param(f"p{draw.randrange(3)}", draw.choice(("1", "1", "2")))],
                tags=[RunTag("t", text)],
                synchronous=True,
            ),
            lambda: self.of_a_run("log_batch", metrics=self.values(), synchronous=True),
            lambda: self.of_a_run("set_tag", "nnexp.reason", text),
            lambda: self.of_a_run("delete_tag", "nnexp.reason"),
            lambda: self.of_a_run("update_run", status="RUNNING"),
            lambda: self.of_a_run("set_terminated", draw.choice(STATES[1:]), end_time=len(text)),
            lambda: self.of_a_run("log_inputs", [data]),
        ]
        weights = [2, 4, 4, 2, 2, 1, 2, 1]
        draw.choices(calls, weights)[0]()
        if draw.random() < 0.05:
            self.of_a_run("delete_run")

    def found(self) -> Iterator[list[Any]]:
        """What both say that they hold."""
        for where in FILTERS:
            for view in VIEWS:
                yield self.ask(partial(self._search, where=where, view=view))
        for k in range(len(self.ids[0])):
            yield self.ask(partial(self._told, k=k))
            for name in ("m0", "m1", "m2"):
                yield self.ask(partial(self._history, k=k, name=name))

    def _told(self, client: Any, which: int, k: int) -> tuple[Any, ...]:
        run = client.get_run(self.ids[which][k])
        info, data = run.info, run.data
        tags = {key: v for key, v in data.tags.items() if key != "mlflow.user"}
        return (
            (info.status, info.start_time, info.end_time, info.lifecycle_stage, info.run_name),
            (dict(data.params), tags, dict(data.metrics)),
        )

    def _history(self, client: Any, which: int, k: int, name: str) -> list[Any]:
        found = client.get_metric_history(self.ids[which][k], name)
        return sorted((m.step, m.timestamp, m.value) for m in found)

    def _search(self, client: Any, which: int, where: str, view: int) -> list[int]:
        """Positions of the runs found, page by page; of one start any order."""
        found, token = [], None
        while True:
            page = client.search_runs(
                [self.experiment[which]],
                filter_string=where,
                run_view_type=view,
                max_results=2,
                page_token=token,
            )
            found += [(-r.info.start_time, self.ids[which].index(r.info.run_id)) for r in page]
            token = page.token
            if not token:
                assert [start for start, _ in found] == sorted(start for start, _ in found)
                return sorted(found)


@pytest.mark.parametrize("seed", range(6))
def test_the_stand_in_answers_as_the_real_client(seed: int, tmp_path: Path) -> None:
    with copied_databases():
        real = open_store(address(tmp_path)).client
    both = Both(real, Client(tmp_path / "ours"), random.Random(seed))
    both.create()
    for _ in range(60):
        both.one_more()
    for left, right in both.found():
        assert left == right


def test_what_is_not_there_is_refused_alike(tmp_path: Path) -> None:
    with copied_databases():
        real = open_store(address(tmp_path)).client
    both = Both(real, Client(tmp_path / "ours"), random.Random(0))
    nowhere = "0" * 32
    for call in (
        lambda client, which: client.get_run(nowhere),
        lambda client, which: client.log_batch(nowhere, metrics=[Metric("m", 1.0, 0, 0)]),
        lambda client, which: client.set_terminated(nowhere, "FINISHED", end_time=1),
        lambda client, which: client.get_experiment("77"),
        lambda client, which: client.create_experiment("one"),
        lambda client, which: client.get_experiment_by_name("two"),
    ):
        left, right = both.ask(call)
        assert left == right
        assert left is None or isinstance(left, str)
