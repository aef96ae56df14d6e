"""The files of results in experiments/: whole, named on their pages, and a sample trained again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nnexp.study.exchange.log import log_problems
from nnexp.study.exchange.results import open_results, problems
from tests.inside import inside

EXPERIMENTS = Path(__file__).resolve().parents[1] / "experiments"

FILES = sorted(EXPERIMENTS.glob("*/result.nnexp"))

NAMED = re.compile(r"\(result\.nnexp\).*digest `([0-9a-f]{64})`", re.DOTALL)

PAGES = [page for page in sorted(EXPERIMENTS.glob("*/README.md"))
         if NAMED.search(page.read_text("utf-8"))]  # fmt: skip
"""Pages that say that such a file is beside them: without it, a test fails."""

CHEAP = "slowdown"
"""One neuron: a run of it takes a tenth of a second."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_file_that_a_page_names_is_there_and_whole(page: Path) -> None:
    found = NAMED.search(page.read_text("utf-8"))
    assert found is not None
    with open_results(page.with_name("result.nnexp")) as results:
        assert results.digest == found[1]
        assert not list(problems(results))
        assert not list(log_problems(results.archive))


def test_a_file_is_named_on_its_page() -> None:
    assert {file.parent for file in FILES} == {page.parent for page in PAGES}


@pytest.mark.skipif(not PAGES, reason="no page in experiments/ names a file of results yet")
def test_a_sample_of_the_cheapest_is_reproduced(tmp_path: Path) -> None:
    file = EXPERIMENTS / CHEAP / "result.nnexp"
    done = inside(tmp_path, "verify", str(file), "--sample", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reproduced on this machine" in done.stdout.splitlines()[-1]
    assert f"claims {CHEAP}, judged from the file's runs: holds" in done.stdout
