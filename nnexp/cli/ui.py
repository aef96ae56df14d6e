"""`python -m nnexp ui`: the MLflow UI on the configured store, for this machine only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from nnexp.cli.options import Parser
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.record.store_address import sqlite_path
from nnexp.record.ui_views import page_of, write_views
from nnexp.study.lookup import all_experiments


def main(arguments: Sequence[str]) -> int:
    """Start the UI and wait for it; Ctrl-C ends both. 1 if MLflow ends with an error."""
    parser = Parser(
        "ui",
        "Open the MLflow UI on the recorded runs. It listens on this machine only (127.0.0.1).",
        "python -m nnexp ui --port 5001",
    )
    parser.add_argument("--port", type=int, default=5000, help="port to listen on (default 5000)")
    options = parser.parse_args(arguments)
    if not 1 <= options.port <= 65535:
        raise UserError(f"--port {options.port}: allowed: 1 to 65535")
    store = open_store(options.tracking_uri, trains=False)
    if store.uri.startswith("http"):
        print(f"The store is a server with a UI of its own: {store.shown}")
        for number, name in all_experiments(store).items():
            if name != "Default":
                print(printable(f"  {name}: {store.shown}{page_of(number)}"))
        return 0
    if not _free(options.port):
        raise UserError(f"--port {options.port}: is in use; allowed: a free port")
    return _serve(store, options.port)


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # A server that has just ended leaves its port waiting. Windows would take this for leave to
        # listen where another process does.
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _addresses(store: Store, port: int) -> list[str]:
    """Where to look first: the views of every experiment with runs."""
    from mlflow.exceptions import MlflowException

    try:
        return [
            f"  {name}, {view}: http://127.0.0.1:{port}{path}"
            for number, name in all_experiments(store).items()
            for view, path in write_views(store, number).items()
        ]
    except MlflowException:
        return []  # A store that may be read only is shown as MLflow shows it.


def _serve(store: Store, port: int) -> int:
    uri = store.uri
    command = [
        sys.executable, "-m", "mlflow", "ui", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1",
    ]  # fmt: skip
    # The address travels by environment: other users of the machine can read command lines.
    environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": uri}
    # Eight more processes for jobs that no run of ours has; they would outlive the UI by seconds.
    environment.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    # MLflow's server begins with one about a part of its own.
    environment.setdefault("PYTHONWARNINGS", "ignore:starlette")
    if uri.startswith("sqlite:///"):
        artifacts = (sqlite_path(uri).parent / "mlartifacts").as_uri()
        environment["MLFLOW_DEFAULT_ARTIFACT_ROOT"] = artifacts
    # `mlflow ui` starts its server by name.
    environment["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]
    )
    if shutil.which("mlflow", path=environment["PATH"]) is None:
        raise UserError("ui: the mlflow program is not installed beside Python; reinstall mlflow")
    addresses = _addresses(store, port)
    print(f"MLflow UI: http://127.0.0.1:{port}  (Ctrl-C ends it)")
    print("\n".join(addresses), flush=True)
    process = subprocess.Popen(command, env=environment)
    try:
        code = process.wait()
    except KeyboardInterrupt:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise
    if code:
        print(f"nnexp: ui: MLflow ended with exit code {code}", file=sys.stderr)
    return 1 if code else 0
