"""experiments/tour.ipynb is executed as it stands, and is kept with its outputs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from experiments.execute import TOUR, executed

QUICK = 3
"""Code cells that take seconds: the imports, and the neuron that learns slowly."""


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PYTHONPATH", str(TOUR.parent.parent))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return nbformat.read(TOUR, as_version=4)


def pictures(notebook: Any) -> int:
    return sum("image/png" in o.get("data", {}) for c in code(notebook) for o in c.outputs)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_kept_whole_and_tells_nothing_of_a_machine(notebook: Any) -> None:
    nbformat.validate(notebook)
    assert [cell.execution_count for cell in code(notebook)] == list(
        range(1, len(code(notebook)) + 1)
    )
    assert pictures(notebook) == 6
    outputs = str([cell.outputs for cell in code(notebook)])
    assert not re.search(r"/(?:tmp|home|root|work|Users)/|site-packages|Traceback", outputs)


@pytest.mark.slow
def test_its_first_cells_run_and_show_what_is_kept(notebook: Any, tmp_path: Path) -> None:
    kept = code(notebook)[QUICK - 1].outputs[0]["data"]["text/plain"]
    last = notebook.cells.index(code(notebook)[QUICK - 1])
    notebook.cells = notebook.cells[: last + 1]
    done = executed(notebook, tmp_path)
    assert pictures(done) == 1
    assert code(done)[-1].outputs[0]["data"]["text/plain"] == kept


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_all_of_it_runs(notebook: Any, tmp_path: Path) -> None:
    assert pictures(executed(notebook, tmp_path, timeout=1200)) == 6
