"""What commands print as JSON, and what a file of results says, is as docs/schemas says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nnexp.study.exchange.manifest import Manifest
from tests.inside import inside
from tests.record.stored import restore

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "schemas"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(found)
    return found


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
    ],
)
def test_what_is_printed_is_laid_out_so(folder: Path, name: str, typed: tuple[str, ...]) -> None:
    done = inside(folder, *typed, "--format", "json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed
    Draft202012Validator(schema(name)).validate(printed)


def test_the_manifest_of_a_file_is_laid_out_so() -> None:
    written = schema("manifest")
    ours = Manifest.model_json_schema()
    assert written["properties"] == ours["properties"]
    assert written["$defs"] == ours["$defs"]
