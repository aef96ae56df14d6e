"""Regularizers: what is added to the cost, and what that does to the weights in a step.

L2 and L1 act on weights only, never on biases, unless that is asked for. The arrays of weights
have the shape (K, n_out, n_in): K runs side by side, each with its own coefficients, shape (K,).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nnexp.nn.parameters import Array

Coefficients = NDArray[np.float64]


def squares(layers: Sequence[Array]) -> Coefficients:
    """Σ w² over all layers of each run, shape (K,)."""
    return _total([np.multiply(w, w) for w in layers])


def magnitudes(layers: Sequence[Array]) -> Coefficients:
    """Σ |w| over all layers of each run, shape (K,)."""
    return _total([np.abs(w) for w in layers])


def l2_penalty(layers: Sequence[Array], lmbda: Coefficients, n: int) -> Coefficients:
    """(λ / 2n) Σ w² (eq. 85, 87): added to the mean data cost; n is the training size."""
    return lmbda / (2.0 * n) * squares(layers)


def l1_penalty(layers: Sequence[Array], lmbda: Coefficients, n: int) -> Coefficients:
    """(λ / n) Σ |w| (eq. 95)."""
    return lmbda / n * magnitudes(layers)


def l2_decay(eta: Coefficients, lmbda: Coefficients, n: int) -> Coefficients:
    """The factor 1 − ηλ/n by which L2 rescales every weight in a step (eq. 88–93)."""
    return 1.0 - eta * lmbda / n


def l1_shrink(weights: Array, amount: Array, scratch: Array) -> None:
    """w ← w − (ηλ/n) sgn(w) with sgn(0) = 0 (eq. 96–97), in place.

    `amount` holds ηλ/n of each run, shape (K, 1, 1).
    """
    np.sign(weights, out=scratch)
    np.multiply(scratch, amount, out=scratch)
    np.subtract(weights, scratch, out=weights)


def limit_norm(weights: Array, limit: Array, scratch: Array) -> None:
    """Scale each unit's incoming weights down to the norm `limit` where they exceed it, in place.

    Max-norm (Srebro & Shraibman 2005; with dropout, Srivastava et al. 2014): a projection after
    the step instead of a term in the cost. `limit` has the shape (K, 1, 1).
    """
    np.multiply(weights, weights, out=scratch)
    norms = np.sqrt(np.add.reduce(scratch, axis=-1, keepdims=True))
    tiny = np.finfo(weights.dtype).tiny
    factors = np.minimum(limit / np.maximum(norms, tiny), 1.0).astype(weights.dtype)
    np.multiply(weights, factors, out=weights)


def _total(layers: Sequence[Array]) -> Coefficients:
    sums = [np.add.reduce(w.reshape(len(w), -1), axis=1) for w in layers]
    total: Coefficients = np.add.reduce([s.astype(np.float64) for s in sums], axis=0)
    return total
