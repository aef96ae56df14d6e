"""Saved networks are the book's files: written and read by either program, value by value."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nnexp
from nnexp.book import network2
from tests.book.test_network import Doubled

Content = dict[str, Any]


def equal(a: network2.Network, b: network2.Network) -> bool:
    pairs = zip((*a.weights, *a.biases), (*b.weights, *b.biases), strict=True)
    same = all(u.tobytes() == v.tobytes() and u.shape == v.shape for u, v in pairs)
    return same and a.sizes == b.sizes and a.cost is b.cost


@given(st.lists(st.integers(1, 6), min_size=2, max_size=4), st.integers(0, 99), st.booleans())
def test_what_is_saved_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], seed: int, quadratic: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "saved.json"
    cost = network2.QuadraticCost if quadratic else network2.CrossEntropyCost
    net = network2.Network(sizes, cost=cost, seed=seed)
    net.weights[0][0, 0] = np.float64("5e-324")
    net.save(file)
    assert equal(network2.load(str(file)), net)
    # And what another reader finds in it.
    content = json.loads(file.read_text(encoding="utf-8"))
    assert list(content) == ["sizes", "weights", "biases", "cost"]
    assert content["sizes"] == sizes
    assert content["cost"] == cost.__name__
    for layer in range(len(sizes) - 1):
        for row, neuron in enumerate(content["weights"][layer]):
            assert neuron == [float(w) for w in net.weights[layer][row]]
        assert content["biases"][layer] == [[float(b)] for b in net.biases[layer][:, 0]]


def written(sizes: tuple[int, ...] = (3, 2, 4)) -> Content:
    """A network as another program would write it."""
    draw = np.random.default_rng(5)
    layers = list(zip(sizes[1:], sizes, strict=False))
    return {
        "sizes": list(sizes),
        "weights": [
            [[float(draw.normal()) for _ in range(m)] for _ in range(n)] for n, m in layers
        ],
        "biases": [[[float(draw.normal())] for _ in range(n)] for n, _ in layers],
        "cost": "QuadraticCost",
    }


def test_what_another_program_saved_is_loaded(tmp_path: Path) -> None:
    content = written()
    file = tmp_path / "net"
    file.write_text(json.dumps(content), encoding="utf-8")
    net = network2.load(file)
    assert net.cost is network2.QuadraticCost
    assert [w.tolist() for w in net.weights] == content["weights"]
    assert [b.tolist() for b in net.biases] == content["biases"]
    assert net.feedforward(np.ones((3, 1))).shape == (4, 1)


def test_a_cost_of_ones_own_is_named_when_it_is_loaded(tmp_path: Path) -> None:
    net = network2.Network([3, 10], cost=Doubled)
    net.save(tmp_path / "net")
    with pytest.raises(nnexp.UserError, match=r"cost is 'Doubled'; allowed: Cross.*, Quad"):
        network2.load(tmp_path / "net")
    assert equal(network2.load(tmp_path / "net", cost=Doubled), net)


SPOILED = {
    "sizes missing": lambda c: c.pop("sizes"),
    "cost missing": lambda c: c.pop("cost"),
    "cost is 'Other'; allowed: CrossEntropyCost, QuadraticCost": lambda c: c.update(cost="Other"),
    "cost is ['x']": lambda c: c.update(cost=["x"]),
    "sizes is [3]; allowed": lambda c: c.update(sizes=[3]),
    "sizes is [3, 0, 4]; allowed": lambda c: c.update(sizes=[3, 0, 4]),
    "sizes is [3, 2.5, 4]; allowed": lambda c: c.update(sizes=[3, 2.5, 4]),
    "sizes is 'abc'; allowed": lambda c: c.update(sizes="abc"),
    "weights has 1 arrays; allowed: 2": lambda c: c.update(weights=c["weights"][:1]),
    "weights has no arrays; allowed: 2": lambda c: c.update(weights=5),
    "weights[1] has the shape (4, 1); allowed: (4, 2)": lambda c: c["weights"].__setitem__(
        1, [[1.0]] * 4
    ),
    "weights[0] is no array of numbers; allowed: shape (2, 3)": lambda c: c["weights"].__setitem__(
        0, [[1.0, 2.0, 3.0], [1.0]]
    ),
    "biases[0] has the shape (2,); allowed: (2, 1)": lambda c: c["biases"].__setitem__(0, [1.0, 2]),
}


@pytest.mark.parametrize("said", SPOILED)
def test_what_is_no_saved_network_is_refused_in_one_line(said: str, tmp_path: Path) -> None:
    content = written()
    SPOILED[said](content)
    file = tmp_path / "net"
    file.write_text(json.dumps(content), encoding="utf-8")
    refused(file, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[1]", "holds no JSON object"),
        (b"{}", "sizes, weights, biases, cost missing"),
    ],
)
def test_no_such_file_at_all(text: bytes, said: str, tmp_path: Path) -> None:
    file = tmp_path / "net"
    file.write_bytes(text)
    refused(file, said)
    refused(tmp_path / "nothing", "No such file")
    refused(tmp_path, "Is a directory")


def refused(file: Path, said: str) -> None:
    with pytest.raises(nnexp.UserError) as error:
        network2.load(file)
    text = str(error.value)
    assert text.startswith(f"filename={file}: ")
    assert said in text
    assert "allowed" in text
    assert "\n" not in text
