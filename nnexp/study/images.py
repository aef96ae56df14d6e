"""Settings against each other image by image: which ones each gets right, and how sure that is.

Of the seeds s that two settings share and each image i of a set, d_si is 1 where only A is right,
−1 where only B is, else 0. McNemar's test counts the two kinds for one seed; over seeds together
images count by the sign of Σ_s d_si, so that neither seeds nor images count twice. Q. McNemar,
Psychometrika 12 (1947), 153-157.

The interval of the mean of d holds for other seeds and other images: both are resampled, as crossed
factors, A. Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1 (2007), 386-411.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, nan, sqrt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.served_runs import runs_of_ids
from nnexp.record.store import Store
from nnexp.study.bootstrap import RESAMPLES, Interval, resampled_means, stretched
from nnexp.study.compare import Comparison
from nnexp.study.grouping import columns_by, levels_of
from nnexp.study.multiple_comparisons import holm
from nnexp.study.recorded import recorded_correct
from nnexp.study.ttest import Floats, variance_of_mean

SHARE = 0.8
"""An image is won or lost where that is so in at least this share of the seeds: 4 of 5."""

HARDEST = 10
"""So many of the images that fewest networks get right are named."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ImagePair:
    """Setting A against B on the images of a set; images are counted from 0."""

    a: str
    b: str
    seeds: int
    only_a: tuple[int, ...]
    """Of each seed the number of images that only A gets right."""
    only_b: tuple[int, ...]
    seed_p: tuple[float, ...]
    """Of McNemar's exact test, one a seed."""
    p: float
    """Of the same test over all seeds, images by their sign; corrected by Holm over the pairs."""
    mean: float
    low: float
    high: float
    """The difference in accuracy, with its 95 % interval over other seeds and other images."""
    needed: int
    """An image is won or lost where it is in so many seeds or more."""
    won: tuple[int, ...]
    lost: tuple[int, ...]


@dataclass(frozen=True)
class Images:
    """What networks get right, image by image."""

    set: str
    """`test` or `validation`."""
    n: int
    networks: int
    pairs: tuple[ImagePair, ...]
    against: bool
    """Whether B is a baseline in each pair; else A is the best setting."""
    hardest: tuple[tuple[int, int], ...]
    """Images with how many of all networks get them right, the fewest first."""
    none_right: int
    """Images that no network gets right."""
    all_right: int


def compare_images(
    store: Store, frame: pd.DataFrame, comparison: Comparison, pair: str = "seed"
) -> Images:
    """The settings of a comparison against its baseline, or without one against the best.

    The images are those that the metric is of: validation images, or else test images.

    Raises:
        UserError: the settings are mixed, or a run has not recorded what it gets right.
    """
    which = "validation" if "validation" in comparison.metric else "test"
    if comparison.mixed:
        raise UserError(
            f"--images: runs of one setting differ in {', '.join(comparison.mixed)} too"
        )
    right = _right(store, frame, comparison, which, pair)
    everything = np.stack([bits for seeds in right.values() for bits in seeds.values()])
    labels = {s.name: s.label for s in comparison.settings}
    base = comparison.against or comparison.ranked[0]
    against = [(s.name, base.name) for s in comparison.ranked if s.name != base.name]
    if comparison.against is None:
        against = [(b, a) for a, b in against]  # The best is A.
    pairs = [_pair(labels[a], labels[b], right[a], right[b]) for a, b in against]
    corrected = holm([p.p for p in pairs]) if pairs else []
    pairs = [replace(p, p=q) for p, q in zip(pairs, corrected, strict=True)]
    counts = everything.sum(axis=0)
    order = np.argsort(counts, kind="stable")[:HARDEST]
    hardest = tuple((int(i), int(counts[i])) for i in order)
    return Images(
        set=which,
        n=everything.shape[1],
        networks=len(everything),
        pairs=tuple(pairs),
        against=comparison.against is not None,
        hardest=hardest,
        none_right=int((counts == 0).sum()),
        all_right=int((counts == len(everything)).sum()),
    )


def _right(
    store: Store, frame: pd.DataFrame, comparison: Comparison, which: str, pair: str
) -> dict[str, dict[Any, Bools]]:
    """By setting and seed, which images are right; the latest run of each counts, as there."""
    keys = columns_by(frame, comparison.by)
    finished = frame[frame["status"] == "FINISHED"]
    if finished["data"].nunique() > 1:
        raise UserError("--images: the runs are of several data sets; allowed: of one")
    right: dict[str, dict[Any, Bools]] = {s.name: {} for s in comparison.settings}
    names = {s.levels: s for s in comparison.settings}
    counted: dict[tuple[str, Any], str] = {}
    for _, row in finished.iterrows():
        setting = names.get(levels_of(row, keys))
        if setting is not None and row[pair] in setting.values:
            counted.setdefault((setting.name, row[pair]), str(row["run_id"]))
    runs = runs_of_ids(store, list(counted.values()))
    for (name, value), run in zip(counted, runs, strict=True):
        bits = recorded_correct(store, run).get(which)
        if bits is None:
            raise UserError(
                f"--images: run {run.info.run_id[:8]} has not recorded which {which} images it "
                "gets right (an earlier nnexp, tracking.artifacts=none, data=neuron, or no such "
                "images); allowed: --where that leaves it out"
            )
        right[name][value] = bits
    sizes = {len(bits) for seeds in right.values() for bits in seeds.values()}
    if len(sizes) != 1:
        said = " and ".join(map(str, sorted(sizes))) or "no"
        raise UserError(f"--images: the runs have {said} {which} images; allowed: the same ones")
    return right


def _pair(a: str, b: str, x: Mapping[Any, Bools], y: Mapping[Any, Bools]) -> ImagePair:
    """Two settings on the seeds that they share; p not corrected."""
    common = [seed for seed in x if seed in y]
    if not common:
        raise UserError(f"--images: {a} and {b} share no seed; allowed: settings that do")
    d = np.stack([x[s].astype(np.int64) - y[s] for s in sorted(common)])
    only_a, only_b = (d > 0).sum(axis=1), (d < 0).sum(axis=1)
    signs = d.sum(axis=0)
    interval = crossed_interval(d)
    needed = ceil(SHARE * len(common))
    won, lost = (np.flatnonzero((side * d > 0).sum(axis=0) >= needed) for side in (1, -1))
    return ImagePair(
        a=a,
        b=b,
        seeds=len(common),
        only_a=tuple(only_a.tolist()),
        only_b=tuple(only_b.tolist()),
        seed_p=tuple(mcnemar_p(int(m), int(n)) for m, n in zip(only_a, only_b, strict=True)),
        p=mcnemar_p(int((signs > 0).sum()), int((signs < 0).sum())),
        mean=float(d.mean()),
        low=interval.low,
        high=interval.high,
        needed=needed,
        won=tuple(won.tolist()),
        lost=tuple(lost.tolist()),
    )


def sentence(pair: ImagePair, which: str) -> str:
    """`A gets right 41 test images that B does not, in at least 4 of 5 seeds, and loses 12`."""
    often = f"in at least {pair.needed} of {pair.seeds} seeds" if pair.seeds > 1 else "in one seed"
    images = some(len(pair.won), f"{which} image")
    return (
        f"{pair.a} gets right {images} that {pair.b} does not, {often}, and loses {len(pair.lost)}"
    )


def mcnemar_p(only_a: int, only_b: int) -> float:
    """Two-sided and exact: of the images that only one gets right, each as likely by either."""
    either = only_a + only_b
    return float(binomtest(only_a, either, 0.5).pvalue) if either else 1.0


def crossed_interval(d: NDArray[np.integer[Any]]) -> Interval:
    """The 95 % interval of the mean of d, (S, N), over other seeds and other images; NaN for S = 1.

    With m_s and m_i the means of rows and columns, m that of all, and q* the percentiles of

        √(S/(S−1)) (mean* m_s − m) + (mean* m_i − m),

    rows and columns resampled each on their own, the interval is m + t_ν/z · q*, widened and
    stretched as `bootstrap.weighted_interval` does for two groups. What is a row's and a column's
    own counts in both terms, so that the interval is rather too wide than too narrow.
    """
    seeds, n = d.shape
    if seeds < 2:
        return Interval(nan, nan)
    rows = np.sort(d.mean(axis=1))
    centre = float(d.mean())
    # Images with the same mean are alike: how often each kind is drawn says it all.
    sums, counts = np.unique(d.sum(axis=0), return_counts=True)
    columns: Floats = sums / seeds
    v_rows, v_columns = variance_of_mean(rows), float(counts @ (columns - centre) ** 2) / n / n
    total = v_rows + v_columns
    if total == 0.0:
        return Interval(centre, centre)
    rng = np.random.default_rng(np.random.SeedSequence(0, spawn_key=(1,)))
    half = RESAMPLES // 2
    drawn = rng.multinomial(n, counts / n, size=2 * half) @ columns / n
    spread = sqrt(seeds / (seeds - 1)) * resampled_means(rows - centre, half, 0, 0)
    spread = spread + drawn - centre
    nu = total**2 / (v_rows**2 / (seeds - 1) + v_columns**2 / (n - 1))
    return stretched(centre, spread, nu, 0.95)
