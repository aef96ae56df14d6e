"""How often do "95 %" intervals of a mean cover? Simulates, and prints Markdown tables.

    python benchmarks/interval_coverage.py [--cases 2000] [--seed 1]

docs/statistics.md shows what this prints. The first table sets the interval of nnexp beside what
else could be used, per distribution and number of values; the second has nnexp's other intervals.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from nnexp.study.bootstrap import mean_interval, weighted_interval
from nnexp.study.improvement import unpaired_probability

Floats = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Floats]
Ends = tuple[float, float]

SIZES = (5, 10, 30)
LEVEL = 0.95
UPPER = (1.0 + LEVEL) / 2.0
Z = float(ndtri(UPPER))
RESAMPLES = 5_000

# Name, draw of n values, true mean, skewness.
DISTRIBUTIONS: tuple[tuple[str, Draw, float, float], ...] = (
    ("normal", lambda rng, n: rng.normal(size=n), 0.0, 0.0),
    (
        "accuracy: normal spread 0.2 points, measured on 10,000",
        lambda rng, n: rng.binomial(10_000, rng.normal(0.955, 0.002, n)) / 10_000,
        0.955,
        0.0,
    ),
    ("beta(240, 12)", lambda rng, n: rng.beta(240, 12, n), 240 / 252, -0.53),
    (
        "accuracy 0.985 on 200 (many ties)",
        lambda rng, n: rng.binomial(200, 0.985, n) / 200,
        0.985,
        -0.56,
    ),
    ("beta(60, 3)", lambda rng, n: rng.beta(60, 3, n), 60 / 63, -1.05),
    ("Student's t, 5 degrees", lambda rng, n: rng.standard_t(5, n), 0.0, 0.0),
    ("exponential", lambda rng, n: rng.exponential(size=n), 1.0, 2.0),
)


def alternatives(x: Floats, shares: Floats) -> dict[str, Ends]:
    """Intervals that nnexp does not use; `shares` are resampling weights, (resamples, n)."""
    n, mean, sd = x.size, float(x.mean()), float(x.std(ddof=1))
    error = sd / np.sqrt(n)
    d = x - mean
    t = float(stdtrit(n - 1, UPPER))
    moved = shares @ d
    spread = np.sqrt(np.maximum(shares @ (d * d) - moved * moved, 0.0) / (n - 1))
    # A resample of one value repeated has no spread: its t is infinite.
    flat = spread <= 1e-9 * error
    studentized = np.where(flat, np.copysign(np.inf, moved), moved / np.where(flat, 1.0, spread))
    high_t, low_t = np.quantile(studentized, [UPPER, 1.0 - UPPER], method="closest_observation")
    expanded = float(ndtr(-t * np.sqrt(n / (n - 1))))
    bias = float(ndtri(np.mean(moved < 0.0) + np.mean(moved == 0.0) / 2.0))
    bend = float(np.sum(d**3) / (6.0 * np.sum(d**2) ** 1.5))
    shifted = bias + np.array([-Z, Z])
    bca = ndtr(bias + shifted / (1.0 - bend * shifted))

    def percentiles(at: Floats) -> Ends:
        low, high = np.quantile(moved, at)
        return mean + float(low), mean + float(high)

    return {
        "percentile": percentiles(np.array([1.0 - UPPER, UPPER])),
        "BCa": percentiles(bca),
        "expanded percentile": percentiles(np.array([expanded, 1.0 - expanded])),
        "bootstrap-t": (mean - float(high_t) * error, mean - float(low_t) * error),
        "Student's t": (mean - t * error, mean + t * error),
    }


def one_sample(cases: int, seed: int) -> None:
    """Print the first table: coverage, and median width in standard errors."""
    header: list[str] = []
    for number, (name, draw, truth, skewness) in enumerate(DISTRIBUTIONS):
        for n in SIZES:
            rng = np.random.default_rng([seed, number, n])
            shares = rng.multinomial(n, np.full(n, 1.0 / n), size=RESAMPLES) / n
            hits: dict[str, int] = {}
            widths: dict[str, list[float]] = {}
            for _ in range(cases):
                x = draw(rng, n)
                if np.ptp(x) == 0.0:
                    continue  # No method has a width then: a miss for all.
                found = {"**nnexp**": tuple(mean_interval(x, level=LEVEL))}
                for method, (low, high) in (found | alternatives(x, shares)).items():
                    hits[method] = hits.get(method, 0) + (low <= truth <= high)
                    error = x.std(ddof=1) / np.sqrt(n)
                    widths.setdefault(method, []).append((high - low) / error)
            if not header:
                header = ["values", "skewness", "n", *hits]
                print_row(header)
                print_row(["---"] * len(header))
            cells = [cell(100 * hits[m] / cases, np.array(widths[m])) for m in hits]
            print_row([name, f"{skewness:g}", str(n), *cells])


def cell(coverage: float, widths: Floats) -> str:
    """Coverage in percent, median width, and how often an end is infinite."""
    infinite = float(np.mean(np.isinf(widths)))
    note = f"; {100 * infinite:.2g} % infinite" if infinite else ""
    return f"{coverage:.1f} ({np.median(widths):.1f}{note})"


def other_intervals(cases: int, seed: int) -> None:
    """Print the second table: differences, strata and P(A > B)."""
    print()
    print_row(["interval", *(f"n = {n}" for n in SIZES)])
    print_row(["---"] * (1 + len(SIZES)))
    rows: dict[str, list[str]] = {}
    for n in SIZES:
        rng = np.random.default_rng([seed, n])
        hits = dict.fromkeys(OTHERS, 0)
        for _ in range(cases):
            for name, trial in OTHERS.items():
                low, truth, high = trial(rng, n)
                hits[name] += low <= truth <= high
        for name, count in hits.items():
            rows.setdefault(name, []).append(f"{100 * count / cases:.1f}")
    for name, cells in rows.items():
        print_row([name, *cells])


def unpaired(spread: float, divisor: int) -> Callable[[np.random.Generator, int], Triple]:
    """A − B, B with another spread and fewer values."""

    def trial(rng: np.random.Generator, n: int) -> Triple:
        a, b = rng.normal(1.0, 1.0, n), rng.normal(0.0, spread, max(3, n // divisor))
        low, high = weighted_interval([a, b], [1.0, -1.0], level=LEVEL)
        return low, 1.0, high

    return trial


def strata(rng: np.random.Generator, n: int) -> Triple:
    """The mean over three strata with means 0, 1, 2 and standard deviations 1, 1, 3."""
    groups = [rng.normal(mean, sd, n) for mean, sd in ((0.0, 1.0), (1.0, 1.0), (2.0, 3.0))]
    low, high = weighted_interval(groups, [1 / 3] * 3, level=LEVEL)
    return low, 1.0, high


def improvement(shift: float) -> Callable[[np.random.Generator, int], Triple]:
    """P(A > B) of normal values, A higher by `shift` standard deviations."""

    def trial(rng: np.random.Generator, n: int) -> Triple:
        found = unpaired_probability(rng.normal(shift, 1.0, n), rng.normal(0.0, 1.0, n), LEVEL)
        return found.low, float(ndtr(shift / np.sqrt(2.0))), found.high

    return trial


Triple = tuple[float, float, float]
OTHERS: dict[str, Callable[[np.random.Generator, int], Triple]] = {
    "unpaired difference, same spread, n and n": unpaired(1.0, 1),
    "unpaired difference, spread 1 and 3, n and max(3, n/2)": unpaired(3.0, 2),
    "mean over 3 strata, n in each, spread 1, 1, 3": strata,
    "unpaired P(A > B) = 0.50": improvement(0.0),
    "unpaired P(A > B) = 0.76": improvement(1.0),
    "unpaired P(A > B) = 0.92": improvement(2.0),
}


def print_row(cells: list[str]) -> None:
    """One line of a Markdown table."""
    print("| " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Parse the command line and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    one_sample(options.cases, options.seed)
    other_intervals(options.cases, options.seed)


if __name__ == "__main__":
    main()
