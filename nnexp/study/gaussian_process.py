"""What neighbouring settings say about each other: a Gaussian process over what was tried.

The value of setting x with seed s is taken for f(x) + b_s + ε, with f a Gaussian process of squared
exponential covariance, a scale for each coordinate, and independent normal seed effects b_s and
noise ε. Scales and variances are those of greatest marginal likelihood. The mean of f given all
values is less at the mercy of single seeds than any setting's own mean.

Source: C. E. Rasmussen & C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
chapters 2 and 5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from nnexp.study.search_space import Point, Space, coordinates

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FEWEST = 8
"""Values, at least, from which scales are estimated."""

_JITTER = 1e-6
_BOUNDS = {"scale": (math.log(0.05), math.log(5.0)), "sd": (math.log(0.02), math.log(5.0))}


@dataclass(frozen=True)
class Surface:
    """f, as the values make it likely."""

    at: Floats
    """Of each value its setting, coordinates from 0 to 1; shape (values, coordinates)."""
    theta: Floats
    """Logarithms of the scales, and of the standard deviations of f, b and ε."""
    factor: tuple[Floats, bool]
    """Of the values' covariance, by Cholesky."""
    weights: Floats
    """The inverse of that covariance times the values."""
    centre: float
    spread: float
    """What values were shifted and divided by."""

    def mean(self, at: Floats) -> Floats:
        """The posterior mean of f at settings of shape (settings, coordinates)."""
        known = _prior(self.theta, at, self.at)
        mean: Floats = self.centre + self.spread * (known @ self.weights)
        return mean

    def sd(self, at: Floats) -> Floats:
        """The posterior standard deviation of f there."""
        known = _prior(self.theta, at, self.at)
        explained = np.einsum("ij,ji->i", known, cho_solve(self.factor, known.T))
        variance = np.exp(2.0 * self.theta[-3]) - explained
        sd: Floats = self.spread * np.sqrt(np.maximum(variance, 0.0))
        return sd


def surface_through(
    spaces: Sequence[Space], points: Sequence[Point], values: Sequence[Mapping[int, float]]
) -> Surface | None:
    """`fit` to the values of points by seed, greater being better."""
    rows = [(k, seed, value) for k, v in enumerate(values) for seed, value in v.items()]
    if not rows:
        return None
    at = np.array([coordinates(spaces, point) for point in points])
    index, seeds = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    return fit(at[index], seeds, np.array([value for _, _, value in rows], np.float64))


def fit(at: Floats, seeds: Integers, values: Floats) -> Surface | None:
    """The surface through values at settings, each with a seed; None where there is too little.

    Args:
        at: of each value its setting, coordinates from 0 to 1; shape (values, coordinates).
        seeds: of each value its seed.
        values: greater being better.
    """
    if len(values) < FEWEST or float(np.ptp(values)) == 0.0:
        return None
    # How bad the worst settings are must not decide how smooth the best ones seem.
    middle = float(np.median(values))
    y = np.maximum(values, middle - 2.0 * (float(values.max()) - middle))
    centre, spread = float(y.mean()), float(y.std()) or 1.0
    z = (y - centre) / spread
    same = (seeds[:, None] == seeds[None, :]).astype(np.float64)
    several = len(set(seeds.tolist())) > 1

    def covariance(theta: Floats) -> Floats:
        noise = np.exp(2.0 * theta[-1]) + _JITTER
        whole: Floats = _prior(theta, at, at) + noise * np.eye(len(z))
        return whole + (np.exp(2.0 * theta[-2]) * same if several else 0.0)

    def loss(theta: Floats) -> float:
        factor = cho_factor(covariance(theta), lower=True)
        determinant = float(np.log(np.diag(factor[0])).sum())
        # Weak priors: scales about a third of a range, a signal as large as the noise.
        prior = 0.5 * float(np.square(theta - start).sum())
        return 0.5 * float(z @ cho_solve(factor, z)) + determinant + prior

    keys = at.shape[1]
    start = np.array([math.log(0.35)] * keys + [0.0, math.log(0.5), math.log(0.5)])
    bounds = [_BOUNDS["scale"]] * keys + [_BOUNDS["sd"]] * 3
    theta = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    factor = cho_factor(covariance(theta), lower=True)
    return Surface(at, theta, factor, cho_solve(factor, z), centre, spread)


def _prior(theta: Floats, a: Floats, b: Floats) -> Floats:
    """The covariance of f between settings."""
    squares = np.square(a.T[:, :, None] - b.T[:, None, :])
    scaled = np.tensordot(np.exp(-2.0 * theta[:-3]), squares, axes=1)
    covariance: Floats = np.exp(2.0 * theta[-3]) * np.exp(-0.5 * scaled)
    return covariance
