"""Executes experiments/tour.ipynb in a folder of its own, and writes it back with its outputs.

    python experiments/execute.py

What it records stays in that temporary folder; times and other traces of the machine are left out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

TOUR = Path(__file__).with_name("tour.ipynb")


def executed(notebook: Any, folder: Path, timeout: int = 600) -> Any:
    """The notebook with its outputs; errors are raised. `timeout` in seconds and per cell."""
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=where).execute()
    for cell in notebook.cells:
        cell.metadata.clear()
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return notebook


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = executed(nbformat.read(TOUR, as_version=4), Path(folder))
    nbformat.write(done, TOUR)


if __name__ == "__main__":
    main()
