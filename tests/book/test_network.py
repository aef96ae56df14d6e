"""The network's methods against the book's program as its text describes it (network2.py)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnexp
from nnexp.book import mnist_loader, network2
from nnexp.book.pairs import Pairs
from nnexp.nn.costs import crossentropy
from tests.book.network2 import SEED, Floats, Network2

Sets = tuple[Pairs, Pairs, Pairs]
COSTS = {"crossentropy": network2.CrossEntropyCost, "quadratic": network2.QuadraticCost}


class Doubled:
    """A cost of one's own: twice the quadratic cost, written for single columns only."""

    @staticmethod
    def fn(a: Floats, y: Floats) -> float:
        assert a.shape == y.shape == (10, 1)
        return float(np.linalg.norm(a - y) ** 2)

    @staticmethod
    def delta(z: Floats, a: Floats, y: Floats) -> Floats:
        assert z.shape == a.shape == y.shape == (10, 1)
        return 2.0 * (a - y) * network2.sigmoid_prime(z)


def theirs(ours: network2.Network, *, quadratic: bool = False) -> Network2:
    """The same network in the other program."""
    other = Network2(ours.sizes, quadratic=quadratic)
    other.weights = [w.copy() for w in ours.weights]
    other.biases = [b.copy() for b in ours.biases]
    return other


def plain(pairs: Pairs) -> list[tuple[Floats, int]]:
    return [(pair.x, pair.digit) for pair in pairs]


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("sizes", [[784, 30, 10], [784, 10], [784, 20, 15, 10]])
def test_the_books_weights_are_drawn(sizes: list[int], large: bool) -> None:
    net = network2.Network(sizes, seed=SEED, rng="nielsen2014")
    if large:
        net.large_weight_initializer()
    other = Network2(sizes, large=large)
    assert (net.sizes, net.num_layers) == (sizes, len(sizes))
    for layer, (m, n) in enumerate(pairwise(sizes)):
        assert (net.weights[layer].shape, net.biases[layer].shape) == ((n, m), (n, 1))
        np.testing.assert_allclose(net.weights[layer], other.weights[layer], rtol=1e-14, atol=0)
        np.testing.assert_allclose(net.biases[layer], other.biases[layer], rtol=1e-14, atol=0)


def test_an_initializer_gives_the_same_weights_each_time() -> None:
    net = network2.Network([784, 30, 10], seed=4)
    first = net.weights[0].copy()
    net.large_weight_initializer()
    np.testing.assert_allclose(net.weights[0], first * 28.0, rtol=1e-14)
    net.default_weight_initializer()
    np.testing.assert_array_equal(net.weights[0], first)
    assert not np.array_equal(network2.Network([784, 30, 10], seed=5).weights[0], first)


columns = st.integers(1, 10).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(-30, 30), min_size=n, max_size=n),
        st.lists(st.sampled_from([0.0, 1.0]) | st.floats(0, 1), min_size=n, max_size=n),
    )
)


@given(columns)
def test_costs_and_their_errors(pair: tuple[list[float], list[float]]) -> None:
    z, y = (np.array(values)[:, None] for values in pair)
    a = network2.sigmoid(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.nan_to_num(-y * np.log(a) - (1 - y) * np.log(1 - a))
    cross, quadratic = network2.CrossEntropyCost, network2.QuadraticCost
    assert cross.fn(a, y) == pytest.approx(float(np.sum(terms)), rel=1e-12, abs=1e-12)
    assert quadratic.fn(a, y) == pytest.approx(0.5 * float(np.sum((a - y) ** 2)), abs=1e-15)
    np.testing.assert_array_equal(cross.delta(z, a, y), a - y)
    np.testing.assert_allclose(
        quadratic.delta(z, a, y), (a - y) * a * (1 - a), rtol=1e-12, atol=1e-15
    )
    if np.all(np.abs(z) < 10):
        assert cross.fn(a, y) == pytest.approx(float(crossentropy(z, y)[0]), rel=1e-9, abs=1e-9)


def test_a_cost_of_a_saturated_neuron_is_a_number() -> None:
    cost = network2.CrossEntropyCost.fn
    one, none = np.ones((1, 1)), np.zeros((1, 1))
    assert cost(one, one) == cost(none, none) == 0.0
    assert cost(none, one) == cost(one, none) == np.finfo(np.float64).max


def test_small_functions() -> None:
    z = np.linspace(-5, 5, 7)
    np.testing.assert_allclose(network2.sigmoid(z), 1 / (1 + np.exp(-z)))
    step = (network2.sigmoid(z + 1e-6) - network2.sigmoid(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(network2.sigmoid_prime(z), step, rtol=1e-6)
    expected = np.zeros((10, 1))
    expected[3] = 1.0
    for function in (network2.vectorized_result, mnist_loader.vectorized_result):
        np.testing.assert_array_equal(function(3), expected)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("sizes", [[784, 30, 10], [784, 10], [784, 20, 15, 10]])
def test_methods_agree(name: str, sizes: list[int], sets: Sets) -> None:
    training, validation, _ = sets
    net = network2.Network(sizes, cost=COSTS[name], seed=2)
    other = theirs(net, quadratic=name == "quadratic")
    x, y = training[0]
    np.testing.assert_allclose(net.feedforward(x), other.feedforward(x), rtol=1e-12)
    nabla_b, nabla_w = net.backprop(x, y)
    for layer, (db, dw) in enumerate(other.backprop(x, y)):
        assert (nabla_b[layer].shape, nabla_w[layer].shape) == (db.shape, dw.shape)
        np.testing.assert_allclose(nabla_b[layer], db, rtol=1e-10, atol=1e-15)
        np.testing.assert_allclose(nabla_w[layer], dw, rtol=1e-10, atol=1e-15)
    for start, size in ((0, 10), (10, 1), (11, 7)):
        batch = training[start : start + size]
        net.update_mini_batch(batch, 0.5, 5.0, 1000)
        other.update(plain(batch), 0.5, 5.0, 1000)
    for ours, expected in ((net.weights, other.weights), (net.biases, other.biases)):
        for a, b in zip(ours, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)
    for part, convert in ((training[:300], True), (validation[:200], False)):
        assert net.accuracy(part, convert=convert) == other.accuracy(plain(part))
        assert net.total_cost(part, 3.0, convert=not convert) == pytest.approx(
            other.total_cost(plain(part), 3.0), rel=1e-11
        )


def test_pairs_of_ones_own_are_as_good(sets: Sets) -> None:
    net = network2.Network([784, 30, 10])
    training, validation, _ = sets
    for part in (training[:6], validation[:6], list(training[:3]) + validation[:3]):
        own = [tuple(pair) for pair in part]
        assert net.accuracy(own) == net.accuracy(zip(*zip(*own, strict=True), strict=True))
        assert net.accuracy(own) == net.accuracy(part)
        assert net.total_cost(own, 1.0) == pytest.approx(net.total_cost(part, 1.0), rel=1e-14)


def test_images_are_taken_on_the_scale_of_the_network(sets: Sets) -> None:
    net = network2.Network([784, 30, 10], rng="nielsen2014")
    theirs_ = mnist_loader.load_data_wrapper("nielsen2014")[2][:50]
    other = Network2(net.sizes)
    other.weights, other.biases = net.weights, net.biases
    expected = other.total_cost(plain(theirs_), 0.0)
    assert net.total_cost(theirs_, 0.0) == pytest.approx(expected, rel=1e-12)
    assert net.total_cost(sets[2][:50], 0.0) == pytest.approx(expected, rel=1e-12)


def test_a_cost_of_ones_own(sets: Sets) -> None:
    training = sets[0]
    own = network2.Network([784, 12, 10], cost=Doubled)
    half = network2.Network([784, 12, 10], cost=network2.QuadraticCost)
    assert own.total_cost(training[:20], 0.0) == pytest.approx(
        2 * half.total_cost(training[:20], 0.0), rel=1e-12
    )
    own.update_mini_batch(training[:10], 0.5, 1.0, 100)
    half.update_mini_batch(training[:10], 1.0, 0.5, 100)
    for a, b in zip(own.weights, half.weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_methods_of_ones_own_are_used(sets: Sets) -> None:
    class Mine(network2.Network):
        seen = 0

        def backprop(self, x: Any, y: Any) -> Any:
            Mine.seen += 1
            return super().backprop(x, y)

        def feedforward(self, a: Any) -> Any:
            return 1.0 - super().feedforward(a)

    mine, plain_ = Mine([784, 12, 10]), network2.Network([784, 12, 10])
    data = sets[0][:10]
    assert mine.total_cost(data, 0.0) != pytest.approx(plain_.total_cost(data, 0.0))
    mine.update_mini_batch(data, 0.5, 1.0, 100)
    plain_.update_mini_batch(data, 0.5, 1.0, 100)
    assert Mine.seen == 10
    for a, b in zip((*mine.weights, *mine.biases), (*plain_.weights, *plain_.biases), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 3), st.integers(0, 100))
def test_gradients_are_those_of_the_cost(n_in: int, hidden: int, n_out: int, seed: int) -> None:
    """By central differences, for networks of any size and data of one's own."""
    rng = np.random.default_rng(seed)
    net = network2.Network([n_in, hidden, n_out], seed=seed)
    x, y = rng.normal(size=(n_in, 1)), rng.random((n_out, 1))
    nabla_b, nabla_w = net.backprop(x, y)
    for arrays, gradients in ((net.weights, nabla_w), (net.biases, nabla_b)):
        for array, gradient in zip(arrays, gradients, strict=True):
            k = tuple(rng.integers(array.shape))
            value, sides = array[k], []
            for step in (1e-5, -1e-5):
                array[k] = value + step
                sides.append(net.total_cost([(x, y)], 0.0))
            array[k] = value
            assert gradient[k] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-5, abs=1e-8)


def test_weights_of_another_shape_are_refused(sets: Sets) -> None:
    net = network2.Network([784, 30, 10])
    net.weights[0] = net.weights[0].T
    with pytest.raises(nnexp.UserError, match=r"weights\[0\]: has the shape .* \(30, 784\)"):
        net.accuracy(sets[2][:5])
    net.weights = net.weights[:1]
    with pytest.raises(nnexp.UserError, match="weights: 1 arrays; allowed: 2"):
        net.feedforward(np.zeros((784, 1)))
