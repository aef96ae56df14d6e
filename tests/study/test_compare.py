"""Settings against each other: what is grouped, ordered, called resolved and warned of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nnexp.study.compare import ALPHA, compare
from nnexp.study.published import book_frame

METRIC = "test/accuracy"


def recorded(values: Mapping[tuple[str, int], list[float]], **more: Any) -> pd.DataFrame:
    """Finished runs, as `study.runs` would give them: accuracies by regularizer and size."""
    rows = [
        {
            "run_id": f"{reg}-{size}-{seed}",
            "status": "FINISHED",
            "fingerprint": f"{reg}-{size}-{seed}",
            "source": "s",
            "data": "d",
            "seed": seed,
            "reg.name": reg,
            "data.n_train": size,
            METRIC: value,
            **more,
        }
        for (reg, size), accuracies in values.items()
        for seed, value in enumerate(accuracies)
    ]
    return pd.DataFrame(rows)


def around(mean: float, sd: float, n: int = 5, seed: int = 0) -> list[float]:
    drawn = np.random.default_rng(seed).standard_normal(n)
    return list(mean + sd * (drawn - drawn.mean()) / drawn.std(ddof=1))


def test_size_groups_by_the_number_of_images_however_it_was_typed() -> None:
    frame = recorded({("l2", 1000): around(0.9, 0.01), ("l2", 50_000): around(0.95, 0.01)})
    frame["size"] = ["1k", "1000", "1k", "1000", "1k"] + ["50k"] * 5
    assert [s.name for s in compare(frame, ["size"], METRIC).settings] == ["1000", "50000"]


def test_settings_are_ordered_by_their_values_with_none_first() -> None:
    values = {(reg, n): around(0.9, 0.01) for n in (50_000, 1000) for reg in ("l2", "none", "l1")}
    found = compare(recorded(values), ["reg", "size"], METRIC)
    names = [f"{reg}, {n}" for reg in ("none", "l1", "l2") for n in (1000, 50_000)]
    assert [s.name for s in found.settings] == names


def test_a_verdict_among_many_pairs_stands_only_after_the_correction() -> None:
    base = around(0.9, 0.004, seed=1)
    close = {"none": base, "l1": [a + d for a, d in zip(base, around(6e-3, 4e-3), strict=True)]}
    (alone,) = compare(recorded({(k, 1000): v for k, v in close.items()}), ["reg"], METRIC).pairs
    assert alone.difference.resolved
    assert alone.resolved
    more = {**close, "l2": around(0.9, 0.01, seed=3), "elastic": around(0.9, 0.01, seed=4)}
    found = compare(recorded({(k, 1000): v for k, v in more.items()}), ["reg"], METRIC)
    pair = next(p for p in found.pairs if {p.a, p.b} == {"none", "l1"})
    assert pair.difference.resolved
    assert pair.p > ALPHA
    assert not pair.resolved
    assert pair.more_seeds
    assert all(p.p <= ALPHA for p in found.pairs if p.resolved)


def test_the_same_config_recorded_twice_counts_once_the_latest() -> None:
    frame = recorded({("none", 1000): around(0.9, 0.01), ("l2", 1000): around(0.9, 0.01)})
    older = frame.assign(source="before", fingerprint="f", **{METRIC: 0.1})
    found = compare(pd.concat([frame, older], ignore_index=True), ["reg"], METRIC)
    assert [s.summary.n for s in found.settings] == [5, 5]
    assert all(s.summary.mean > 0.8 for s in found.settings)
    assert any("10 runs are recorded twice" in text for text in found.warnings)


def test_the_same_config_on_other_data_is_another_run() -> None:
    """As with data=idx, whose folder may hold other files later."""
    before = recorded({("none", 1000): around(0.9, 0.01), ("l2", 1000): around(0.9, 0.01)})
    later = before.assign(data="e", fingerprint="f")
    found = compare(pd.concat([later, before], ignore_index=True), ["reg"], METRIC)
    assert [s.summary.n for s in found.settings] == [10, 10]
    assert not any("recorded twice" in text for text in found.warnings)
    assert any("2 different data sets are mixed" in text for text in found.warnings)
    assert not any(pair.paired for pair in found.pairs)  # Each seed is there twice.


@pytest.mark.parametrize(
    ("data", "n_validation", "metric", "said"),
    [
        ("mnist", 10_000, "test/accuracy", True),
        ("fashion_mnist", 5_000, "test/accuracy", True),
        ("mnist", 10_000, "best/validation_accuracy", True),
        ("mnist", 5_000, "validation/accuracy", False),
        ("idx", 10_000, "test/accuracy", False),
        ("mnist", 10_000, "train/accuracy", False),
        ("mnist", 10_000, "test/cost", False),
    ],
)
def test_the_error_of_an_accuracy_is_said_where_it_is_of_10_000_images(
    data: str, n_validation: int, metric: str, said: bool
) -> None:
    values = {("none", 1000): around(0.9, 0.01), ("l2", 1000): around(0.9, 0.01)}
    frame = recorded(values, **{"data.name": data, "data.n_validation": n_validation})
    found = compare(frame.rename(columns={METRIC: metric}), ["reg"], metric)
    assert found.binomial == (pytest.approx(0.003, rel=1e-3) if said else None)


def test_one_run_a_side_is_no_evidence() -> None:
    found = compare(recorded({("none", 1000): [0.1], ("l2", 1000): [0.9]}), ["reg"], METRIC)
    assert not any(pair.resolved for pair in found.pairs)
    assert any("fewer than 5 runs" in text for text in found.warnings)


def test_choices_made_on_the_data_they_are_judged_on_are_named() -> None:
    values = {("none", 1000): around(0.9, 0.01), ("l2", 1000): around(0.9, 0.01)}
    names = ("gap/best", "best/validation_accuracy", "validation/accuracy")
    for metric in names:
        frame = recorded(values, **{"stop.name": "early"}).rename(columns={METRIC: metric})
        said = compare(frame, ["reg"], metric).warnings
        assert any("judged on" in text for text in said), metric
    plain = compare(recorded(values, **{"stop.name": "none"}), ["reg"], METRIC).warnings
    assert not any("judged on" in text for text in plain)


def test_the_books_value_stands_beside_ours_where_the_config_is_the_same() -> None:
    """Recorded or not; and not beside runs with another λ."""
    book = book_frame()
    ours = book[["data.n_train", *[c for c in book if "." in c and "/" not in c]]]
    ours = ours.loc[:, ~ours.columns.duplicated()].assign(
        status="FINISHED", fingerprint=["a", "b", "c", "d"], seed=0, **{"gap/best": 0.1}
    )
    nothing = pd.DataFrame(columns=["run_id", "name", "status", "start"])
    for published in (book, pd.concat([nothing, book], ignore_index=True)):
        found = compare(ours, ["size", "reg"], "gap/best", published=published)
        beside = {s.name: s.published for s in found.settings}
        assert beside["1000, none"] == pytest.approx(0.1773)
        assert beside["50000, none"] == pytest.approx(0.0253, abs=1e-4)
        assert beside["1000, l2"] == pytest.approx(0.1290)
    other = ours.assign(**{"train.eta": 0.1})
    found = compare(other, ["size", "reg"], "gap/best", published=book)
    assert {s.published for s in found.settings} == {None}


def test_mixed_provenance_is_named() -> None:
    values = {("none", 1000): around(0.9, 0.01), ("l2", 1000): around(0.9, 0.01)}
    frame = recorded(values, environment="e")
    assert not any("mixed" in text for text in compare(frame, ["reg"], METRIC).warnings)
    for column in ("source", "data", "environment"):
        mixed = frame.assign(**{column: ["x"] * 5 + ["y"] * 5})
        said = compare(mixed, ["reg"], METRIC).warnings
        assert any("2 different" in text and "mixed" in text for text in said), column


def test_runs_that_differ_in_more_than_the_setting_are_not_judged() -> None:
    values = {("none", 1000): around(0.8, 0.01, 8), ("l2", 1000): around(0.9, 0.01, 8, seed=1)}
    frame = recorded(values)
    assert compare(frame, ["reg"], METRIC).mixed == ()
    longer = frame["seed"] >= 4
    frame["train.epochs"] = np.where(longer, 100, 30)
    found = compare(frame, ["reg"], METRIC)
    assert found.mixed == ("train.epochs",)
    assert found.warnings[0].startswith("runs of one setting differ in train.epochs too: add it")
    assert compare(frame, ["reg", "train.epochs"], METRIC).mixed == ()


def test_what_settings_differ_in_beside_the_key_is_named() -> None:
    values = {("none", 1000): around(0.8, 0.01), ("none", 50000): around(0.9, 0.01, seed=1)}
    frame = recorded(values)
    assert not any("differ in" in text for text in compare(frame, ["size"], METRIC).warnings)
    frame["train.epochs"] = np.where(frame["data.n_train"] == 1000, 400, 30)
    found = compare(frame, ["size"], METRIC)
    assert found.mixed == ()
    assert any("the settings differ in train.epochs too" in text for text in found.warnings)
