"""One step on all examples gives the gradient: (w before − w after) / η = ∇C, penalty included.

So each engine as a whole, decay and all, is compared with the equations: differentiated
numerically, and by JAX. What is tried is what the registries list.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.parameters import Parameters
from nnexp.train.engines import ENGINES
from nnexp.train.streams import stream
from tests.equations import DropoutMasks, Floats, InputMasks, Total, one_hot, shuffled
from tests.small import arrays, configured, head, made, run, untrained

ETA = 0.7
HIDDEN: dict[str, list[int]] = {"depth0": [], "depth1": [5], "depth2": [5, 4], "depth3": [5, 4, 3]}
REGULARIZERS: dict[str, dict[str, Any]] = {
    "none": {"reg.name": "none"},
    "l2": {"reg.name": "l2", "reg.lmbda": 3.0},
    "l1": {"reg.name": "l1", "reg.lmbda": 0.9},
    "elastic": {"reg.name": "elastic", "reg.lmbda": 3.0, "reg.lmbda_l1": 0.9},
    "l2 and biases": {"reg.name": "l2", "reg.lmbda": 3.0, "reg.biases": True},
    "elastic and biases": {
        "reg.name": "elastic",
        "reg.lmbda": 3.0,
        "reg.lmbda_l1": 0.9,
        "reg.biases": True,
    },
    "decoupled at 0": {"reg.name": "decoupled", "reg.lmbda": 0.0, "train.momentum": 0.9},
    "maxnorm out of reach": {"reg.name": "maxnorm", "reg.max_norm": 1e6},
    "l2 and momentum": {"reg.name": "l2", "reg.lmbda": 3.0, "train.momentum": 0.9},
    "l1 and momentum": {"reg.name": "l1", "reg.lmbda": 0.9, "train.momentum": 0.9},
}
DROPOUT: dict[str, dict[str, Any]] = {
    "full": {},
    "hidden": {"dropout.hidden": 0.5},
    "both": {"dropout.hidden": 0.4, "dropout.input": 0.2},
}

SMALL = made(inputs=12, train=8, test=4, seed=4)


class Step:
    """One step on all examples: the engine's gradient, and the cost function it should be of."""

    def __init__(self, dataset: Dataset, values: dict[str, Any]) -> None:
        n = len(dataset.train)
        fixed = {"data.n_train": n, "data.n_validation": 0, "train.batch_size": n}
        # With other seeds every unit of a deep rectified network may be dead.
        config = configured({"seed": 2, "train.eta": ETA, "train.epochs": 1, **fixed, **values})
        self.before = untrained(config, dataset)
        after = run(config, dataset).parameters
        both = zip(arrays(self.before), arrays(after), strict=True)
        self.gradient = [(w - v) / ETA for w, v in both]
        reg = config.reg
        self.total = Total(
            config.cost.name,
            config.model.activation,
            reg.lmbda if reg.name in ("l2", "elastic") else 0.0,
            {"l1": reg.lmbda, "elastic": reg.lmbda_l1}.get(reg.name, 0.0),
            reg.biases,
            n,
        )
        order = shuffled(stream(config.seed, "shuffle"), n)
        images = dataset.train.images[order]
        self.x: Floats = images.T / 255.0
        self.y = one_hot(dataset.train.labels[order], dataset.n_outputs)
        self.x *= InputMasks(config).draw(images).T
        self.masks = DropoutMasks(config).draw(n) if config.model.hidden else []


def central_differences(step: Step, h: float = 3e-6) -> list[Floats]:
    """(C(w + h) − C(w − h)) / 2h for every weight and bias, all at once."""
    flat = np.concatenate([a.ravel() for a in arrays(step.before)])
    moves = h * np.eye(len(flat))
    nets = unflattened(np.concatenate([flat + moves, flat - moves]), step.before)
    count = len(step.before.weights)
    total = step.total(nets[:count], nets[count:], step.x, step.y, step.masks)
    up, down = np.split(total, 2)
    return [a[0] for a in unflattened(((up - down) / (2 * h))[None], step.before)]


def unflattened(flat: Floats, like: Parameters) -> list[Floats]:
    shapes = [a.shape for a in arrays(like)]
    ends = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes)])
    parts = zip(pairwise(ends), shapes, strict=True)
    return [flat[:, start:end].reshape(len(flat), *shape) for (start, end), shape in parts]


def relative_error(found: NDArray[Any], expected: NDArray[Any]) -> float:
    """Greatest difference, measured against the greatest element."""
    scale = np.abs(expected).max()
    assert scale > 0
    return float(np.abs(found - expected).max() / scale)


@pytest.mark.parametrize("dropout", DROPOUT)
@pytest.mark.parametrize("reg", REGULARIZERS)
@pytest.mark.parametrize("depth", HIDDEN)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_step_is_the_gradient_by_central_differences(
    engine: str, cost: str, activation: str, depth: str, reg: str, dropout: str
) -> None:
    values = {"cost.name": cost, "model.activation": activation, "model.hidden": HIDDEN[depth]}
    values["train.engine"] = engine
    step = Step(SMALL, values | REGULARIZERS[reg] | DROPOUT[dropout])
    for found, expected in zip(step.gradient, central_differences(step), strict=True):
        assert relative_error(found, expected) <= 1e-6


def by_jax(step: Step) -> list[Floats]:
    """∇C by automatic differentiation, in float64 on the CPU."""
    import jax

    with jax.enable_x64(True), jax.default_device(jax.devices("cpu")[0]):

        def total(parameters: tuple[Any, Any]) -> Any:
            return step.total(*parameters, step.x, step.y, step.masks, jax.numpy)

        start = ([*step.before.weights], [*step.before.biases])
        weights, biases = jax.grad(total)(jax.tree.map(jax.numpy.asarray, start))
        return [np.asarray(a) for a in [*weights, *biases]]


@pytest.mark.parametrize("depth", HIDDEN)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("engine", ENGINES)
def test_step_is_the_gradient_by_jax(engine: str, cost: str, activation: str, depth: str) -> None:
    values = {"cost.name": cost, "model.activation": activation, "model.hidden": HIDDEN[depth]}
    values["train.engine"] = engine
    step = Step(SMALL, values | REGULARIZERS["elastic and biases"] | DROPOUT["both"])
    for found, expected in zip(step.gradient, by_jax(step), strict=True):
        assert expected.dtype == np.float64
        assert relative_error(found, expected) <= 1e-12


@pytest.mark.parametrize(
    ("cost", "reg"),
    [("crossentropy", "l2"), ("quadratic", "elastic"), ("loglikelihood", "l2 and momentum")],
)
def test_step_of_the_chapters_network_is_the_gradient_by_jax(cost: str, reg: str) -> None:
    dataset = head(load_dataset(DataConfig()), 20, 5)
    values = {"cost.name": cost, "model.hidden": [30], "dropout.hidden": 0.5}
    step = Step(dataset, values | REGULARIZERS[reg])
    for found, expected in zip(step.gradient, by_jax(step), strict=True):
        assert relative_error(found, expected) <= 1e-12
