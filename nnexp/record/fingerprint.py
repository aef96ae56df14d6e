"""The fingerprint of a run: same fingerprint, same bits.

It is a SHA-256 over everything that can change a number: the config but for where results go, the
source of the numeric packages, the data, and the numeric environment.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from threadpoolctl import threadpool_info

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset

NUMERIC_PACKAGES = ("nn", "data", "train")

_WITHOUT = ("tracking", "sweep", "size")
"""Parts of the config that cannot change a number (`size` is said by `data.n_train`)."""


def numeric_config(config: Config) -> dict[str, Any]:
    """The part of the config that can change a recorded number."""
    values = dataclasses.asdict(config)
    for key in _WITHOUT:
        del values[key]
    del values["data"]["root"]
    return values


@lru_cache(maxsize=1)
def source_sha256() -> str:
    """SHA-256 of the numeric packages' source files, by name."""
    return sha256_of_package(Path(__file__).resolve().parent.parent)


def sha256_of_package(package: Path) -> str:
    """The same of the package `nnexp` in any folder: where it lies is of no account."""
    digest = hashlib.sha256()
    for name in NUMERIC_PACKAGES:
        for path in sorted((package / name).rglob("*.py")):
            digest.update(path.relative_to(package).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def numeric_environment() -> dict[str, Any]:
    """Versions, BLAS builds and CPU features: what decides how the same source rounds."""
    features: dict[str, bool] = import_module("numpy._core._multiarray_umath").__cpu_features__
    # SciPy's is only there once it is asked for; those of other packages (PyTorch's, say, in a
    # notebook) round nothing of ours.
    import_module("scipy.linalg.blas")
    there = [lib for lib in threadpool_info() if lib.get("user_api") == "blas"]
    ours = [lib for lib in there if {"numpy.libs", "scipy.libs"} & set(Path(lib["filepath"]).parts)]
    libraries = [
        {key: lib.get(key) for key in ("internal_api", "version", "architecture")}
        for lib in ours or there
    ]
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "machine": platform.machine(),
        "blas": sorted(libraries, key=str),
        "cpu_features": sorted(name for name, there in features.items() if there),
    }


@lru_cache(maxsize=1)
def environment_sha256() -> str:
    """SHA-256 of the numeric environment: equal where the same source gives the same bits."""
    text = json.dumps(numeric_environment(), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(config: Config, dataset: Dataset) -> str:
    """SHA-256 over numeric config, source, data and numeric environment."""
    parts = {
        "config": numeric_config(config),
        "source": source_sha256(),
        "data": dataset.digest,
        "environment": numeric_environment(),
    }
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
