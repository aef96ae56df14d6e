"""`compare … --until resolved`, typed: trains what is needed, goes on, repeats, keeps quiet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nnexp.study.frames import runs
from tests.inside import inside as nnexp
from tests.runner.typed import recorded
from tests.stores import address

TINY = ("-m", "size=100", "train.epochs=3", "data.n_validation=100")
SWEEP = (*TINY, "cost=crossentropy,quadratic", "seed=range(4)", "tracking.artifacts=light")
UNTIL = ("compare", "--until", "resolved")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seeds, of which E cannot reach 20; then what it takes was trained."""
    folder = tmp_path_factory.mktemp("until")
    assert nnexp(folder, *SWEEP).returncode == 0
    return folder


def count(folder: Path) -> int:
    return len(runs(address(folder)))


def test_seeds_are_added_until_it_is_decided_and_only_once(store: Path) -> None:
    offered = nnexp(store, "compare", "--by", "cost", "--alpha", "0.1")
    assert (offered.returncode, offered.stderr.count("\n")) == (2, 1)
    first = nnexp(store, *UNTIL, "--by", "cost", "--budget", "2")
    assert first.returncode == 0, first.stderr
    assert count(store) == 10
    assert "at most 2 runs: about" in first.stderr
    assert "round 1: 2 runs, seed 4 of " in first.stderr
    assert "[2/2]" in first.stderr
    assert "[2/2]" not in first.stdout
    done = nnexp(store, *UNTIL, "--by", "cost", "--budget", "12")
    assert done.returncode == 0, done.stderr
    assert re.search(
        r"decided; \d+ runs? trained in \d+ rounds?; budget 12, left \d+\n", done.stdout
    )
    assert "95 % anytime interval" in done.stdout
    there = count(store)
    assert there % 2 == 0
    again = nnexp(store, *UNTIL, "--by", "cost", "--budget", "12", "--format", "json")
    assert again.returncode == 0, again.stderr
    assert count(store) == there
    (pair,) = json.loads(again.stdout)["pairs"]
    assert pair["resolved"]
    assert pair["e"] >= 20.0
    (parent,) = (p for p in recorded(store, "sweep") if "until" in p.info.run_name)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["nnexp.total"] == str(there - 8)
    assert parent.data.tags["nnexp.command"].startswith("python -m nnexp compare --until resolved")
    for chosen in (("--experiment", "nnexp"), ("--sweep", parent.info.run_id)):
        exported = nnexp(store, "export", *chosen, "--out", "until.nnexp")
        assert exported.returncode == 0, exported.stderr
        expected = there if chosen[0] == "--experiment" else there - 8
        assert f"bytes): {expected} runs, " in exported.stdout
    on = nnexp(store, "sweeps", "--go-on", parent.info.run_id[:8])
    assert on.returncode == 0, on.stderr
    assert "decided" in on.stdout
    assert count(store) == there


def test_of_a_sweep_every_seed_of_its_settings_counts(store: Path) -> None:
    parent = next(p for p in recorded(store, "sweep") if "until" not in p.info.run_name)
    there = count(store)
    typed = (*UNTIL, "--sweep", parent.info.run_id[:8], "--budget", "0", "--format", "json")
    done = nnexp(store, *typed)
    assert done.returncode == 0, done.stderr
    assert count(store) == there
    told = json.loads(done.stdout)
    assert {s["n"] for s in told["settings"]} == {there // 2}
    plain = nnexp(store, "compare", "--sweep", parent.info.run_id[:8], "--format", "json")
    assert {s["n"] for s in json.loads(plain.stdout)["settings"]} == {4}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((*UNTIL, "--by", "cost"), "--until resolved: allowed with --budget N"),
        ((*UNTIL, "--budget", "-1"), "--budget -1: allowed: 0 or more"),
        ((*UNTIL, "--budget", "5", "--alpha", "0"), "--alpha 0.0: allowed"),
        ((*UNTIL, "--budget", "5", "--pair", "reg.name"), "--pair reg.name: allowed with --until"),
        ((*UNTIL, "--budget", "5", "--by", "sweep"), "--by sweep"),
        ((*UNTIL, "--budget", "5", "--by", "reg"), "runs of one setting differ in cost.name"),
        (("compare", "--budget", "5"), "--budget 5: allowed with --until resolved"),
        ((*UNTIL, "--budget", "5", "seed=3"), "seed=3: allowed: sweep.workers=VALUE or"),
        (("compare", "sweep.workers=2"), "sweep.workers=2: allowed: "),
        (
            (*UNTIL, "--budget", "5", "sweep.executor=x"),
            "sweep.executor=x: allowed: processes, dask",
        ),
        (("compare", "--within", "-0.2"), "--within -0.2: allowed: a number above 0"),
        (("compare", "--within", "nan"), "--within nan: allowed"),
    ],
)
def test_wrong_requests_end_in_one_line(store: Path, typed: tuple[str, ...], said: str) -> None:
    done = nnexp(store, *typed)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert said in done.stderr


def test_where_something_is_open_the_line_is_offered(store: Path) -> None:
    typed = ("compare", "--by", "cost", "--metric")
    near = nnexp(store, *typed, "train/penalty").stdout
    assert re.search(r"quadratic: not resolved: the same in all \d seeds\n", near)
    (line,) = (x for x in near.splitlines() if x.endswith("--until resolved --budget 60"))
    assert "python -m nnexp compare --by cost --metric train/penalty --until" in line
    assert "--until" not in nnexp(store, *typed, "train/accuracy").stdout
