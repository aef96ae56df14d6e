"""A curve as a line of bars."""

from __future__ import annotations

import numpy as np

BARS = "▁▂▃▄▅▆▇█"
COLUMNS = 60


def sparkline(values: np.ndarray[tuple[int], np.dtype[np.float64]], columns: int = COLUMNS) -> str:
    """A curve as a line of bars, at most `columns` wide, from its least to its greatest value."""
    parts = np.array_split(values, min(columns, len(values)))
    means = np.array([part.mean() for part in parts])
    low, high = float(means.min()), float(means.max())
    if not high > low:
        return BARS[0] * len(means)
    heights = np.rint((means - low) / (high - low) * (len(BARS) - 1)).astype(int)
    return "".join(BARS[height] for height in heights)
