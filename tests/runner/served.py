"""A real MLflow server, and a way to it that misbehaves when told to."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

from tests.runner.typed import environment
from tests.stores import tables


@contextmanager
def server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A real MLflow server on the folder's own SQLite file, or database in PostgreSQL."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", tables(folder)]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    process = subprocess.Popen(
        command,
        env={**environment(), "PATH": path},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    """Until the server answers a request, which a slow machine does well after it listens."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with (
            suppress(OSError),
            urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.2)
    raise TimeoutError(f"no server on port {port}")


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Lies = Callable[[str, str], tuple[int, bytes] | None]


def honest(verb: str, path: str) -> tuple[int, bytes] | None:
    """The server's own answer, always."""
    return None


@dataclass
class Proxy:
    """Hands requests on to a server; those that `lies` picks are answered in its place."""

    port: int
    lies: Lies = honest
    """Of a verb and a path: the answer to give, or None for the server's own."""
    told: list[str] = field(default_factory=list)
    """Paths of the requests that were not handed on."""

    @property
    def address(self) -> str:
        """The setting that records through this proxy."""
        return f"tracking.uri=http://127.0.0.1:{self.port}"


@contextmanager
def proxy(server_port: int) -> Iterator[Proxy]:
    """A proxy in front of a server on this machine."""
    found = Proxy(0)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            lie = found.lies(self.command, self.path)
            if lie is not None:
                found.told.append(self.path)
                self._send(lie[0], "application/json", lie[1])
                return
            there = http.client.HTTPConnection("127.0.0.1", server_port, timeout=60)
            kept = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            there.request(self.command, self.path, body, kept)
            answer = there.getresponse()
            self._send(answer.status, answer.getheader("Content-Type") or "", answer.read())
            there.close()

        def _send(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    found.port = listening.server_address[1]
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        listening.shutdown()
        listening.server_close()
