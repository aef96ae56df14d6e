"""The stored record of version 1, brought to life in a folder."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

STORED = Path(__file__).parent / "stored_v1"
RUNS = ("401148c4", "30ccf8a9", "270fd63f", "74846a57")
"""The beginnings of the ids of its runs: L2 alone, a sweep of two (dropout), a neuron."""


def restore(folder: Path) -> None:
    """Write the database and the artifacts into a folder, as if they had been recorded there."""
    text = (STORED / "mlflow.sql").read_text(encoding="utf-8").replace("@FOLDER@", str(folder))
    connection = sqlite3.connect(folder / "mlflow.db")
    connection.executescript(text)
    connection.close()
    shutil.copytree(STORED / "runs", folder / "mlartifacts")
