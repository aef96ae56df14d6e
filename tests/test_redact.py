"""Secrets stay out of whatever is said or recorded."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.cli.options import command
from nnexp.config.compose import flatten, to_yaml
from nnexp.config.schema import Config, SweepConfig, TrackingConfig
from nnexp.record.environment import environment
from nnexp.redact import redact
from tests.inside import inside
from tests.record.stored import restore

passwords = st.text("abcXYZ012/:@#?&=%+-_.~!$", min_size=1, max_size=20).map(lambda t: f"q{t}q")


@given(password=passwords, user=st.sampled_from(["", "me", "me:and"]))
def test_no_password_of_an_address_is_repeated(password: str, user: str) -> None:
    text = f"cannot reach postgresql+psycopg2://{user}:{password}@db.example:5432/runs (refused)"
    said = redact(text)
    assert password not in said
    assert "db.example:5432/runs (refused)" in said
    config = Config(
        tracking=TrackingConfig(uri=f"http://{user}:{password}@host"),
        sweep=SweepConfig(address=f"tcp://{user}:{password}@host"),
    )
    assert password not in to_yaml(config)
    assert password not in json.dumps(flatten(config))


@pytest.mark.parametrize("name", ["password", "sslpassword", "token", "api_key", "SECRET"])
def test_no_secret_of_a_query_is_repeated(name: str) -> None:
    assert (
        redact(f"http://host/path?x=1&{name}=geheim&y=2") == f"http://host/path?x=1&{name}=***&y=2"
    )


def test_plain_text_is_left_alone() -> None:
    for text in ("sqlite:////home/me@corp/x.db", "mail me@example.org", "tokens: 3", "x=1"):
        assert redact(text) == text
    both = "sqlite:///a@b.db,postgresql://me:geheim@host/runs"
    assert redact(both) == "sqlite:///a@b.db,postgresql://***@host/runs"


def test_no_password_is_repeated_in_the_command_of_a_table() -> None:
    uri = "postgresql://me:geheim@host/runs"
    for typed in (["--tracking-uri", uri], [f"--tracking-uri={uri}"]):
        said = command("compare", [*typed, "--where", "metrics.`a` > 1"])
        assert "geheim" not in said
        assert shlex.split(said)[:4] == ["python", "-m", "nnexp", "compare"]
        assert shlex.split(said)[-1] == "metrics.`a` > 1"
        assert "://***@host/runs" in said


def test_no_value_of_a_secret_variable_reaches_screen_or_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "wJalrXUtnFEMI-K7MDENG"
    for name in ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DB_PASSWORD"):
        monkeypatch.setenv(name, secret)
    restore(tmp_path)
    typed = ("size=100", "train.epochs=1", "tracking.artifacts=light")
    done = inside(tmp_path, *typed, f"tracking.experiment=with-{secret}")
    assert done.returncode == 0, done.stderr
    refused = inside(tmp_path, *typed, f"train.eta={secret}")
    assert secret not in refused.stderr
    assert os.environ["GITHUB_TOKEN"] == secret
    assert secret not in json.dumps(environment())
    for path in (tmp_path / "mlartifacts").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            # What was typed as a name is a name; nothing else repeats it.
            assert content.count(secret.encode()) == content.count(f"with-{secret}".encode())
