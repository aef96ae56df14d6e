"""Names and notes that somebody else has put into the record cannot steer the terminal."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.inside import inside
from tests.record.stored import RUNS, restore

HOSTILE = "a\x1b[2J\x07\x9b31m\u202e[red]b[/red]\r\nz"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    restore(folder)
    assert inside(folder, "size=100", "train.epochs=1", "tracking.experiment=own").returncode == 0
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.execute("UPDATE runs SET name = ?", (HOSTILE,))
    connection.execute(
        "UPDATE tags SET value = ? WHERE key IN ('mlflow.runName', 'nnexp.command')", (HOSTILE,)
    )
    connection.execute("UPDATE runs SET status = 'FAILED' WHERE run_uuid LIKE ?", (f"{RUNS[0]}%",))
    connection.execute(
        "INSERT INTO tags SELECT 'nnexp.reason', ?, run_uuid FROM runs WHERE status = 'FAILED'",
        (HOSTILE,),
    )
    connection.execute("UPDATE experiments SET name = ? WHERE name = 'nnexp'", ("nnexp",))
    connection.commit()
    connection.close()
    return folder


@pytest.mark.parametrize(
    "typed",
    [("runs",), ("show", RUNS[0]), ("show", RUNS[1]), ("sweeps",),
     ("verify", "ours")],
    ids=lambda typed: " ".join(typed[:2]),
)  # fmt: skip
def test_control_characters_and_markup_are_written_out(
    hostile: Path, typed: tuple[str, ...]
) -> None:
    connection = sqlite3.connect(hostile / "mlflow.db")
    (ours,) = connection.execute(
        "SELECT run_uuid FROM runs JOIN experiments USING (experiment_id) "
        "WHERE experiments.name = 'own'"
    ).fetchone()
    connection.close()
    done = inside(hostile, *(ours if word == "ours" else word for word in typed))
    # What was put into its tags is no part of the record: verify says so.
    assert done.returncode == (1 if typed[0] == "verify" else 0), done.stderr
    for character in "\x1b\x07\x9b\u202e\r":
        assert character not in done.stdout
    if typed[0] != "sweeps":
        assert "\\x1b[2J" in done.stdout
        assert "[red]b[/red]" in done.stdout
