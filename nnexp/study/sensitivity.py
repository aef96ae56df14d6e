"""Are small weights insensitive ones? What noise in the inputs does to a network, and its norms.

The chapter's argument for L2: with small weights the behaviour of a network will not change too
much if a few inputs change, which makes it hard to learn the effects of local noise in the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, Examples
from nnexp.nn.draws import normal
from nnexp.nn.parameters import Parameters
from nnexp.study.members import stream
from nnexp.train.plan import pixel_max_of
from nnexp.train.predict import measure, outputs

CHUNK = 1000
"""Images whose noise is drawn at a time."""


@dataclass(frozen=True)
class AtNoise:
    """A network on test images with noise of one strength."""

    sigma: float
    accuracy: float
    cost: float
    """Mean data cost."""
    change: float
    """Mean over images of ‖a(x + noise) − a(x)‖, Euclidean."""


@dataclass(frozen=True)
class LayerNorms:
    """How large the weights of a layer are."""

    frobenius: float
    """√Σ w²."""
    spectral: float
    """The largest singular value: by so much a change of the inputs can grow, before f."""
    median: float
    """The median of its singular values."""


def noisy(examples: Examples, sigma: float) -> Examples:
    """Pixels x + σ N(0, 1) for x of 0 to 1, cut off at 0 and 1, as bytes.

    The same noise for every σ and every network: what is compared differs in nothing else.
    """
    if sigma == 0.0:
        return examples
    bits, rows = stream(0, "noise"), []
    for start in range(0, len(examples), CHUNK):
        images = examples.images[start : start + CHUNK]
        moved = images / 255.0 + sigma * normal(bits, images.shape)
        rows.append(np.rint(255.0 * np.clip(moved, 0.0, 1.0)).astype(np.uint8))
    return replace(examples, images=np.concatenate(rows))


def at_noise(
    config: Config,
    parameters: Parameters,
    dataset: Dataset,
    tests: Sequence[tuple[float, Examples]],
) -> list[AtNoise]:
    """A network on test images of rising noise (`noisy`), the first of them clean."""
    top = pixel_max_of(config, dataset)
    clean = outputs(config, parameters, tests[0][1].images, top)
    found = []
    for sigma, examples in tests:
        measured = measure(config, parameters, dataset, examples)
        moved = outputs(config, parameters, examples.images, top) - clean
        change = float(np.mean(np.sqrt((moved * moved).sum(axis=1))))
        share = measured.correct / len(examples)
        found.append(AtNoise(sigma, share, measured.data_cost, change))
    return found


def norms(parameters: Parameters) -> list[LayerNorms]:
    """Of each layer, first to last."""
    found = []
    for w in (weights.astype(np.float64) for weights in parameters.weights):
        values = np.linalg.svd(w, compute_uv=False)
        root = float(np.sqrt((w * w).sum()))
        found.append(LayerNorms(root, float(values[0]), float(np.median(values))))
    return found
