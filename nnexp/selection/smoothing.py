"""The values of settings as all that were tried make them likely (`study.gaussian_process`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nnexp.study.gaussian_process import fit
from nnexp.study.space import Point, Space, coordinates


def smoothed(
    spaces: Sequence[Space], points: Sequence[Point], values: Sequence[Mapping[int, float]]
) -> list[float]:
    """The posterior mean of f at each point, from its values by seed and those of all others.

    Of too few values, or where all are the same, each point's own mean.
    """
    rows = [(k, seed, value) for k, v in enumerate(values) for seed, value in v.items()]
    at = np.array([coordinates(spaces, point) for point in points])
    index, seeds = (np.array([row[column] for row in rows], np.int64) for column in (0, 1))
    surface = fit(at[index], seeds, np.array([value for _, _, value in rows], np.float64))
    if surface is None:
        return [float(np.mean(list(v.values()))) for v in values]
    return [float(value) for value in surface.mean(at)]
