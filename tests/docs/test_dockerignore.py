"""The image of docs/cluster.md holds no environment of the machine it is built on."""

from __future__ import annotations

from tests.cli.command import ROOT


def test_an_image_is_not_given_what_git_is_not_given() -> None:
    """Before, `COPY . /nnexp` took `.venv` too, a gigabyte."""
    kept_out = {line.strip("/") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    assert {".git", ".venv", ".nnexp", "mlflow.db*", "mlartifacts", "mlruns"} <= kept_out
    assert not kept_out & {"nnexp", "pyproject.toml", "README.md", "conf", "LICENSE"}
