"""The hooks of .pre-commit-config.yaml keep to what pyproject.toml says of files."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def test_hooks_leave_alone_what_is_excluded() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (local,) = yaml.safe_load(text)["repos"]
    named = [hook["entry"] for hook in local["hooks"] if hook.get("pass_filenames", True)]
    assert len(named) == 2
    assert all("--force-exclude" in entry.split() for entry in named)
