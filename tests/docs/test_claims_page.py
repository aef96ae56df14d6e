"""What docs/claims.md and the pages of experiments/ say of claims is what the program says."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from tests.inside import inside

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
PRESETS = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))

sys.path.insert(0, str(ROOT / "experiments"))
import remake  # noqa: E402  (a script, found by its folder)


def test_the_page_prints_what_its_example_prints(tmp_path: Path) -> None:
    (claims,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my_claims.yaml").write_text(claims, encoding="utf-8")
    train, judge = re.findall(r"```console\n\$ (.*?)\n(.*?)```", PAGE, re.DOTALL)
    done = inside(
        tmp_path, *shlex.split(train[0])[3:], "sweep.workers=1", "tracking.artifacts=light"
    )
    assert done.returncode == 0, done.stderr
    done = inside(tmp_path, *shlex.split(judge[0])[3:])
    assert done.returncode == 1
    # The page is narrower: words, in their order within cells, and numbers are the same.
    assert sorted(done.stdout.split()) == sorted(judge[1].split())


@pytest.mark.parametrize("name", [n for n in PRESETS if (remake.HERE / n).exists()])
def test_verdicts_open_with_the_claims_of_conf(name: str) -> None:
    text = (remake.HERE / name / "README.md").read_text(encoding="utf-8")
    assert text == remake.with_claims(text, name)
    assert remake.CLAIMS in text


def test_the_index_says_what_the_pages_say() -> None:
    assert (remake.HERE / "README.md").read_text(encoding="utf-8") == remake.index(PRESETS)
