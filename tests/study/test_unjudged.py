"""Comparisons of which some runs, or all, say nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nnexp.cli.compare import main
from nnexp.cli.comparison_data import everything, rows
from nnexp.cli.comparison_text import show
from nnexp.errors import UserError
from nnexp.study.compare import compare
from nnexp.study.tables import Compared
from tests.study.test_odd_comparisons import METRIC, frame


def test_what_is_not_judged_does_not_look_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """p and "* meaningful" stood in the row above "not judged"."""
    values = {"none": {s: 0.9 + 0.001 * s for s in range(8)}, "l2": dict.fromkeys(range(8), 0.95)}
    runs = frame([({"reg.name": r}, v) for r, v in values.items()])
    runs["train.epochs"] = np.where(runs["seed"] < 4, 30, 100)
    found = compare(runs, ["reg"], METRIC)
    assert found.mixed
    assert found.pairs[0].probability.meaningful
    show(found, pairs=True)
    screen = capsys.readouterr().out
    assert "not judged" in screen
    table = screen[screen.index("\nA ") : screen.index("not judged")]
    assert "A - B (points)" in table
    for word in ("interval", "P(A > B)", "exact p", "*", "meaningful"):
        assert word not in table
    (pair,) = everything(found)["pairs"]
    (row,) = (r for r in rows(found) if r["kind"] == "pair")
    told = {"a", "b", "paired", "difference", "verdict", "label_a", "label_b"}
    for shown in (pair, {k: v for k, v in row.items() if k != "kind"}):
        assert {k for k, v in shown.items() if v is not None} == told
    (judged,) = Compared(found).pairs.to_dict("records")
    assert judged["verdict"] == "not judged"
    assert all(pd.isna(judged[k]) for k in ("low", "high", "P(A > B)", "p (Holm)", "more seeds"))


def test_runs_that_did_not_finish_are_counted() -> None:
    """They stood in no column, so that six seeds of ten looked like all there are."""
    runs = frame([({"reg.name": r}, {s: 0.9 + 0.01 * s for s in range(6)}) for r in ("none", "l2")])
    runs["fingerprint"] = [str(k) for k in range(12)]
    assert not any("left out" in text for text in compare(runs, ["reg"], METRIC).warnings)
    runs.loc[runs["seed"] == 5, "status"] = "KILLED"
    runs.loc[runs["seed"] == 4, "status"] = ["RUNNING", "FAILED"]
    (told,) = (text for text in compare(runs, ["reg"], METRIC).warnings if "left out" in text)
    assert told == (
        "3 runs that did not finish left out: 2 KILLED (stopped, or given up by a search), "
        "1 RUNNING (being trained, or the process is gone)"
    )
    again = runs[runs["status"] == "KILLED"].assign(status="FINISHED")
    whole = pd.concat([again, runs], ignore_index=True)
    (told,) = (text for text in compare(whole, ["reg"], METRIC).warnings if "left out" in text)
    assert told.startswith("1 run that did not finish left out: 1 RUNNING")


@pytest.mark.parametrize(
    ("option", "values"),
    [("--by", ("cost", "reg")), ("--tracking-uri", ("sqlite:///a.db", "http://u:secret@b"))],
)
def test_an_option_with_two_values_is_refused(option: str, values: tuple[str, str]) -> None:
    """The first was forgotten without a word: one store of two was compared."""
    first, second = values
    with pytest.raises(UserError, match=f"{option}: two values: {first}, .*; allowed: one") as told:
        main([option, first, option, second])
    assert "secret" not in str(told.value)
