"""Tables in Markdown of what was measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.compare import Comparison, Times
from benchmarks.targets import SETTINGS, TARGETS, fastest, ratio
from benchmarks.work import Work

MISSED = (
    "Targets against JAX and PyTorch were set by their plain forms (`jax.grad` in a scan); what is "
    "compared are the fastest we could write (gradients by hand, mini-batches shared by settings). "
    "What was tried to come nearer: [README.md](README.md#what-was-tried)."
)

PACKAGES = ("numpy", "scipy", "jax", "torch", "scikit-learn")


def page(found: Comparison, command: str, cores: int, repeats: int) -> list[str]:
    """The lines of the page: machine, targets, tables."""
    lines = ["# Results", "", f"`{command}`", "", *machine(found, cores), ""]
    lines += [
        "Training steps only, float32, warm; milliseconds per epoch and run on one core, median "
        f"(least to greatest) over {repeats} repeats on each of {cores} cores, contenders taking "
        "turns. All cores train at once, a pinned process with one thread on each. *Monitoring* is "
        "what evaluating once adds per run: cost and hits on the n training and 10,000 validation "
        "images. How to read this: [README.md](README.md).",
        "",
    ]
    lines += targets(found)
    for work, times in found.times.items():
        lines += ["", *table(work, times)]
    return lines


def machine(found: Comparison, cores: int) -> list[str]:
    """Processor, versions, and the BLAS that ran."""
    versions = []
    for package in PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} not installed")
    lines = [
        f"- {_processor()}, {cores} cores used; {platform.system()} {platform.machine()}; "
        f"Python {platform.python_version()}, {', '.join(versions)}"
    ]
    by_blas: dict[str, list[str]] = {}
    for name, libraries in found.blas.items():
        by_blas.setdefault("; ".join(libraries) or "none", []).append(name)
    for blas, names in by_blas.items():
        lines.append(f"- BLAS that NumPy and SciPy ran ({'; '.join(names)}): {blas}")
    lines.append("- JAX and PyTorch multiply with libraries of their own, in the same process")
    chosen = {k: v for k, v in os.environ.items() if k.startswith("OPENBLAS_CORE") or "_L2_" in k}
    said = ", ".join(f"{k}={v}" for k, v in chosen.items()) or "none set"
    return [*lines, f"- OpenBLAS kernel overrides: {said}"]


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    facts = dict(part.split(":", 1) for part in lines if ":" in part)
    named = {key.strip(): value.strip() for key, value in facts.items()}
    if "model name" not in named:
        return platform.processor() or "unknown processor"
    return f"{named['model name']} (family {named['cpu family']}, model {named['model']})"


def targets(found: Comparison) -> list[str]:
    """Each promise, what was measured, and whether it is met."""
    rows = [
        "## Targets",
        "",
        "At 50,000 images; times relative to each other, so less is better.",
        "",
        "| ratio | at most | measured (least to greatest) | against | met |",
        "|---|---|---|---|---|",
    ]
    for target in TARGETS:
        times = next(
            (t for w, t in found.times.items() if w.hidden == target.hidden and w.n == 50_000), {}
        )
        other = fastest(times, target.others)
        if other is None or target.ours not in times or not times[target.ours].train:
            continue
        middle, least, greatest = ratio(times, target.ours, other)
        missed = middle / target.most - 1
        met = "yes" if missed <= 0 else f"no, by {missed:.0%}"
        measured = f"{_fraction(middle)} ({least:.2g} to {greatest:.2g})"
        rows.append(f"| {target.said} | {_fraction(target.most)} | {measured} | {other} | {met} |")
    return [*rows, "", MISSED]


def _fraction(value: float) -> str:
    return f"1/{1 / value:.2g}" if value < 0.5 else f"{value:.2f}"


def table(work: Work, times: Mapping[str, Times]) -> list[str]:
    """All contenders on one piece of work."""
    rows = [
        f"## {work.name}",
        "",
        "| contender | runs at once | ms per epoch and run | by nnexp, 8 settings × 4 seeds | "
        "monitoring adds, ms |",
        "|---|---|---|---|---|",
    ]
    for name, measured in times.items():
        if not measured.train or measured.failed:
            rows.append(f"| {name} | | not measured: {measured.failed} | | |")
            continue
        by = "1" if name == SETTINGS else ""
        if name != SETTINGS and SETTINGS in times and times[SETTINGS].train:
            middle, least, greatest = ratio(times, name, SETTINGS)
            by = f"{middle:.2g} ({least:.2g} to {greatest:.2g})"
        monitoring = _spread(measured.evaluate) if measured.evaluate else "–"
        rows.append(
            f"| {name} | {measured.runs} | {_spread(measured.train)} | {by} | {monitoring} |"
        )
    return rows


def _spread(seconds: Sequence[float]) -> str:
    values = [1e3 * s for s in (statistics.median(seconds), min(seconds), max(seconds))]
    digits = [max(0, 2 - len(str(int(v)))) if v >= 1 else 3 for v in values]
    middle, least, greatest = (f"{v:.{d}f}" for v, d in zip(values, digits, strict=True))
    return f"{middle} ({least} to {greatest})"
