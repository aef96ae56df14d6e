"""An engine that cannot be had is refused before anything is recorded."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from nnexp.errors import UserError
from nnexp.train.engines import check_engine
from tests.inside import inside
from tests.small import configured

SAID = "train.engine=compiled: numba cannot be imported here ({}); "
ALLOWED = "allowed: train.engine=numpy, or install numba"


@pytest.mark.parametrize("trains", [True, False])
def test_what_is_there_is_taken(trains: bool) -> None:
    check_engine(configured(), trains=trains)
    check_engine(configured({"train.engine": "numpy"}), trains=trains)


@pytest.mark.parametrize("swept", [False, True])
def test_without_a_compiler_one_line_says_so(
    swept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr("nnexp.train.engines.find_spec", lambda name: None)
    typed = ("size=100", "train.epochs=1", *(["-m", "seed=0,1"] if swept else []))
    done = inside(tmp_path, *typed)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "train.engine=compiled: numba cannot be imported here (" in line
    assert line.endswith(ALLOWED)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_compiler_that_refuses_this_python_is_quoted_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs\\nNumPy 2.x or less')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    with pytest.raises(UserError) as refused:
        check_engine(configured())
    assert str(refused.value) == SAID.format("Numba needs NumPy 2.x or less") + ALLOWED
    check_engine(configured({"train.engine": "numpy"}))
