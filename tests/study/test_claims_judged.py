"""Verdicts on claims, from runs whose values are known."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy import stats

from nnexp.record.clock import now
from nnexp.record.description import params_of
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store, open_store
from nnexp.study.claims import read_claims
from nnexp.study.claims_judged import Judged, judge
from nnexp.study.claims_text import measured_text
from nnexp.study.compare import compare
from nnexp.study.frames import runs
from tests.inside import inside
from tests.record.stored import restore
from tests.small import configured
from tests.stores import address

PLAIN = [0.90, 0.91, 0.92, 0.90, 0.91]
"""Accuracies of five seeds; of those with L2 they are `GAINS` higher."""
GAINS = [0.010, 0.014, 0.012, 0.011, 0.013]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("claims")
    restore(made)  # Quicker than making a database.
    store = open_store(address(made))
    higher = [a + b for a, b in zip(PLAIN, GAINS, strict=True)]
    record(store, "mine", {}, PLAIN)
    record(store, "mine", {"reg.name": "l2"}, higher)
    record(store, "mine", {"data.n_train": 20}, higher, first=50)
    record(store, "single", {}, PLAIN[:1])
    return made


def record(
    store: Store,
    experiment: str,
    setting: Mapping[str, Any],
    accuracies: Sequence[float],
    first: int = 0,
) -> None:
    """Finished runs with these test accuracies, and a training cost of 1/(1 + epoch)."""
    number = store.client.get_experiment_by_name(experiment)
    place = number.experiment_id if number else store.client.create_experiment(experiment)
    for seed, accuracy in enumerate(accuracies, start=first):
        run = store.client.create_run(place, tags={"nnexp.kind": "run"})
        values = [
            MetricPoint("test/accuracy", accuracy, 2, now()),
            MetricPoint("train/accuracy", 0.99, 2, now()),
        ]
        values += [MetricPoint("train/cost", 1.0 / (1 + epoch), epoch, now()) for epoch in range(3)]
        log(store, run.info.run_id, values, params_of(configured(setting, seed=seed)))
        store.client.set_terminated(run.info.run_id)


def judged(folder: Path, **claims: Mapping[str, Any]) -> dict[str, Judged]:
    """Claims of one file, about `test/accuracy` in `mine` where they do not say else."""
    path = folder / "claims.yaml"
    given = {"claim": "It is so.", "metric": "test/accuracy"}
    entries = {name: {**given, **claim} for name, claim in claims.items()}
    path.write_text(yaml.safe_dump({"experiment": "mine", "claims": entries}))
    store = open_store(address(folder), reading=True)
    return {j.claim.name: j for j in judge(store, read_claims(path)).judged}


L2 = {"of": "reg=l2", "against": "reg=none size=30"}


def test_a_difference_is_paired_by_seed_and_held_against_its_bound(folder: Path) -> None:
    found = judged(folder, one={**L2, "at_least": 0.005})["one"]
    assert found.outcome == "holds"
    assert found.as_expected
    assert (found.n, found.mean) == (5, pytest.approx(np.mean(GAINS)))
    assert found.p == pytest.approx(stats.ttest_1samp(GAINS, 0.005).pvalue)
    assert found.low < np.mean(GAINS) < found.high
    assert found.low > 0.005


@pytest.mark.parametrize(
    ("bound", "outcome"),
    [
        ({"at_least": 0.012}, "not resolved"),
        ({"at_least": 0.02}, "does not hold"),
        ({"at_most": 0.02}, "holds"),
        ({"at_most": 0.005}, "does not hold"),
        ({"within": 0.02}, "holds"),
        ({"within": 0.005}, "does not hold"),
        ({"within": 0.0125}, "not resolved"),
        ({"within": 0.005, "about": 0.012}, "holds"),
        ({"within": 0.005, "about": 0.03}, "does not hold"),
    ],
    ids=str,
)
def test_outcomes(folder: Path, bound: Mapping[str, float], outcome: str) -> None:
    found = judged(folder, one={**L2, **bound})["one"]
    assert found.outcome == outcome
    assert found.as_expected == (outcome == "holds")
    assert bool(found.why) == (outcome == "not resolved")


def test_what_was_meant_by_a_misspelt_metric_is_asked_recorded_or_not(folder: Path) -> None:
    found = judged(
        folder,
        one={**L2, "metric": "test/acuracy - epoch", "at_least": 0.0},
        two={"of": "reg=l1", "metric": "gap/fnal", "at_least": 0.0},
        three={**L2, "metric": "gap/best", "at_least": 0.0},
    )
    assert found["one"].why == (
        "none of 5 runs has test/acuracy - epoch; test/acuracy is no metric of nnexp; did you mean "
        "test/accuracy?; epoch is no metric of nnexp; did you mean epochs?"
    )
    assert found["two"].why == "gap/fnal is no metric of nnexp; did you mean gap/final?"
    assert found["three"].why == "none of 5 runs has gap/best"
    assert {j.outcome for j in found.values()} == {"not recorded"}


def test_within_is_two_one_sided_tests(folder: Path) -> None:
    """At p = 0.04 one-sided equivalence is resolved, though a two-sided test at 5 % is not."""
    error = np.std(GAINS, ddof=1) / np.sqrt(5)
    edge = np.mean(GAINS) + error * stats.t.isf(0.04, 4)
    found = judged(folder, one={**L2, "within": float(edge)})["one"]
    assert (found.outcome, found.p) == ("holds", pytest.approx(0.04, rel=1e-6))


def test_claims_of_a_file_are_one_family_recorded_or_not(folder: Path) -> None:
    """At p = 0.02 a claim holds alone, and not among three, one of which is not even recorded."""
    error = np.std(GAINS, ddof=1) / np.sqrt(5)
    edge = float(np.mean(GAINS) - error * stats.t.isf(0.01, 4))
    alone = judged(folder, one={**L2, "at_least": edge})["one"]
    assert (alone.outcome, alone.p) == ("holds", pytest.approx(0.02, rel=1e-6))
    among = judged(
        folder,
        one={**L2, "at_least": edge},
        two={**L2, "at_least": 0.0121},
        three={"of": "reg=l1", "at_least": 0.5},
    )["one"]
    assert (among.outcome, among.p) == ("not resolved", pytest.approx(0.06, rel=1e-6))
    assert among.why == "resolved alone, not among 3 claims"


def test_values_themselves_differences_within_a_run_and_epochs(folder: Path) -> None:
    plain = {"of": "reg=none size=30"}
    found = judged(
        folder,
        value={**plain, "at_least": 0.85},
        gap={**plain, "metric": "train/accuracy - test/accuracy", "within": 0.1},
        cost={**plain, "metric": "train/cost@1", "within": 0.001, "about": 0.5},
        fall={**plain, "metric": "train/cost@0 - train/cost", "at_least": 0.6},
        long={**plain, "metric": "epochs", "within": 0.1, "about": 2},
    )
    assert {j.outcome for j in found.values()} == {"holds"}
    assert found["gap"].mean == pytest.approx(0.99 - np.mean(PLAIN))
    assert found["fall"].mean == pytest.approx(2.0 / 3.0)


def test_settings_without_common_seeds_are_compared_by_welchs_test(folder: Path) -> None:
    found = judged(folder, one={"of": "size=20", "against": "size=30 reg=none", "at_least": 0.0})
    values = [a + b for a, b in zip(PLAIN, GAINS, strict=True)]
    expected = stats.ttest_ind(values, PLAIN, equal_var=False)
    assert found["one"].p == pytest.approx(expected.pvalue)


def test_what_cannot_be_judged_says_why(folder: Path) -> None:
    found = judged(
        folder,
        setting={"of": "reg=l1 size=30", "at_least": 0.5},
        preset={"experiment": "slowdown", "metric": "train/cost", "at_most": 1},
        metric={"of": "reg=l2", "metric": "gap/best", "at_least": 0.5},
        epoch={"of": "reg=l2", "metric": "train/cost@7", "at_least": 0.5},
        mixed={"at_least": 0.5},
        single={"experiment": "single", "at_least": 0.5},
    )
    lines = {name: (j.outcome, j.command or j.why) for name, j in found.items()}
    again = "python -m nnexp -m reg=l1 size=30 'seed=range(5)' tracking.experiment=mine"
    assert lines == {
        "setting": ("not recorded", again),
        "preset": ("not recorded", "python -m nnexp experiment=slowdown"),
        "metric": ("not recorded", "none of 5 runs has gap/best"),
        "epoch": ("not recorded", "none of 5 runs has train/cost@7"),
        "mixed": (
            "not resolved",
            "runs of one setting differ in data.n_train, reg.name: name it too",
        ),
        "single": ("not resolved", "one seed says nothing of the spread"),
    }


def test_one_run_is_held_against_the_one_of_its_seed(folder: Path) -> None:
    found = judged(folder, one={**L2, "of": "reg=l2 seed=3", "at_least": 0.0})["one"]
    assert (found.outcome, found.n) == ("not resolved", 1)
    assert found.mean == pytest.approx(GAINS[3])


def test_all_that_a_difference_lacks_is_recorded_by_one_line(folder: Path) -> None:
    found = judged(folder, one={"of": "reg=l1", "against": "reg=elastic", "at_least": 0.0})["one"]
    kinds = ("l1", "elastic")
    lines = [f"-m reg={k} 'seed=range(5)' tracking.experiment=mine" for k in kinds]
    assert found.command == " && ".join(f"python -m nnexp {line}" for line in lines)


@pytest.mark.parametrize(
    ("bound", "outcome"), [({"at_least": 0.9}, "holds"), ({"within": 0.1}, "does not hold")]
)
def test_one_run_is_enough_where_nothing_is_drawn(
    folder: Path, bound: Mapping[str, float], outcome: str
) -> None:
    found = judged(folder, one={"experiment": "single", "exact": True, **bound})["one"]
    assert (found.outcome, found.n, found.p) == (outcome, 1, None)


def test_the_command_prints_verdicts_and_exits_by_them(folder: Path) -> None:
    judged(
        folder,
        good={**L2, "at_least": 0.005},
        bad={**L2, "at_least": 0.02, "expected": "does not hold"},
        missing={"of": "reg=l1", "at_least": 0.5},
    )
    done = inside(folder, "claims", "--file", "claims.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert "3 claims: 1 holds, 1 does not hold, 1 is not recorded; all that are" in done.stdout
    assert "to record: python -m nnexp -m reg=l1 'seed=range(5)'" in done.stdout
    assert inside(folder, "claims", "claims.yaml", "--strict").returncode == 1
    other = inside(folder, "claims", "slowdown", "--format", "json")
    rows = json.loads(other.stdout)["claims"]
    assert other.returncode == 0
    assert {row["outcome"] for row in rows} == {"not recorded"}
    one = inside(folder, "claims", "flat-sigmoid", "--format", "csv")
    (row,) = csv.DictReader(one.stdout.splitlines())
    assert (row["file"], row["name"], row["metric"]) == (
        "slowdown", "flat-sigmoid", "neuron/sigmoid_prime@0",
    )  # fmt: skip


def test_another_outcome_than_expected_is_named_and_exits_with_1(folder: Path) -> None:
    judged(folder, bad={**L2, "at_least": 0.02}, open={**L2, "at_least": 0.0121})
    done = inside(folder, "claims", "claims.yaml")
    assert done.returncode == 1
    assert "! bad: does not hold; expected: holds" in done.stdout
    assert "2 not as expected" in done.stdout
    table = inside(folder, "claims", "claims.yaml", "--format", "csv").stdout.splitlines()
    assert len(table) == 3


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("nothing",), "claims nothing: no such claims; allowed: averaging, biases, "),
        (("slowdwn",), "did you mean slowdown?"),
        (("--file", "no.yaml"), "no.yaml: No such file or directory; allowed: a file of claims"),
    ],
)
def test_a_wrong_request_is_one_line(folder: Path, typed: Sequence[str], said: str) -> None:
    done = inside(folder, "claims", *typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_mean_is_told_as_compare_tells_it(folder: Path) -> None:
    """Four accuracies whose mean is 98.545 %: less the bound and back it was 98.54, not 98.55."""
    store = open_store(address(folder))
    values = [0.9859, 0.9860, 0.9865, 0.9834]
    record(store, "ties", {}, values)
    record(store, "ties", {"reg.name": "l2"}, [v - 0.01 for v in values])
    found = judged(
        folder,
        one={"experiment": "ties", "of": "reg=none", "at_least": 0.9894},
        two={"experiment": "ties", "of": "reg=none", "against": "reg=l2", "at_most": 0.0133},
    )
    told = compare(runs(address(folder), "ties"), ["reg"], "test/accuracy")
    (setting,) = (s for s in told.settings if s.name == "none")
    assert found["one"].mean == setting.summary.mean
    assert (found["one"].low, found["one"].high) == setting.summary.interval
    assert measured_text(found["one"]).startswith("98.55 (")
    assert (found["two"].mean, found["two"].low) == (told.pairs[0].mean, told.pairs[0].low)


def test_no_accuracy_is_above_all_images(folder: Path) -> None:
    record(open_store(address(folder)), "high", {}, [0.999, 0.985])
    found = judged(folder, one={"experiment": "high", "at_least": 0.95})["one"]
    assert (found.outcome, found.high) == ("not resolved", 1.0)


@pytest.mark.parametrize(
    ("high", "low", "bound"),
    [
        (0.9027, 0.8907, {"at_least": 0.012}),
        (0.9020, 0.8900, {"at_most": 0.012}),
        (0.9020, 0.8900, {"within": 0.012}),
    ],
    ids=str,
)
def test_a_single_difference_at_its_bound_keeps_it(
    folder: Path, high: float, low: float, bound: Mapping[str, float]
) -> None:
    """0.9027 − 0.8907 is a little less than 0.012, 0.902 − 0.89 a little more."""
    store, name = open_store(address(folder)), f"edge{high}{next(iter(bound))}"
    record(store, name, {"reg.name": "l2"}, [high])
    record(store, name, {}, [low])
    sides = {"of": "reg=l2", "against": "reg=none", "experiment": name, "exact": True}
    assert judged(folder, one={**sides, **bound})["one"].outcome == "holds"


def test_more_seeds_are_counted_for_all_claims_of_the_file(folder: Path) -> None:
    alone = judged(folder, one={**L2, "at_least": 0.011})["one"].why
    more = {f"c{k}": {**L2, "at_least": 0.011} for k in range(9)}
    among = judged(folder, one={**L2, "at_least": 0.011}, **more)["one"].why
    few, many = (
        int(re.sub(r"^about (\d+) more seeds? would .*", r"\1", w)) for w in (alone, among)
    )
    assert 0 < few < many


def test_experiments_of_ones_own_are_told_apart(folder: Path) -> None:
    """Only those with the name of a preset could be named."""
    record(open_store(address(folder)), "plain", {}, PLAIN)
    record(open_store(address(folder)), "better", {}, [v + 0.01 for v in PLAIN[:4]] + [0.93])
    sides = {"of": "experiment=better", "against": "experiment=plain"}
    found = judged(folder, one={**sides, "experiment": ["plain", "better"], "at_least": 0.0})
    assert (found["one"].outcome, found["one"].n) == ("holds", 5)


def test_a_seed_is_nothing_to_claim(folder: Path) -> None:
    found = judged(folder, one={**L2, "metric": "seed", "at_least": 0.0})["one"]
    assert (found.outcome, found.why) == ("not recorded", "none of 5 runs has seed")
