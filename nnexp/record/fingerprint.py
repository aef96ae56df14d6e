"""The fingerprint of a run: same fingerprint, same bits.

It is a SHA-256 over everything that can change a number: the config but for where results go, the
data and the numeric source. Compiled kernels give the same bits on every processor; where NumPy
computes the steps (`train.engine=numpy`), the numeric environment belongs to it too.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
from collections.abc import Mapping
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np
import scipy

from nnexp.config.extensions import digests_of
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.record.tags import number
from nnexp.source import source_sha256

VERSION = 2
"""What a fingerprint is of. Version 1 was of files' bytes and always of the processor; the engine
that its runs were trained with, on BLAS, is no longer in this program."""

_WITHOUT = ("tracking", "sweep", "size")
"""Parts of the config that cannot change a number (`size` is said by `data.n_train`)."""


def fingerprint(config: Config, dataset: Dataset) -> str:
    """SHA-256 over numeric config, data, source and, where it matters, numeric environment.

    What is of a user's own in the config (`nnexp.register`) is part of the source.
    """
    here = numeric_environment() if depends_on_environment(config) else {}
    return fingerprint_of(config, dataset.digest, source_sha256(), here, own=digests_of(config))


def fingerprint_of(
    config: Config,
    data: str,
    source: str,
    environment: Mapping[str, Any],
    recorded: Mapping[str, Any] | None = None,
    own: str = "",
) -> str:
    """The fingerprint of a run made from some data with some source, both by their SHA-256.

    `environment` is the numeric one, of account only where the config depends on it. `recorded` is
    the config as the run's record has it, with the keys that there were then. `own` are the digests
    of a user's own files, as in the tag `nnexp.parts`.
    """
    parts = {
        "version": VERSION,
        "config": numeric_config(config) if recorded is None else _numeric(recorded),
        "data": data,
        "source": source,
    }
    if own:
        parts["parts"] = own
    if depends_on_environment(config):
        parts["environment"] = environment
    return _sha256(parts)


def version_of(tags: Mapping[str, str]) -> int:
    """Version of the fingerprint of a recorded run, by its tags."""
    return number(tags, "nnexp.fingerprint_version", 1)


def depends_on_environment(config: Config) -> bool:
    """Whether processor, BLAS and versions decide the bits of a run."""
    return config.train.engine == "numpy"


def numeric_config(config: Config) -> dict[str, Any]:
    """The part of the config that can change a recorded number."""
    return _numeric(dataclasses.asdict(config))


def _numeric(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in values.items() if key not in _WITHOUT}
    data = {key: value for key, value in kept["data"].items() if key != "root"}
    return {**kept, "data": data}


@lru_cache(maxsize=1)
def numeric_environment() -> dict[str, Any]:
    """Versions, libraries and CPU features: what decides how NumPy rounds."""
    features: dict[str, bool] = import_module("numpy._core._multiarray_umath").__cpu_features__
    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {})
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "libm": " ".join(platform.libc_ver()).strip(),
        "machine": platform.machine(),
        "blas": " ".join(
            str(blas[key]) for key in ("name", "version", "openblas configuration") if key in blas
        ),
        # OpenBLAS chooses its kernels by the processor, unless it is told by this variable.
        "blas_kernels": os.environ.get("OPENBLAS_CORETYPE", ""),
        "cpu_features": sorted(name for name, there in features.items() if there),
        "numpy_dispatch": built.get("SIMD Extensions", {}).get("found", []),
    }


def environment_sha256() -> str:
    """SHA-256 of the numeric environment: equal where the same source gives the same bits."""
    return _sha256(numeric_environment())


def _sha256(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
