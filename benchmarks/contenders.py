"""The contenders by name: where each is, imported by the process that runs it only."""

from __future__ import annotations

from importlib import import_module

from benchmarks.work import Ready, Work

CONTENDERS: dict[str, tuple[str, str]] = {
    "nnexp, sweep of 8 settings × 4 seeds": ("with_nnexp", "settings"),
    "nnexp, sweep of 32 seeds": ("with_nnexp", "seeds"),
    "nnexp, single": ("with_nnexp", "single"),
    "floor: bare dense products": ("with_numpy", "floor"),
    "plain NumPy": ("with_numpy", "plain"),
    "JAX, scan": ("with_jax", "scan"),
    "JAX, vmap of different seeds": ("with_jax", "vmap"),
    "JAX, vmap of 8 settings of a seed": ("with_jax", "shared"),
    "PyTorch, batched, different seeds": ("with_torch", "batched"),
    "PyTorch, batched, 8 settings of a seed": ("with_torch", "shared"),
    "PyTorch, compiled step": ("with_torch", "compiled"),
    "PyTorch, plain loop": ("with_torch", "eager"),
    "scikit-learn": ("with_sklearn", "classifier"),
    "per example, as network2": ("with_numpy", "per_example"),
}


def ready(name: str, work: Work) -> Ready:
    """A contender with its data, ready to train."""
    module, function = CONTENDERS[name]
    found: Ready = getattr(import_module(f"benchmarks.{module}"), function)(work)
    return found
