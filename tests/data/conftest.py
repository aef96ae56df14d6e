"""Small IDX files, written as the format says and independently of the reader."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, load_dataset

PackIdx = Callable[[NDArray[np.uint8]], bytes]
WriteFolder = Callable[..., Path]


def _pack(values: NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return header + values.tobytes()


@pytest.fixture(scope="session")
def pack_idx() -> PackIdx:
    """The bytes of an IDX file."""
    return _pack


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """The MNIST of the package."""
    return load_dataset(DataConfig())


@pytest.fixture
def write_folder(tmp_path: Path) -> WriteFolder:
    """Writes the four files of a data set of 3 x 4 pixels: 7 training and 2 test images."""

    def write(
        *,
        name: str = "{part}-idx{ndim}-ubyte.gz",
        without: str | None = None,
        **replaced: NDArray[np.uint8],
    ) -> Path:
        arrays = {
            "train_images": np.arange(7 * 12, dtype=np.uint8).reshape(7, 3, 4),
            "train_labels": np.array([2, 0, 1, 2, 1, 0, 0], np.uint8),
            "t10k_images": np.arange(2 * 12, dtype=np.uint8).reshape(2, 3, 4),
            "t10k_labels": np.array([1, 2], np.uint8),
        } | replaced
        for key, values in arrays.items():
            part = key.replace("_", "-")
            if part == without:
                continue
            file = tmp_path / name.format(part=part, ndim=3 if part.endswith("images") else 1)
            content = _pack(values)
            file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
        return tmp_path

    return write
