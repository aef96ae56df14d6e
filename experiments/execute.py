"""Executes the notebooks of this folder, each in a folder of its own, and writes the outputs back.

    python experiments/execute.py [tour.ipynb book.ipynb]

What they record stays in that temporary folder; times and other traces of the machine are left out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
TOUR, BOOK = HERE / "tour.ipynb", HERE / "book.ipynb"


def executed(notebook: Any, folder: Path, timeout: int = 600) -> Any:
    """The notebook with its outputs; errors are raised. `timeout` in seconds and per cell."""
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook,
        timeout=timeout,
        kernel_name="python3",
        resources=where,
        coalesce_streams=True,
    ).execute()
    for cell in notebook.cells:
        cell.metadata.clear()
    notebook.metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return notebook


def main() -> None:
    for path in [HERE / name for name in sys.argv[1:]] or [TOUR, BOOK]:
        with tempfile.TemporaryDirectory() as folder:
            done = executed(nbformat.read(path, as_version=4), Path(folder))
        nbformat.write(done, path)


if __name__ == "__main__":
    main()
