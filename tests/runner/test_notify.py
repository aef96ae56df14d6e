"""`tracking.notify`: who is told what at the end, and what is never recorded."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from mlflow import MlflowClient

from nnexp.config.compose import from_params, from_yaml
from nnexp.config.presets import check_config_dir
from nnexp.errors import UserError
from nnexp.runner import notify as notify_module
from nnexp.runner.notify import Ending, notify
from tests.inside import inside

TINY = ("size=50", "train.epochs=1", "data.n_validation=20", "model.hidden=[5]",
        "tracking.artifacts=light")  # fmt: skip
ENDING = Ending("3f2a", "run", "FAILED", "nnexp", "python -m nnexp", "token=abcdefgh at x://a:b@c")


@pytest.fixture
def hook() -> Iterator[tuple[str, list[bytes]]]:
    """An address that takes POST, and what it was sent; below `/no` it answers 500."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(500 if self.path.startswith("/no") else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_address[1]}", sent
    listening.shutdown()
    listening.server_close()


def test_address_is_told_of_a_run_and_a_command_of_a_sweep_and_neither_is_recorded(
    tmp_path: Path, hook: tuple[str, list[bytes]]
) -> None:
    address, sent = hook
    done = inside(tmp_path, *TINY, f"tracking.notify={address}/secret-path?x=1")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told = json.loads(sent[0])
    assert (told["kind"], told["status"], told["experiment"]) == ("run", "FINISHED", "nnexp")
    client = MlflowClient(done.uri)
    run = client.get_run(told["id"])
    assert run.data.tags["nnexp.command"] == told["command"]
    swept = inside(tmp_path, "-m", *TINY, "seed=0,1", "sweep.workers=1",
                   f"tracking.notify=tee {tmp_path}/told.json")  # fmt: skip
    assert swept.returncode == 0, swept.stderr
    assert "told.json" not in swept.stdout
    told = json.loads((tmp_path / "told.json").read_text())
    assert (told["kind"], told["status"]) == ("sweep", "FINISHED")
    parent = client.get_run(told["id"])
    assert "notify" not in parent.data.tags["nnexp.command"]
    for name in ("mlflow.db", "mlartifacts"):
        for path in [tmp_path / name, *(tmp_path / name).rglob("*")]:
            if path.is_file():
                assert b"secret-path" not in path.read_bytes(), path
                assert b"told.json" not in path.read_bytes(), path


def test_failed_run_is_told_with_its_reason(tmp_path: Path, hook: tuple[str, list[bytes]]) -> None:
    address, sent = hook
    diverges = ("model.activation=relu", "train.eta=1e30", "train.epochs=9")
    done = inside(tmp_path, *TINY, *diverges, f"tracking.notify={address}/no")
    assert done.returncode == 1
    told = json.loads(sent[0])
    assert told["status"] == "FAILED"
    assert told["id"] in done.stderr
    assert told["reason"]
    # The answer 500 is a line, and names the host only.
    assert "tracking.notify: http://127.0.0.1: HTTP Error 500" in done.stderr


def test_what_is_told_holds_no_secrets(tmp_path: Path) -> None:
    notify(f"tee {tmp_path}/told", ENDING)
    assert json.loads((tmp_path / "told").read_text())["reason"] == "token=*** at x://***@c"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("sh -c 'exit 3'", "sh: ended with exit code 3"),
        ("http://127.0.0.1:9/secret", "http://127.0.0.1: <urlopen error"),
        ("sleep 30", "sleep: stopped, it took longer than"),
    ],
)
def test_who_does_not_listen_costs_a_line_and_little_time(
    target: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify_module, "PATIENCE_SECONDS", 0.5)
    start = time.monotonic()
    notify(target, ENDING)
    assert time.monotonic() - start < 5
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert "secret" not in line


@pytest.mark.parametrize(
    "target",
    ["ftp://x/y", "no-such-program-at-all", "http://", "'", "''", "cat > there", "true && true"],
)
def test_target_that_nobody_could_reach_is_refused(target: str, tmp_path: Path) -> None:
    done = inside(tmp_path, *TINY, f'tracking.notify="{target}"')
    assert done.returncode == 2
    assert "tracking.notify" in done.stderr
    assert "allowed" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()


def test_command_of_somebody_else_is_taken_from_no_record_and_no_preset(tmp_path: Path) -> None:
    assert from_params({"tracking.notify": "touch x"}).tracking.notify is None
    assert from_yaml("tracking:\n  notify: touch x\n").tracking.notify is None
    (tmp_path / "experiment").mkdir()
    for text in ("tracking:\n  notify: touch x\n", "tracking.notify: touch x\n",
                 "hydra:\n  sweeper:\n    params:\n      tracking.notify: touch x\n"):  # fmt: skip
        preset = tmp_path / "experiment" / "theirs.yaml"
        preset.write_text(f"# @package _global_\n{text}")
        with pytest.raises(UserError, match=r"tracking\.notify"):
            check_config_dir(os.fspath(tmp_path), {"tracking.notify", "seed"})


def test_a_command_that_takes_too_long_is_stopped_where_there_are_no_groups_of_processes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(os, "killpg")
    monkeypatch.setattr(notify_module, "PATIENCE_SECONDS", 0.3)
    started = time.monotonic()
    notify("sleep 30", ENDING)
    assert time.monotonic() - started < 10.0
    assert "sleep: stopped, it took longer than 5 s" in capsys.readouterr().err
