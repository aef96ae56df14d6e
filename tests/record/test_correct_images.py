"""`correct.npz`: what a network gets right, a bit an image, and what becomes of a damaged file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import UserError
from nnexp.record.correct_images import correct_of, load_correct, save_correct
from tests.small import configured, made, run

DATA = made(train=40, test=25)
BITS = {"test": np.arange(25) % 3 == 0, "validation": np.arange(10) % 2 == 0}


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
@pytest.mark.parametrize("cost", ["crossentropy", "quadratic", "loglikelihood"])
def test_as_many_images_are_right_as_the_run_counted(engine: str, cost: str) -> None:
    config = configured({"train.engine": engine, "cost.name": cost, "train.epochs": 6})
    done = run(config, DATA)
    bits = correct_of(config, DATA, done.parameters)
    assert {name: len(right) for name, right in bits.items()} == {"test": 25, "validation": 10}
    for name, right in bits.items():
        assert right.sum() == done.series(f"{name}/correct")[-1]
    assert 0 < bits["test"].sum() < 25


def test_a_run_without_validation_images_has_test_images_only() -> None:
    config = configured({"data.n_train": 40})
    assert set(correct_of(config, DATA, run(config, DATA).parameters)) == {"test"}


def test_bits_are_packed_and_come_back(tmp_path: Path) -> None:
    path = tmp_path / "correct.npz"
    save_correct(path, BITS)
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["test"].nbytes == 4
        assert (arrays["n_test"], arrays["n_validation"]) == (25, 10)
    found = load_correct(path)
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in BITS.items()}
    again = tmp_path / "again.npz"
    save_correct(again, found)
    assert again.read_bytes() == path.read_bytes()


WRONG = {
    "no bits": {"test": np.zeros(4), "n_test": np.array(25)},
    "too few bytes": {"test": np.zeros(3, np.uint8), "n_test": np.array(25)},
    "negative": {"test": np.zeros(0, np.uint8), "n_test": np.array(-1)},
    "no number": {"test": np.zeros(4, np.uint8)},
    "more": {"test": np.zeros(4, np.uint8), "n_test": np.array(25), "x": np.zeros(1)},
}


@pytest.mark.parametrize("case", WRONG)
def test_other_arrays_are_refused(case: str, tmp_path: Path) -> None:
    path = tmp_path / "correct.npz"
    np.savez(path, **WRONG[case])
    with pytest.raises(UserError, match=r"correct\.npz: damaged, or not of packed bits"):
        load_correct(path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "correct.npz"
    save_correct(path, BITS)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match=r"correct\.npz: damaged"):
        load_correct(path)
