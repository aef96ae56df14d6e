"""The contenders by name: where each is, imported by the process that runs it only."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module

from benchmarks.work import BOOK, DEEP, PRODUCTS, WIDE, Ready, Work

STEPS = ("momentum", "L1", "max-norm")
EVERYTHING = (BOOK, *STEPS, WIDE, DEEP)


@dataclass(frozen=True)
class Contender:
    """A function of one of the modules here, or a contender of nnexp 0.1's own benchmarks."""

    module: str
    function: str
    tasks: tuple[str, ...] = (BOOK,)
    """Which it does."""


NNEXP = "nnexp, one run a core"
KERNEL, OPENBLAS = "nnexp's kernel", "OpenBLAS"
OLD_SINGLE = "nnexp 0.1, single"
OLD_SWEEP = "nnexp 0.1, sweep of 8 settings × 4 seeds"
FLOOR = "floor: bare dense products"
JAX_SCAN = "JAX, scan"
JAX_SEEDS, JAX_SETTINGS = "JAX, vmap of different seeds", "JAX, vmap of 8 settings of a seed"
TORCH_HAND, TORCH_COMPILED = "PyTorch, by hand", "PyTorch, compiled step"

OLD = "nnexp 0.1"
"""The module of contenders that are run by nnexp 0.1, with the name they have there."""

CONTENDERS: dict[str, Contender] = {
    NNEXP: Contender("with_nnexp", "run", EVERYTHING),
    OLD_SINGLE: Contender(OLD, "nnexp, single"),
    OLD_SWEEP: Contender(OLD, "nnexp, sweep of 8 settings × 4 seeds"),
    FLOOR: Contender("with_numpy", "floor"),
    "plain NumPy": Contender("with_numpy", "plain"),
    JAX_SCAN: Contender("with_jax", "scan", EVERYTHING),
    JAX_SEEDS: Contender("with_jax", "vmap"),
    JAX_SETTINGS: Contender("with_jax", "shared"),
    "PyTorch, batched, different seeds": Contender("with_torch", "batched"),
    "PyTorch, batched, 8 settings of a seed": Contender("with_torch", "shared"),
    TORCH_HAND: Contender("with_torch_layers", "by_hand", (BOOK, WIDE, DEEP)),
    TORCH_COMPILED: Contender("with_torch_layers", "compiled", (BOOK, WIDE, DEEP)),
    "PyTorch, plain loop": Contender("with_torch_layers", "eager", (BOOK, WIDE, DEEP)),
    "scikit-learn": Contender("with_sklearn", "classifier"),
    "per example, as network2": Contender("with_numpy", "per_example"),
    KERNEL: Contender("products", "kernel", PRODUCTS),
    OPENBLAS: Contender("products", "openblas", PRODUCTS),
}


def ready(name: str, work: Work) -> Ready:
    """A contender with its data, ready to train."""
    contender = CONTENDERS[name]
    module = import_module(f"benchmarks.{contender.module}")
    found: Ready = getattr(module, contender.function)(work)
    return found
