"""What is recorded at the end of a run beside what the trainer says: test costs with their penalty.

They follow from recorded values by one multiplication and one addition each, so they are the same
wherever they are computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.train.plan import problem_of
from nnexp.train.report import Outcome

DIGITS = 12
"""A gap is the difference of two shares: so many decimals are all it has, the rest is rounding."""
DERIVED = ("test/cost", "test/penalty", "test/cost_network2")


def completed(
    config: Config, dataset: Dataset, rows: Sequence[Mapping[str, float]], outcome: Outcome
) -> Outcome:
    """The outcome of a run, with `DERIVED` where test data is looked at once, at the end.

    Its gaps are rounded to `DIGITS`.

    `test/penalty` is that of the weights that were tested (eq. 87, 95, with n the training size),
    so it is `train/penalty` of their epoch; `test/cost_network2` divides the penalty by the number
    of test images instead. `rows` are the evaluated epochs. Where the epoch of restored weights is
    not among them (`monitor.every`), their penalty is not known and nothing is added.
    """
    metrics = read_as(outcome.metrics)
    outcome = replace(outcome, metrics=metrics)
    if config.monitor.test != "end" or "test/data_cost" not in metrics or not rows:
        return outcome
    restored = "best/test_data_cost" in metrics
    step = metrics["best/epoch"] if restored else rows[-1]["step"]
    penalty = next((row.get("train/penalty") for row in rows if row["step"] == step), None)
    if penalty is None:
        return outcome
    cost, n = metrics["test/data_cost"], problem_of(config, dataset).n
    values = (cost + penalty, penalty, cost + penalty * (n / len(dataset.test)))
    return replace(outcome, metrics={**metrics, **dict(zip(DERIVED, values, strict=True))})


def read_as(metrics: Mapping[str, float]) -> dict[str, float]:
    """Final values as they are read: a gap of 0.0374, not of 0.03739999999999999."""
    return {k: round(v, DIGITS) if k.startswith("gap/") else v for k, v in metrics.items()}
