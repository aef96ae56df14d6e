"""Claims and comparisons in a file: drawn from its runs, and found where they do not follow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnexp.study.compare import compare
from nnexp.study.exchange.conclusions import conclusion_problems
from nnexp.study.exchange.paper import figure
from nnexp.study.exchange.results import problems
from nnexp.study.frames import runs
from tests.fresh import copied_databases
from tests.inside import inside
from tests.stores import address
from tests.study.exchange.conftest import Exported
from tests.study.exchange.members import Members, opened

CLAIMS = """
experiment: nnexp
claims:
  learns:
    claim: The cost falls.
    metric: train/cost@0 - train/cost
    at_least: 0.0
  perfect:
    claim: All test images are right.
    metric: test/accuracy
    at_least: 0.99
    expected: does not hold
"""


@pytest.fixture(scope="module")
def concluded(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("concluded")
    (folder / "mine.yaml").write_text(CLAIMS, "utf-8")
    typed = ("--claims", str(folder / "mine.yaml"), "--by", "reg,seed", "--badge", "--latex")
    out = folder / "x.nnexp"
    done = inside(exported.folder, "export", "--sweep", exported.sweep, *typed, "--out", str(out))
    assert done.returncode == 0, done.stderr
    return out


def test_a_file_says_what_follows_from_its_runs(concluded: Path, exported: Exported) -> None:
    manifest = Members(concluded.read_bytes()).manifest
    (claims,) = manifest["claims"]
    assert claims["text"] == CLAIMS
    assert {j["name"]: j["outcome"] for j in claims["judged"]} == {
        "learns": "holds",
        "perfect": "does not hold",
    }
    compared = inside(exported.folder, "compare", "--by", "reg,seed", "--format", "json").stdout
    ours = {s["n"]: s["mean"] for s in json.loads(compared)["settings"]}
    assert {s["n"]: s["mean"] for s in manifest["comparison"]["settings"]} == ours
    assert "results: 3 runs" in concluded.with_suffix(".svg").read_text("utf-8")


def test_whoever_verifies_or_imports_comes_to_the_same(concluded: Path, tmp_path: Path) -> None:
    for typed in (("verify", str(concluded), "--sample", "1"), ("import", str(concluded))):
        done = inside(tmp_path, *typed)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "claims mine, judged from the file's runs: holds 1, does not hold 1" in done.stdout
        assert "comparison by reg, seed, test/accuracy: 3 settings" in done.stdout


def outcome(manifest: dict[str, Any]) -> None:
    manifest["claims"][0]["judged"][1]["outcome"] = "holds"


def mean(manifest: dict[str, Any]) -> None:
    manifest["comparison"]["settings"][0]["mean"] += 1e-6


def interval(manifest: dict[str, Any]) -> None:
    manifest["comparison"]["settings"][0] |= {"mean": 0.5, "low": 0.25, "high": 0.75}


def bound(manifest: dict[str, Any]) -> None:
    manifest["claims"][0]["text"] = CLAIMS.replace("0.99", "0.01")


def left_out(manifest: dict[str, Any]) -> None:
    del manifest["claims"][0]["judged"][1]


def no_claims(manifest: dict[str, Any]) -> None:
    manifest["claims"][0]["text"] = "claims: [1"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (outcome, "claim perfect: the file says holds"),
        (mean, "comparison, seed="),
        (bound, "claim perfect: the file says does not hold"),
        (interval, "the file says mean 0.5, interval 0.25 to 0.75 (n = 1), its runs say mean 0."),
        (left_out, "claim perfect: the file says nothing"),
        (no_claims, "cannot be drawn from it: claims mine"),
    ],
)
def test_a_conclusion_that_does_not_follow_is_named(
    concluded: Path, change: Callable[[dict[str, Any]], None], named: str
) -> None:
    members = Members(concluded.read_bytes())
    change(members.manifest)
    results = opened(members.put_together())
    assert not list(problems(results))
    with copied_databases():
        found = list(conclusion_problems(results))
    assert any(named in line for line in found), found


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--claims", "drop"), "--claims drop: allowed: "),
        (("--claims", "none.yaml"), "none.yaml: No such file"),
        (("--metric", "x"), "--metric: allowed with --by or --latex"),
        (("--by", "colour"), "colour"),
    ],
)
def test_what_cannot_be_concluded_is_refused_before_a_file_is_written(
    exported: Exported, tmp_path: Path, typed: tuple[str, ...], said: str
) -> None:
    out = tmp_path / "x.nnexp"
    done = inside(exported.folder, "export", "--sweep", exported.sweep, *typed, "--out", str(out))
    assert done.returncode == 2, done.stdout
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not out.exists()


@pytest.mark.parametrize("column", ["name", "start", "run_id"])
def test_whatever_a_file_says_was_compared_is_refused_in_words(
    concluded: Path, column: str
) -> None:
    members = Members(concluded.read_bytes())
    for change in ({"metric": column}, {"by": [column], "metric": "test/accuracy"}):
        members.manifest["comparison"] |= change
        with copied_databases():
            assert list(conclusion_problems(opened(members.put_together())))


def test_a_paper_gets_a_figure_that_is_the_same_each_time(
    concluded: Path, exported: Exported
) -> None:
    found = concluded.with_suffix(".pdf").read_bytes()
    frame = runs(address(exported.folder))
    assert found == figure(compare(frame, ["reg", "seed"], "test/accuracy"))
    assert found.startswith(b"%PDF")
    table = concluded.with_suffix(".tex").read_text("utf-8")
    assert r"\includegraphics[width=\linewidth]{x.pdf}" in table
