"""experiments/book.ipynb: the chapter's session, as it stands, and its outputs as they are kept."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from experiments.execute import BOOK, executed
from tests.book.printed import SESSION, read
from tests.book.test_session import PUBLISHED


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("PYTHONPATH", str(BOOK.parent.parent))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return nbformat.read(BOOK, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_it_is_kept_whole_and_tells_nothing_of_a_machine(notebook: Any) -> None:
    nbformat.validate(notebook)
    cells = code(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = str([cell.outputs for cell in cells])
    assert outputs.count("image/png") == 2
    assert not re.search(r"/(?:tmp|home|root|work|Users)/|site-packages|Traceback|stderr", outputs)


def test_its_session_is_the_chapters_and_went_to_its_end(notebook: Any) -> None:
    first = code(notebook)[0]
    typed = [line for line in first.source.rstrip(";").splitlines() if line]
    assert typed == SESSION.replace("lists = net.SGD", "net.SGD").splitlines()
    said = read(printed(first))
    assert said.epochs == 30
    assert said.rest[-1].startswith("recorded: run ")


def test_its_published_values_are_those_published(notebook: Any) -> None:
    (cell,) = [c for c in code(notebook) if "nielsen2014" in c.source]
    assert read(printed(cell)).values["evaluation_accuracy"] == PUBLISHED["test_correct"][:5]
    text = next(c.source for c in notebook.cells if c.source.startswith("## The published"))
    assert [int(n) for n in re.findall(r"\b\d{4}\b", text)] == PUBLISHED["test_correct"][:5]


@pytest.mark.slow
def test_it_runs_and_shows_what_is_kept(notebook: Any, tmp_path: Path) -> None:
    cells = code(notebook)
    kept = [printed(cell) for cell in cells]
    for cell in cells:
        cell.source = re.sub(r"(SGD\(training_data), 30,", r"\1, 2,", cell.source)
        cell.source = cell.source.replace("ylim=(0.9, 1)", "ylim=(0, 1)")
    done = code(executed(notebook, tmp_path))
    now = [printed(cell) for cell in done]
    # The whole of it is the slow test of tests/book; here its first two epochs.
    assert kept[0].startswith(now[0].partition("recorded")[0])
    ids = re.compile(r"[0-9a-f]{8,}")
    assert [ids.sub("", text) for text in now[1:]] == [ids.sub("", text) for text in kept[1:]]
