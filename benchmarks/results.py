"""Tables in Markdown of what was measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.compare import Comparison, Times
from benchmarks.contenders import KERNEL, NNEXP
from benchmarks.targets import TARGETS, fastest, ratio
from benchmarks.work import PRODUCTS, Work

PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "jax", "torch", "scikit-learn")


def page(found: Comparison, command: str, cores: int, repeats: int) -> list[str]:
    """The lines of the page: machine, targets, tables."""
    lines = ["# Results", "", f"`{command}`", "", *machine(found, cores), ""]
    lines += [
        "Training steps only, float32, warm; milliseconds per epoch and run on one core, median "
        f"(least to greatest) over {repeats} repeats on each of {cores} cores "
        f"(n = {repeats * cores}), contenders taking turns. All cores train at once, a pinned "
        "process with one thread on each. *Monitoring* is what evaluating once adds per run: cost "
        "and hits on the n training and 10,000 validation images. How to read this: "
        "[README.md](README.md).",
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
        lines.append(f"- BLAS that NumPy and SciPy had loaded ({'; '.join(names)}): {blas}")
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
        "Times relative to each other, so less is better; where there are several others, the "
        "fastest of them counts.",
        "",
        "| ratio | at most | measured (least to greatest) | against | met |",
        "|---|---|---|---|---|",
    ]
    for target in TARGETS:
        times = next((t for work, t in found.times.items() if target.of(work)), None)
        if times is None:
            continue
        other = fastest(times, target.others)
        if other is None or target.ours not in times or not times[target.ours].train:
            why = _why(times, (target.ours, *target.others))
            rows.append(f"| {target.said} | {target.most:.2f} | not measured: {why} | | |")
            continue
        middle, least, greatest = ratio(times, target.ours, other)
        missed = middle / target.most - 1
        met = "yes" if missed <= 0 else f"no, by {missed:.0%}"
        measured = f"{middle:.2f} ({least:.2f} to {greatest:.2f})"
        rows.append(f"| {target.said} | {target.most:.2f} | {measured} | {other} | {met} |")
    return rows


def _why(times: Mapping[str, Times], names: Sequence[str]) -> str:
    """Why some of them have no time."""
    said = dict.fromkeys(times[name].failed for name in names if name in times)
    return "; ".join(filter(None, said)) or "left out"


def table(work: Work, times: Mapping[str, Times]) -> list[str]:
    """All contenders on one piece of work."""
    product = work.task in PRODUCTS
    ours = KERNEL if product else NNEXP
    unit = "ms per product" if product else "ms per epoch and run"
    rows = [
        f"## {work.name}",
        "",
        f"| contender | runs at once | {unit} | by {ours} | monitoring adds, ms |",
        "|---|---|---|---|---|",
    ]
    for name, measured in times.items():
        if not measured.train or measured.failed:
            rows.append(f"| {name} | | not measured: {measured.failed} | | |")
            continue
        by = "1" if name == ours else ""
        if name != ours and ours in times and times[ours].train:
            middle, least, greatest = ratio(times, name, ours)
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
