"""Wrong arguments end in one line that names them, before anything is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnexp
from nnexp.book import network2
from nnexp.book.pairs import Pairs

Sets = tuple[Pairs, Pairs, Pairs]
X, Y = np.zeros((784, 1)), np.zeros((10, 1))

NETWORKS: dict[str, dict[str, Any]] = {
    r"sizes=\[784\]: allowed: a list of two layers": {"sizes": [784]},
    r"sizes=7: allowed": {"sizes": 7},
    r"sizes='784,30,10': allowed: a list of two layers": {"sizes": "784,30,10"},
    r"sizes\[1\]=True: allowed: a whole number": {"sizes": [784, True, 10]},
    r"sizes\[1\]=0: allowed: a whole number, at least 1": {"sizes": [784, 0, 10]},
    r"sizes\[1\]=30\.0: allowed": {"sizes": [784, 30.0, 10]},
    r"sizes=.*weights; allowed: at most 100,000,000": {"sizes": [784, 10**9, 10]},
    r"seed=-1: allowed: a whole number, 0 to 4294967295": {"seed": -1},
    r"seed='a': allowed": {"seed": "a"},
    r"rng='mt19937': allowed: 'pcg64', 'nielsen2014'": {"rng": "mt19937"},
    r"cost='crossentropy': allowed: CrossEntropyCost, QuadraticCost": {"cost": "crossentropy"},
}

CALLS: dict[str, dict[str, Any]] = {
    r"epochs=-1: allowed: a whole number, at least 0": {"epochs": -1},
    r"epochs=2\.5: allowed": {"epochs": 2.5},
    r"mini_batch_size=0: allowed: a whole number, at least 1": {"mini_batch_size": 0},
    r"eta=0: allowed: a finite number, greater than 0": {"eta": 0},
    r"eta=nan: allowed": {"eta": float("nan")},
    r"eta='0\.5': allowed": {"eta": "0.5"},
    r"lmbda=-0\.1: allowed: a finite number, 0 or more": {"lmbda": -0.1},
    r"lmbda=inf: allowed": {"lmbda": float("inf")},
    r"lmbda=None: allowed": {"lmbda": None},
    r"early_stopping_n=-3: allowed": {"early_stopping_n": -3},
    r"early_stopping_n=True: allowed: a whole number": {"early_stopping_n": True},
    r"lmbda=True: allowed: a finite number": {"lmbda": True},
    r"monitor_training_cost='False': allowed: True, False": {"monitor_training_cost": "False"},
    r"monitor_evaluation_accuracy=10: allowed: True, False": {"monitor_evaluation_accuracy": 10},
    r"early_stopping_n=3: allowed with evaluation_data=validation_data": {
        "early_stopping_n": 3, "evaluation_data": None,
    },
    r"monitor_evaluation_cost=True: allowed with evaluation_data": {
        "evaluation_data": None, "monitor_evaluation_cost": True,
    },
    r"monitor_evaluation_accuracy=True: allowed with": {
        "evaluation_data": None, "monitor_evaluation_accuracy": True,
    },
    r"training_data=5: allowed: a list of pairs": {"training_data": 5},
    r"training_data=\[\]: allowed": {"training_data": []},
    r"evaluation_data=\[\]: allowed": {"evaluation_data": ()},
    r"training_data\[0\]: is a int; allowed: a pair \(x, y\)": {"training_data": [5]},
    r"training_data\[1\]: x has the shape \(784,\); allowed: \(784, 1\), as sizes=": {
        "training_data": [(X, Y), (X[:, 0], Y)],
    },
    r"training_data\[0\]: y has the shape \(3, 1\); allowed: a digit, or \(10, 1\)": {
        "training_data": [(X, Y[:3])],
    },
    r"evaluation_data\[1\]: y is 10; allowed: 0 to 9": {"evaluation_data": [(X, 9), (X, 10)]},
    r"evaluation_data\[0\]: y is a str; allowed": {"evaluation_data": [(X, "seven")]},
    r"training_data\[0\]: x is a dict; allowed": {"training_data": [({}, Y)]},
}  # fmt: skip


@pytest.mark.parametrize("said", NETWORKS)
def test_a_network_is_refused(said: str) -> None:
    with pytest.raises(nnexp.UserError, match=said) as refused:
        network2.Network(**{"sizes": [784, 30, 10], **NETWORKS[said]})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("said", CALLS)
def test_a_session_is_refused(
    said: str, sets: Sets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    usual: dict[str, Any] = {
        "training_data": sets[0][:100],
        "epochs": 1,
        "mini_batch_size": 10,
        "eta": 0.5,
        "evaluation_data": sets[1],
    }
    net = network2.Network([784, 30, 10])
    before = [w.copy() for w in net.weights]
    with pytest.raises(nnexp.UserError, match=said) as refused:
        net.SGD(**{**usual, **CALLS[said]})
    assert "\n" not in str(refused.value)
    assert not list(tmp_path.iterdir())
    assert all(np.array_equal(a, b) for a, b in zip(net.weights, before, strict=True))


@pytest.mark.parametrize("sizes", [[783, 30, 10], [784, 30, 9]])
def test_sizes_that_do_not_fit_the_data_are_refused(sizes: list[int], sets: Sets) -> None:
    with pytest.raises(nnexp.UserError, match=r"training_data\[0\]: [xy] has the shape .*sizes="):
        network2.Network(sizes).SGD(sets[0], 1, 10, 0.5)
    with pytest.raises(nnexp.UserError, match=r"data\[0\]: "):
        network2.Network(sizes).accuracy(sets[2] if sizes[0] < 784 else [(X, 9)])


@pytest.mark.parametrize("take", [slice(None), slice(0, 3)])
def test_stopping_is_never_judged_on_test_data(take: slice, sets: Sets) -> None:
    net = network2.Network([784, 30, 10])
    for evaluation in (sets[2][take], [*sets[1][:2], *sets[2][take]]):
        with pytest.raises(nnexp.UserError, match=r"early_stopping_n=3: .* never judged on test"):
            net.SGD(sets[0][:10], 1, 10, 0.5, evaluation_data=evaluation, early_stopping_n=3)


def test_steps_and_passes_are_refused(sets: Sets) -> None:
    net = network2.Network([784, 30, 10])
    for call, said in (
        (lambda: net.update_mini_batch([], 0.5, 0.0, 10), r"mini_batch=\[\]"),
        (lambda: net.update_mini_batch(sets[0][:0], 0.5, 0.0, 10), "mini_batch: is empty"),
        (lambda: net.update_mini_batch(sets[0][:5], -1, 0.0, 10), "eta=-1"),
        (lambda: net.update_mini_batch(sets[0][:5], 0.5, 0.0, 0), "n=0"),
        (lambda: net.total_cost(sets[0][:5], -1.0), r"lmbda=-1\.0"),
        (lambda: net.feedforward(np.zeros(784)), r"a has the shape \(784,\); allowed: \(784, 1\)"),
        (lambda: net.feedforward(sets[0][0]), "feedforward: a is a Pair; allowed: an array"),
        (lambda: net.feedforward("seven"), "feedforward: a is a str; allowed: an array"),
        (lambda: network2.vectorized_result(-1), "j=-1: allowed: a whole number, 0 to 9"),
        (lambda: network2.vectorized_result("3"), "j='3': allowed"),  # type: ignore[arg-type]
        (lambda: net.backprop(X, 11), r"y is 11; allowed: 0 to 9"),
    ):
        with pytest.raises(nnexp.UserError, match=said):
            call()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("weights", None, r"weights: is a NoneType; allowed: a list of 2 arrays"),
        ("biases", [None, 3], r"biases\[0\]: has the shape \(\); allowed: \(30, 1\)"),
        ("weights", ["w", "v"], r"weights\[0\]: is a str; allowed: an array of numbers"),
        ("cost", "quadratic", r"cost='quadratic': allowed: CrossEntropyCost, QuadraticCost"),
    ],
)
def test_what_was_put_into_a_network_is_refused(
    name: str, value: Any, said: str, sets: Sets
) -> None:
    net = network2.Network([784, 30, 10])
    setattr(net, name, value)
    with pytest.raises(nnexp.UserError, match=said):
        net.SGD(sets[0][:10], 1, 10, 0.5)
