"""What `nnexp.run` and `nnexp.sweep` return: recorded runs, read from the store when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from nnexp.config.compose import flatten
from nnexp.config.plurals import some
from nnexp.config.run_names import run_name
from nnexp.config.schema import Config
from nnexp.config.varying_keys import columns_of, distinct_keys
from nnexp.errors import UserError
from nnexp.runner.sweep_results import SHOWN
from nnexp.study.tables import final_table, settings_table

if TYPE_CHECKING:
    from nnexp.nn.parameters import Parameters
    from nnexp.record.sweep import Recorded
    from nnexp.runner.run_under_way import Result
    from nnexp.runner.sweep import SweepResult
    from nnexp.study.tables import Compared


@dataclass(frozen=True, repr=False)
class Run:
    """A recorded run."""

    run_id: str
    config: Config
    metrics: dict[str, float]
    """The last value of every metric: `test/accuracy`, `best/epoch`, `gap/final` …"""
    status: str
    reason: str
    """Why it failed."""
    tracking_uri: str

    @classmethod
    def of_result(cls, result: Result) -> Run:
        """A run that was trained or found just now."""
        return cls._made(result.run_id, result.config, result.metrics, "FINISHED", "")

    @classmethod
    def of_recorded(cls, found: Recorded, config: Config) -> Run:
        """A run of a sweep that was trained or found just now."""
        return cls._made(found.run_id, config, found.metrics, found.status, found.reason)

    @classmethod
    def _made(
        cls, run_id: str, config: Config, metrics: Mapping[str, float], status: str, reason: str
    ) -> Run:
        from nnexp.record.store_address import resolve_uri

        final = {name: metrics[name] for name in sorted(metrics) if name != "step"}
        return cls(run_id, config, final, status, reason, resolve_uri(config.tracking.uri))

    @property
    def name(self) -> str:
        """What tells this run from others: `crossentropy l2 λ5 1k seed3`."""
        return run_name(self.config)

    @property
    def params(self) -> dict[str, str]:
        """Every config key with its value as text, as recorded."""
        return flatten(self.config)

    @cached_property
    def curves(self) -> pd.DataFrame:
        """One row per evaluated epoch (index `step`, 0 = untrained), one column per metric."""
        from nnexp.record.store import open_store
        from nnexp.record.store_sql import curves_of_ids

        long = curves_of_ids(open_store(self.tracking_uri, reading=True), [self.run_id])
        wide = long.pivot(index="step", columns="metric", values="value")
        wide.columns.name = None
        # What is measured at the end only has one value, and no curve.
        return wide.loc[:, wide.notna().sum() == len(wide)]

    @cached_property
    def weights(self) -> dict[str, NDArray[np.floating[Any]]]:
        """The arrays `W1`, `b1`, `W2` …: W of shape (n_out, n_in), b of shape (n_out,).

        Raises:
            UserError: none were recorded (a failed run, or `tracking.artifacts=none`).
        """
        from nnexp.record.weights import named

        return named(self.parameters)

    @cached_property
    def parameters(self) -> Parameters:
        """The same as weights and biases by layer; raises as `weights`."""
        from nnexp.record.store import open_store
        from nnexp.record.weights import layer_sizes
        from nnexp.study.lookup import find_run, why_none
        from nnexp.study.recorded import recorded_weights

        store = open_store(self.tracking_uri, reading=True)
        run = find_run(store, self.run_id, deleted=None)
        found = recorded_weights(store, run, layer_sizes(self.config))
        if found is None:
            raise UserError(
                f"run {self.run_id}: its record holds no weights ({why_none(self.status)})"
            )
        return found

    def predict(self, images: ArrayLike) -> pd.DataFrame:
        """Class and probabilities `p0` … of images, as the recorded MLflow model gives them.

        Args:
            images: shape (N, 784) or (N, 28, 28); integers are pixels of 0 to 255, floating point
                numbers pixels of 0 to 1, whatever scale the network was trained on.

        Raises:
            ValueError: another shape or range.
            UserError: no weights were recorded, or the data set is another now.

        >>> run.predict(images)["class"]
        """
        found: pd.DataFrame = self._network.predict(None, np.asarray(images))
        return found

    @cached_property
    def _network(self) -> Any:
        from nnexp.extension_files import check_loaded
        from nnexp.nn.activations import ACTIVATIONS
        from nnexp.nn.costs import COSTS
        from nnexp.record.store import open_store
        from nnexp.study.recorded import recorded_data
        from nnexp.train.plan import pixel_max_of

        run = open_store(self.tracking_uri, reading=True).client.get_run(self.run_id)
        # The very code that every recorded model carries with it.
        from nnexp.record.serving import Network

        check_loaded(self.run_id, run.data.tags)
        parameters, dataset = self.parameters, recorded_data(run, self.config)
        images = dataset.n_outputs > 1
        network = Network()
        network.activation = ACTIVATIONS[self.config.model.activation].function
        network.output = COSTS[self.config.cost.name].output_name
        network.pixel_max = pixel_max_of(self.config, dataset) if images else None
        network.image_shape = dataset.image_shape if images else None
        network.weights = [w.astype(np.float64) for w in parameters.weights]
        network.biases = [b.astype(np.float64) for b in parameters.biases]
        return network

    def __repr__(self) -> str:
        lines = [f"{self.name}: {self._state} (run {self.run_id[:8]})"]
        table = final_table(self.metrics)
        return "\n".join([*lines, *([table.to_string()] if not table.empty else [])])

    def _repr_html_(self) -> str:
        head = f"<b>{escape(self.name)}</b>: {escape(self._state)} "
        head += f"(run <code>{escape(self.run_id[:8])}</code>)"
        table = final_table(self.metrics)
        return f"<p>{head}</p>" + ("" if table.empty else table.to_html(border=0))

    @property
    def _state(self) -> str:
        return self.status.lower() + (f", {self.reason}" if self.reason else "")


@dataclass(frozen=True, repr=False)
class Sweep:
    """The runs of a sweep, in the order of its combinations."""

    sweep_id: str
    """The parent run; empty where nothing was trained (`sweep.dry_run=true`)."""
    runs: tuple[Run, ...]

    @classmethod
    def of_result(cls, result: SweepResult) -> Sweep:
        """A sweep that was trained or found just now."""
        pairs = zip(result.configs, result.runs, strict=True)
        runs = [Run.of_recorded(recorded, config) for config, recorded in pairs]
        return cls(result.sweep_id, tuple(runs))

    def __len__(self) -> int:
        return len(self.runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __getitem__(self, position: int) -> Run:
        return self.runs[position]

    @property
    def failed(self) -> list[Run]:
        """The runs that failed; each says its `reason`."""
        return [run for run in self.runs if run.status != "FINISHED"]

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row per run, in order, with the columns of `nnexp.study.runs`."""
        from nnexp.record.store import open_store
        from nnexp.study.frames import runs_of_ids

        ids = [run.run_id for run in self.runs]
        if not ids:
            return pd.DataFrame(columns=["run_id", "name", "status", "start"])
        found = runs_of_ids(open_store(self.runs[0].tracking_uri, reading=True), ids)
        return found.set_index("run_id").loc[ids].reset_index()

    @property
    def varied(self) -> list[str]:
        """The config keys that tell the settings apart; the seed is not among them."""
        return distinct_keys(columns_of([run.params for run in self.runs]))

    @property
    def table(self) -> pd.DataFrame:
        """One row per setting: n, failed runs, and of each result mean and standard deviation."""
        return settings_table(self.frame, self.varied, [name for name, _ in SHOWN])

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Every value of every run, in long form.

        Columns `run_id`, the varied keys, `seed`, `metric`, `step`, `value`.
        """
        from nnexp.record.store import open_store
        from nnexp.record.store_sql import curves_of_ids

        keys = [*self.varied, "seed"]
        if not self.runs:
            return pd.DataFrame(columns=["run_id", *keys, "metric", "step", "value"])
        store = open_store(self.runs[0].tracking_uri, reading=True)
        long = curves_of_ids(store, [run.run_id for run in self.runs])
        merged = self.frame[["run_id", *keys]].merge(long, on="run_id")
        return merged[["run_id", *keys, "metric", "step", "value"]]

    def compare(
        self,
        by: str | Sequence[str] | None = None,
        metric: str = "test/accuracy",
        *,
        pair: str = "seed",
        against: str | None = None,
        within: float | None = None,
    ) -> Compared:
        """The settings against each other, as `python -m nnexp compare` does.

        Args:
            by: `reg`, `size`, `dropout` … or config keys, as `"reg,size"` or a list; all that
                varied, unless given.
            metric: a recorded metric.
            pair: the config key that pairs runs.
            against: a setting, such as `reg=none size=1k`, that all others are set against.
            within: differences below this do not matter: points for accuracies and gaps, else the
                metric's own unit.

        Raises:
            UserError: no run has such a key or metric, there is no such setting, or no such margin.
        """
        from nnexp.record.store import open_store
        from nnexp.study.compare import compare
        from nnexp.study.decision_rule import Rule, margin_of
        from nnexp.study.metric import Metric
        from nnexp.study.published import published_runs
        from nnexp.study.tables import Compared

        words = by.split(",") if isinstance(by, str) else by
        keys = [word.strip() for word in words or self.varied or ["cost"]]
        published = None
        if self.runs:
            first = self.runs[0]
            store = open_store(first.tracking_uri, reading=True)
            published = published_runs(store, [first.config.tracking.experiment])
        rule = Rule(within=margin_of(within, Metric(metric), "within="))
        found = compare(
            self.frame, keys, metric, pair=pair, published=published, against=against, rule=rule
        )
        return Compared(found)

    def __repr__(self) -> str:
        return "\n".join([self._head, *([self.table.to_string(index=False)] if self.runs else [])])

    def _repr_html_(self) -> str:
        table = self.table.to_html(border=0, index=False) if self.runs else ""
        return f"<p>{escape(self._head)}</p>{table}"

    @property
    def _head(self) -> str:
        if not self.runs:
            return "sweep: nothing was trained"
        failed = f", {len(self.failed)} failed" if self.failed else ""
        where = f" (sweep {self.sweep_id[:8]})" if self.sweep_id else ""
        return f"sweep of {some(len(self.runs), 'run')}{failed}{where}"
