"""Records that are foreign or damaged, and data that is not what it was: said, never worked on."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.data.dataset import _load
from nnexp.record.clock import now
from nnexp.record.processes import alive
from tests.inside import inside
from tests.record.stored import RUNS, restore
from tests.stores import address
from tests.study.test_verify import idx_files


def test_nothing_is_made_of_a_run_from_data_that_has_changed(tmp_path: Path) -> None:
    restore(tmp_path)
    idx_files(tmp_path / "idx")
    typed = ("data=idx", "data.root=idx", "data.n_train=6", "data.n_validation=2", "train.epochs=2")
    small = ("train.batch_size=3", "model.hidden=[5]", "tracking.artifacts=light")
    done = inside(tmp_path, *typed, *small, "tracking.experiment=own")
    assert done.returncode == 0, done.stderr
    (run_id,) = re.findall(r"^run  +(\w+)", done.stdout, re.MULTILINE)
    assert inside(tmp_path, "show", run_id, "--figures", "before").returncode == 0
    labels = tmp_path / "idx" / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\0")
    _load.cache_clear()  # A process reads a folder once.
    said = "was trained on other data"

    shown = inside(tmp_path, "show", run_id)
    assert shown.returncode == 0
    assert f"mistakes cannot be shown: run {run_id}: {said}" in shown.stdout
    for option in ("--figures", "--model"):
        done = inside(tmp_path, "show", run_id, option, "after")
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert said in line
        assert not (tmp_path / "after").exists()
    done = inside(tmp_path, "report", "own", "--out", "page")
    assert done.returncode == 0, done.stderr
    assert said in (tmp_path / "page" / "index.html").read_text("utf-8")
    drawn = {path.stem for path in (tmp_path / "page").glob("*.png")}
    assert drawn
    assert not drawn & {"confusion", "weights1", "weights2"}
    recorded = nnexp.load(run_id, address(tmp_path))
    with pytest.raises(nnexp.UserError, match=said):
        recorded.predict(np.zeros((1, 1, 1), np.uint8))


def test_a_record_that_breaks_a_rule_is_refused_in_one_line(tmp_path: Path) -> None:
    restore(tmp_path)
    (path,) = tmp_path.glob(f"mlartifacts/{RUNS[0]}*/artifacts/config.yaml")
    text = path.read_text("utf-8")
    assert "name: crossentropy" in text
    path.write_text(text.replace("name: crossentropy", "name: foo"), "utf-8")
    refused = inside(tmp_path, "verify", RUNS[0])
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "cost.name=foo: allowed: crossentropy, quadratic" in line
    assert "cost.name=foo" in inside(tmp_path, "show", RUNS[0]).stdout


def test_numbers_in_tags_that_are_none_do_no_harm(tmp_path: Path) -> None:
    restore(tmp_path)
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    names = ("nnexp.total", "nnexp.reused", "nnexp.epochs")
    changed = f"UPDATE tags SET value = 'many' WHERE key IN {names}"
    assert connection.execute(changed).rowcount
    connection.commit()
    connection.close()
    for typed in (("sweeps",), ("show", RUNS[0])):
        done = inside(tmp_path, *typed)
        assert done.returncode == 0, done.stderr
    assert not alive({"nnexp.host": "elsewhere", "nnexp.heartbeat": "soon"}, now())
    assert not alive({"nnexp.pid": "²", "nnexp.heartbeat": ""}, now())
