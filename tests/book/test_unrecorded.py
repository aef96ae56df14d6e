"""Sessions that no config can say are trained all the same, in plain NumPy, and say so."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.book import network2
from nnexp.book.pairs import Pairs
from tests.book.network2 import Network2
from tests.book.printed import read
from tests.book.test_network import Doubled, plain
from tests.runner.typed import recorded

Sets = tuple[Pairs, Pairs, Pairs]
Out = pytest.CaptureFixture[str]
ALL: dict[str, Any] = {
    "monitor_evaluation_accuracy": True,
    "monitor_evaluation_cost": True,
    "monitor_training_accuracy": True,
    "monitor_training_cost": True,
}


def own(pairs: Pairs) -> list[Any]:
    """Plain tuples of the same values, of which nobody knows where they are from."""
    return [tuple(pair) for pair in pairs]


@pytest.mark.parametrize("rng", ["pcg64", pytest.param("nielsen2014", marks=pytest.mark.slow)])
def test_it_agrees_with_the_recorded_run_of_the_same_session(
    rng: str, here: Path, sets: Sets, capsys: Out
) -> None:
    from nnexp.book import mnist_loader

    training, validation, _ = mnist_loader.load_data_wrapper(rng)
    known, unknown = (network2.Network([784, 20, 10], rng=rng, seed=2) for _ in range(2))
    arguments = (3, 16, 0.5, 0.3)
    ours = known.SGD(training[:150], *arguments, evaluation_data=validation, **ALL)
    capsys.readouterr()
    theirs = unknown.SGD(own(training[:150]), *arguments, evaluation_data=validation, **ALL)
    said = read(capsys.readouterr().out)
    assert said.lists == list(map(list, theirs))
    assert said.rest == [
        "not recorded: training_data are not the first n pairs of the training set"
    ]
    assert unknown.run is None
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)
    for u, v in zip(known.weights, unknown.weights, strict=True):
        np.testing.assert_allclose(u, v, rtol=0, atol=1e-12)
    assert ours[1] == theirs[1]


@pytest.mark.slow
def test_it_goes_on_as_the_books_program_would(here: Path, sets: Sets) -> None:
    """Two calls: the generators go on, after a recorded run too; our data stay in order."""
    data, n = sets[0][:60], 60
    ours = network2.Network([784, 10], rng="nielsen2014", seed=4)
    theirs = Network2([784, 10], seed=4)
    scaled = [(pair.x * (255 / 256), pair.digit) for pair in data]
    for lmbda in (0.0, 0.5):
        ours.SGD(data, 2, 10, 0.5, lmbda)
        assert (ours.run is None) == bool(lmbda)
        theirs.descend(scaled, 2, 10, 0.5, lmbda, lambda: None)
    for a, b in zip(ours.weights, theirs.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12)
    assert n == len(data)


REASONS = {
    "training_data are not the first n pairs of the training set": {
        "a later slice": lambda net, s: net.SGD(s[0][5:25], 1, 10, 0.5),
        "validation images": lambda net, s: net.SGD(s[1][:20], 1, 10, 0.5),
        "another order": lambda net, s: net.SGD(random.Random(1).sample(s[0][:20], 20), 1, 5, 0.5),
    },
    "evaluation_data are not all of the validation or of the test set": {
        "a part": lambda net, s: net.SGD(s[0][:20], 1, 10, 0.5, evaluation_data=s[1][:100]),
        "training data": lambda net, s: net.SGD(s[0][:20], 1, 10, 0.5, evaluation_data=s[0][:5]),
    },
    "the network was trained, loaded or changed before": {
        "a step": lambda net, s: (
            net.update_mini_batch(s[0][:5], 0.5, 0.0, 10), net.SGD(s[0][:20], 1, 10, 0.5)
        ),
        "by hand": lambda net, s: (
            net.biases[0].__setitem__((0, 0), 1.0), net.SGD(s[0][:20], 1, 10, 0.5)
        ),
        "saved and loaded": lambda net, s: (
            net.update_mini_batch(s[0][:5], 0.5, 0.0, 10), net.save("net"),
            network2.load("net").SGD(s[0][:20], 1, 10, 0.5),
        ),
    },
    "the cost is a class of your own": {
        "set later": lambda net, s: (
            setattr(net, "cost", Doubled), net.SGD(s[0][:20], 1, 10, 0.5)
        ),
    },
    "update_mini_batch is a method of your own": {
        "on the object": lambda net, s: (
            setattr(net, "update_mini_batch", lambda *a: None), net.SGD(s[0][:20], 1, 10, 0.5)
        ),
    },
    "reg.lmbda=50.0: eta * lmbda / n must stay below 1": {
        "a decay that is too large": lambda net, s: net.SGD(s[0][:20], 1, 10, 0.5, 50.0),
    },
}  # fmt: skip
CASES = [(reason, name) for reason, cases in REASONS.items() for name in cases]


@pytest.mark.parametrize(("reason", "name"), CASES)
def test_a_line_says_why_it_was_not_recorded(
    reason: str, name: str, here: Path, sets: Sets, capsys: Out
) -> None:
    before = len(recorded(here))
    net = network2.Network([784, 10])
    REASONS[reason][name](net, sets)
    said = read(capsys.readouterr().out)
    assert said.epochs == 1
    assert said.rest[-1].startswith(f"not recorded: {reason}")
    assert len(recorded(here)) == before


@pytest.mark.slow
def test_an_initializer_makes_a_network_fresh_again(here: Path, sets: Sets) -> None:
    net = network2.Network([784, 10], seed=31)
    weights = []
    for _ in range(2):
        net.SGD(sets[0][:20], 1, 10, 0.5)
        assert net.run is not None
        weights.append(net.weights[0])
        net.SGD(sets[0][:20], 1, 10, 0.5)
        assert net.run is None
        net.default_weight_initializer()
    np.testing.assert_array_equal(*weights)


def test_a_method_of_ones_own_trains(here: Path, sets: Sets, capsys: Out) -> None:
    class Signs(network2.Network):
        """The chapter's exercise: L1."""

        def update_mini_batch(self, mini_batch: Any, eta: float, lmbda: float, n: int) -> None:
            pulls = [eta * lmbda / n * np.sign(w) for w in self.weights]
            super().update_mini_batch(mini_batch, eta, 0.0, n)
            self.weights = [w - pull for w, pull in zip(self.weights, pulls, strict=True)]

    data = sets[0][:100]
    dark = np.hstack([x for x, _ in data]).max(axis=1) == 0.0
    found = {}
    for kind in (Signs, network2.Network):
        net = kind([784, 10], seed=1)
        net.SGD(data, 8, 10, 0.5, lmbda=3.0)
        found[kind] = float(np.abs(net.weights[0][:, dark]).max())
    # Of pixels that are never used, L1 brings the weights to zero, to within a step.
    assert found[Signs] <= 0.5 * 3.0 / 100 < found[network2.Network]
    assert "update_mini_batch is a method of your own" in capsys.readouterr().out


def test_a_cost_of_ones_own_trains(sets: Sets, capsys: Out) -> None:
    doubled = network2.Network([784, 10], cost=Doubled)
    lists = doubled.SGD(sets[0][:60], 2, 10, 0.5, evaluation_data=sets[1][:40], **ALL)
    half = network2.Network([784, 10], cost=network2.QuadraticCost)
    expected = half.SGD(own(sets[0][:60]), 2, 10, 1.0, evaluation_data=sets[1][:40], **ALL)
    np.testing.assert_allclose(lists[0], 2 * np.array(expected[0]), rtol=1e-12)
    np.testing.assert_allclose(lists[2], 2 * np.array(expected[2]), rtol=1e-12)
    assert (lists[1], lists[3]) == (expected[1], expected[3])
    assert read(capsys.readouterr().out.partition("not recorded")[0]).epochs == 2


def test_the_chapters_hopeless_parameters_run_as_printed(sets: Sets, capsys: Out) -> None:
    """η = 10, λ = 1000 on 1,000 images: weights overflow, and the accuracy is that of a guess."""
    net = network2.Network([784, 10])
    lists = net.SGD(
        sets[0][:1000], 30, 10, 10.0, lmbda=1000.0, evaluation_data=sets[1][:100],
        monitor_evaluation_accuracy=True,
    )  # fmt: skip
    assert not np.isfinite(net.weights[0]).all()
    assert len(set(lists[1][-10:])) == 1
    assert lists[1][-1] < 25
    assert read(capsys.readouterr().out).sizes["evaluation_accuracy"] == {100}


def test_stopping_early_on_data_of_ones_own(sets: Sets, capsys: Out) -> None:
    evaluation = own(sets[1][:200])
    for names in ({"monitor_evaluation_accuracy": True}, {}):
        net = network2.Network([784, 30, 10])
        lists = net.SGD(
            sets[0][:200], 60, 10, 1.0, evaluation_data=evaluation, early_stopping_n=2, **names
        )
        said = read(capsys.readouterr().out)
        best = int(said.rest[0].partition("those of epoch ")[2].partition(",")[0])
        assert said.epochs == best + 1 + 2 < 60
        if names:
            assert best == int(np.argmax(lists[1]))
            accuracy = lists[1][best]
        assert net.accuracy(evaluation) == accuracy


def test_a_problem_of_ones_own(capsys: Out) -> None:
    """Exclusive or: nothing of MNIST in it."""
    data = [
        (np.array([[a], [b]]), np.array([[float(a != b)]])) for a in (0.0, 1.0) for b in (0.0, 1.0)
    ]
    net = network2.Network([2, 6, 1], seed=1)
    net.SGD(data, 3000, 4, 1.0)
    assert all(abs(float(net.feedforward(x)[0, 0]) - float(y[0, 0])) < 0.2 for x, y in data)
    capsys.readouterr()


@pytest.mark.slow
def test_mini_batches_larger_than_the_data_are_one(here: Path, sets: Sets) -> None:
    net, other = network2.Network([784, 10], seed=2), Network2([784, 10])
    other.weights, other.biases = [w.copy() for w in net.weights], [b.copy() for b in net.biases]
    net.SGD(sets[0][:7], 1, 10, 0.5)
    assert net.run is not None
    assert net.run.params["train.batch_size"] == "7"
    other.update(plain(sets[0][:7]), 0.5, 0.0, 7)
    np.testing.assert_allclose(net.weights[0], other.weights[0], rtol=0, atol=1e-13)


class Zeros(network2.Network):
    """An initializer of one's own, as the chapter's exercises ask for: it calls none of ours."""

    def default_weight_initializer(self) -> None:
        self.biases = [np.zeros((n, 1)) for n in self.sizes[1:]]
        self.weights = [np.zeros((n, m)) for m, n in pairwise(self.sizes)]


def test_a_network_with_an_initializer_of_its_own_trains(
    here: Path, sets: Sets, capsys: Out
) -> None:
    net = Zeros([784, 10])
    net.SGD(sets[0][:20], 1, 10, 0.5)
    said = read(capsys.readouterr().out)
    assert said.rest[-1].endswith("changed before, or its weights drawn otherwise")
    ours = network2.Network([784, 10])
    ours.weights, ours.biases = [np.zeros((10, 784))], [np.zeros((10, 1))]
    ours.SGD(sets[0][:20], 1, 10, 0.5)
    np.testing.assert_array_equal(net.weights[0], ours.weights[0])
    net.large_weight_initializer()
    net.SGD(sets[0][:20], 1, 10, 0.5)
    assert net.run is not None
