"""Stores that hold what no run of ours records: a line, or a dash, never a traceback."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.inside import inside
from tests.record.stored import RUNS, restore

ALL_VALUES = "UPDATE latest_metrics SET {}; UPDATE metrics SET {}"
ODD = {
    "late": "UPDATE runs SET start_time = 9000000000000000000",
    "early": "UPDATE runs SET start_time = -9000000000000000000",
    "no time": "UPDATE runs SET start_time = NULL, end_time = NULL",
    "huge": ALL_VALUES.format("value = 1e308", "value = 1e308"),
    "negative": ALL_VALUES.format("value = -1e308 WHERE rowid % 2", "value = -1e308"),
    "not numbers": ALL_VALUES.format("is_nan = 1", "is_nan = 1"),
    "s3": "UPDATE runs SET artifact_uri = 's3://bucket/x'",
    "unknown": "UPDATE runs SET artifact_uri = 'foo://bucket/x'",
    "step": "UPDATE metrics SET step = 9000000000000000000 WHERE step = 1",
    "no name": "UPDATE runs SET name = NULL",
}
COMMANDS = (
    ("runs",),
    ("runs", "--format", "json"),
    ("runs", "--format", "csv"),
    ("show", RUNS[0]),
    ("verify", RUNS[0]),
    ("sweeps",),
    ("compare", "--by", "dropout.hidden"),
)


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_end_no_reader_with_a_traceback(odd: str, tmp_path: Path) -> None:
    restore(tmp_path)
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.executescript(ODD[odd])
    # Drawing takes seconds.
    reports = odd in ("late", "huge", "not numbers")
    for command in (*COMMANDS, *([("report", "nnexp", "--out", "page")] if reports else [])):
        done = inside(tmp_path, *command)
        assert done.returncode in (0, 1, 2), (command, done.stderr)
        assert len(done.stderr.splitlines()) == (done.returncode != 0), (command, done.stderr)
        if odd in ("late", "early") and command[0] in ("show", "sweeps"):
            assert done.returncode == 0
            assert " - " in done.stdout
        if odd == "s3" and command[0] == "show":
            assert "no more can be shown: " in done.stdout


@pytest.fixture
def page() -> Iterator[str]:
    """The address of a server that answers everything with a page of another encoding."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = (
                "<html>\x1b[31m Zugang für Befugte </html>".encode("latin-1") + b"\xff\xfe\x00"
            )
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://me:geheim@127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("command", ["runs", "sweeps"])
def test_a_page_that_is_no_store_is_said_in_one_line(
    command: str, page: str, tmp_path: Path
) -> None:
    done = inside(tmp_path, command, "--tracking-uri", page)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "no tracking store answers there" in line
    assert "geheim" not in line
    assert "\x1b" not in line
