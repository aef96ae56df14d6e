"""What neighbouring settings say about each other: a Gaussian process over what was tried.

The value of setting x with seed s is taken for f(x) + b_s + ε, with f a Gaussian process of squared
exponential covariance, a scale for each searched key, and independent normal seed effects b_s and
noise ε. Scales and variances are those of greatest marginal likelihood. The mean of f given all
values is less at the mercy of single seeds than any setting's own mean.

Source: C. E. Rasmussen & C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
chapters 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from nnexp.selection.spaces import Choice, Point, Space

Floats = NDArray[np.float64]

FEWEST = 8
"""Values, at least, from which scales are estimated."""

_JITTER = 1e-6
_BOUNDS = {"scale": (math.log(0.05), math.log(5.0)), "sd": (math.log(0.02), math.log(5.0))}


def smoothed(
    spaces: Sequence[Space], points: Sequence[Point], values: Sequence[Mapping[int, float]]
) -> list[float]:
    """The posterior mean of f at each point, from its values by seed and those of all others.

    Of fewer than `FEWEST` values, or where all are the same, each point's own mean.
    """
    rows = [(k, seed, value) for k, v in enumerate(values) for seed, value in v.items()]
    y = np.array([value for _, _, value in rows], dtype=np.float64)
    if len(rows) < FEWEST or float(np.ptp(y)) == 0.0:
        return [float(np.mean(list(v.values()))) for v in values]
    at = np.array([coordinates(spaces, point) for point in points])
    index = np.array([k for k, _, _ in rows])
    seeds = np.array([seed for _, seed, _ in rows])
    # How bad the worst settings are must not decide how smooth the best ones seem.
    middle = float(np.median(y))
    y = np.maximum(y, middle - 2.0 * (float(y.max()) - middle))
    centre, spread = float(y.mean()), float(y.std()) or 1.0
    z, squares = (y - centre) / spread, _squares(at)
    same = (seeds[:, None] == seeds[None, :]).astype(np.float64)
    owner = np.ix_(index, index)
    several = len(set(seeds.tolist())) > 1

    def covariance(theta: Floats) -> tuple[Floats, Floats]:
        scaled = np.tensordot(np.exp(-2.0 * theta[:-3]), squares, axes=1)
        prior = np.exp(2.0 * theta[-3]) * np.exp(-0.5 * scaled)
        noise = np.exp(2.0 * theta[-1]) + _JITTER
        whole = prior[owner] + noise * np.eye(len(z))
        return prior, whole + (np.exp(2.0 * theta[-2]) * same if several else 0.0)

    def loss(theta: Floats) -> float:
        factor = cho_factor(covariance(theta)[1], lower=True)
        determinant = float(np.log(np.diag(factor[0])).sum())
        # Weak priors: scales about a third of a range, a signal as large as the noise.
        prior = 0.5 * float(np.square(theta - start).sum())
        return 0.5 * float(z @ cho_solve(factor, z)) + determinant + prior

    keys = at.shape[1]
    start = np.array([math.log(0.35)] * keys + [0.0, math.log(0.5), math.log(0.5)])
    bounds = [_BOUNDS["scale"]] * keys + [_BOUNDS["sd"]] * 3
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds)
    prior, whole = covariance(found.x)
    mean = prior[:, index] @ cho_solve(cho_factor(whole, lower=True), z)
    return [float(value) for value in centre + spread * mean]


def coordinates(spaces: Sequence[Space], point: Point) -> list[float]:
    """A point in the unit cube: intervals by their share, of lists a coordinate for each value."""
    found: list[float] = []
    for space in spaces:
        if isinstance(space, Choice):
            found += [float(point[space.key] == value) for value in space.values]
        else:
            found.append(space.share(float(point[space.key])))
    return found


def _squares(at: Floats) -> Floats:
    """Squared differences along each coordinate, shape (coordinates, points, points)."""
    return np.square(at.T[:, :, None] - at.T[:, None, :])
