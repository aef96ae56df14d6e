"""What commands print as JSON, and what files hold, is as docs/schemas says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from nnexp.cli import WORDS
from nnexp.study.bisect import Trace
from nnexp.study.exchange.log import Entry
from nnexp.study.exchange.manifest import Manifest
from tests.inside import inside
from tests.record.stored import restore

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"

WITHOUT = {"ui", "help", "watch"}
"""Commands for eyes."""


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(found)
    return found


def assert_laid_out(folder: Path, name: str, typed: tuple[str, ...]) -> None:
    done = inside(folder, *typed, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    printed = json.loads(done.stdout)
    assert printed
    Draft202012Validator(schema(name)).validate(printed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("schemas")
    restore(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("runs", ("runs",)),
        ("compare", ("compare", "--by", "reg,dropout")),
        ("compare", ("compare", "--by", "seed", "--metric", "train/cost")),
        ("show", ("show", "401148c4")),
        ("sweeps", ("sweeps",)),
        ("doctor", ("doctor", "--dry-run")),
        ("experiments", ("experiments",)),
        ("claims", ("claims", "slowdown")),
        ("tables", ("sensitivity", "--noise", "0.1", "--where", "params.seed = '0'")),
    ],
)
def test_what_is_printed_is_laid_out_so(folder: Path, name: str, typed: tuple[str, ...]) -> None:
    assert_laid_out(folder, name, typed)


def test_what_was_done_is_laid_out_so(tmp_path: Path) -> None:
    restore(tmp_path)
    (tmp_path / "curve.csv").write_text("step,test/accuracy\n1,0.5\n", "utf-8")
    for typed in (
        ("note", "401148c4", "mine"),
        ("tag", "401148c4", "paper=fig3"),
        ("delete", "401148c4"),
        ("restore", "--list"),
        ("restore", "401148c4"),
        ("import-curve", "curve.csv", "--name", "theirs"),
    ):
        assert_laid_out(tmp_path, "done", typed)


@pytest.mark.slow
def test_what_a_replay_prints_is_laid_out_so(tmp_path: Path) -> None:
    assert_laid_out(tmp_path, "replay", ("replay", "--quick"))


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("manifest", Manifest.model_json_schema()),
        ("trace", Trace.model_json_schema()),
        ("verifications", TypeAdapter(list[Entry]).json_schema()),
    ],
)
def test_a_file_is_laid_out_so(name: str, ours: dict[str, Any]) -> None:
    written = schema(name)
    assert {key: written.get(key) for key in ours if key not in ("title", "description")} == {
        key: value for key, value in ours.items() if key not in ("title", "description")
    }


def test_every_other_command_takes_json(tmp_path: Path) -> None:
    for word in set(WORDS) - WITHOUT:
        assert re.search(r"--format \{.*json", inside(tmp_path, word, "--help").stdout), word
