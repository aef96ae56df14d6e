"""Data sets: four IDX files in one folder, checked, loaded once per process.

Pixels stay bytes. What is used of them becomes x = byte / `pixel_max` where it is used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import DATASETS, Config, DataConfig
from nnexp.data.checksums import FASHION_MNIST, MNIST
from nnexp.data.idx import IdxFile, printable, read_idx_with_digest
from nnexp.errors import UserError

MNIST_FOLDER = Path(__file__).resolve().parent / "mnist"
"""MNIST as it ships in this package."""
FASHION_MNIST_FOLDER = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package `dataset-fashion-mnist` puts its files."""

_TRAIN = {"train-images": 3, "train-labels": 1}
_PARTS = {**_TRAIN, "t10k-images": 3, "t10k-labels": 1}
"""The four files and the number of dimensions of each."""


OWN: dict[str, Callable[[], tuple[NDArray[np.uint8], ...]]] = {}
"""A user's own data sets by the names that `nnexp.register` gave them: functions that return
training images (N, height, width) or (N, n_in), training labels (N,), and the same for testing."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Images and the classes they show."""

    images: NDArray[np.uint8]
    """(N, n_in), C-contiguous, row by row through each image."""
    labels: NDArray[np.uint8]
    """(N,)"""

    def __len__(self) -> int:
        """N, the number of examples."""
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples as published, before any split; the arrays are read-only."""

    name: str
    train: Examples
    """All training examples (60,000 of MNIST) in the order of the file."""
    test: Examples
    """Empty where the test files were not opened."""
    n_outputs: int
    """Output neurons: the number of classes, or 1 for the single neuron."""
    image_shape: tuple[int, int]
    """Height and width in pixels; their product is n_in."""
    pixel_max: float
    """The byte that stands for 1: x = byte / pixel_max."""
    digests: Mapping[str, str]
    """SHA-256 of each unzipped file that was read, by `train-images`, `train-labels`,
    `t10k-images` and `t10k-labels`."""
    source: str
    """The folder it was read from, for the record. Never part of a fingerprint."""

    @property
    def digest(self) -> str:
        """One SHA-256 for all files read, whatever their names, folder and compression."""
        lines = "".join(f"{key} {self.digests[key]}\n" for key in sorted(self.digests))
        return hashlib.sha256(lines.encode()).hexdigest()


def dataset_of(config: Config) -> Dataset:
    """The data set of a run: without the test files where it never looks at test data.

    Raises:
        UserError: as `load_dataset`.
    """
    return load_dataset(config.data, test=config.monitor.test != "never")


def load_dataset(config: DataConfig, *, test: bool = True) -> Dataset:
    """The data set `config.name`, from `config.root` where one is given.

    `mnist` is in this package, `fashion_mnist` comes with a Debian package, `idx` is any four
    files, and `neuron` is the toy of the learning slowdown: one example, x = 1 and y = 0. The
    first two are checked against their published checksums. A process reads each folder once.
    Without `test`, the two files of the test examples are not opened, nor need they be there.

    Raises:
        UserError: an unknown name; `data.root` missing where it is needed, or given for `neuron`;
            files missing, damaged, not those published, or not fitting together.
    """
    known = (*DATASETS, *OWN)
    if config.name not in known:
        raise UserError(f"data.name={config.name}: expected one of {', '.join(known)}")
    root = None if config.root is None else os.path.abspath(os.path.expanduser(config.root))
    return _load(config.name, root, test)


@lru_cache(maxsize=4)
def _load(name: str, root: str | None, test: bool = True) -> Dataset:
    if name == "neuron":
        if root is not None:
            raise UserError(
                f"data.root={printable(Path(root))}: data=neuron is built in; leave data.root out"
            )
        return _neuron()
    if name in OWN:
        return _own(name, test=test)
    if name == "mnist":
        return _read_folder(name, Path(root) if root else MNIST_FOLDER, MNIST, test)
    if name == "fashion_mnist":
        if root is None and not FASHION_MNIST_FOLDER.is_dir():
            raise UserError(
                f"data=fashion_mnist: {FASHION_MNIST_FOLDER} does not exist; install Debian's "
                "package dataset-fashion-mnist, or give data.root=DIR with its four IDX files"
            )
        return _read_folder(name, Path(root) if root else FASHION_MNIST_FOLDER, FASHION_MNIST, test)
    if root is None:
        raise UserError("data.root=null: data=idx needs data.root=DIR, a folder of four IDX files")
    return _read_folder(name, Path(root), None, test)


def _neuron() -> Dataset:
    one = Examples(np.ones((1, 1), np.uint8), np.zeros(1, np.uint8))
    one.images.flags.writeable = one.labels.flags.writeable = False
    image, label = (hashlib.sha256(a.tobytes()).hexdigest() for a in (one.images, one.labels))
    return Dataset(
        name="neuron",
        train=one,
        test=one,
        n_outputs=1,
        image_shape=(1, 1),
        pixel_max=1.0,
        digests=dict(zip(_PARTS, (image, label, image, label), strict=True)),
        source="built in",
    )


def forget() -> None:
    """Load data sets anew: what a name of a user's own stands for may have changed."""
    _load.cache_clear()


def _own(name: str, *, test: bool) -> Dataset:
    """What a user's own function gives, checked as files are."""
    try:
        arrays = [np.asarray(array) for array in OWN[name]()]
    except Exception as error:
        raise UserError(f"data={name}: {type(error).__name__}: {error}") from error
    shapes = [array.shape for array in arrays]
    parts = dict(zip(_PARTS, arrays, strict=False))
    fits = (
        len(arrays) == len(_PARTS)
        and all(array.dtype == np.uint8 for array in arrays)
        and [len(shape) for shape in shapes] in ([3, 1, 3, 1], [2, 1, 2, 1])
    )
    if not fits:
        found = ", ".join(f"{array.dtype} {array.shape}" for array in arrays)
        raise UserError(
            f"data={name}: gave {found}; allowed: uint8 images (N, height, width) or (N, inputs), "
            "labels (N,), test images, test labels"
        )
    files = {
        part: IdxFile(np.ascontiguousarray(array), _digest(array)) for part, array in parts.items()
    }
    if not test:
        files = {part: files[part] for part in _TRAIN}
    for file in files.values():
        file.values.flags.writeable = False
    if len(shapes[0]) == 2:
        for part in [part for part, ndim in _PARTS.items() if ndim == 3 and part in files]:
            flat = files[part]
            files[part] = IdxFile(flat.values[:, None, :], flat.sha256)
    folder = Path(f"data={name}")
    return _assemble(name, folder, {part: folder / part for part in files}, files)


def _digest(array: NDArray[np.uint8]) -> str:
    shape = f"{array.shape}\0".encode()
    return hashlib.sha256(shape + np.ascontiguousarray(array).tobytes()).hexdigest()


def _read_folder(
    name: str, folder: Path, published: Mapping[str, str] | None, test: bool
) -> Dataset:
    if not os.path.isdir(folder):
        raise UserError(
            f"data.root={printable(folder)}: not a folder; expected one with four IDX files"
        )
    parts = _PARTS if test else _TRAIN
    paths = {part: _find(folder, part, ndim) for part, ndim in parts.items()}
    # Unzipping and hashing release the interpreter lock.
    with ThreadPoolExecutor(len(paths)) as pool:
        files = dict(zip(paths, pool.map(read_idx_with_digest, paths.values()), strict=True))
    for part, ndim in parts.items():
        file, path = files[part], printable(paths[part])
        if published is not None and file.sha256 != published[part]:
            raise UserError(
                f"{path}: not the file published as {name}: the SHA-256 of its unzipped content "
                f"is {file.sha256}, expected {published[part]} (data=idx takes any files)"
            )
        if file.values.ndim != ndim:
            raise UserError(f"{path}: it has {file.values.ndim} dimensions, expected {ndim}")
    return _assemble(name, folder, paths, files)


def _find(folder: Path, part: str, ndim: int) -> Path:
    """The file of one part, under the names in use; plain before gzipped."""
    stems = (f"{part}-idx{ndim}-ubyte", f"{part}.idx{ndim}-ubyte")
    names = [stem + end for stem in stems for end in ("", ".gz")]
    for name in names:
        # Unlike Path.exists, os.path.lexists answers False for a folder that may not be entered.
        if os.path.lexists(folder / name):
            return folder / name
    raise UserError(f"{printable(folder)}: no {part} file here; expected {', '.join(names)}")


def _assemble(
    name: str, folder: Path, paths: Mapping[str, Path], files: Mapping[str, IdxFile]
) -> Dataset:
    shown = {part: printable(path) for part, path in paths.items()}
    tested = "t10k-images" in files
    for kind in ("train", "t10k") if tested else ("train",):
        images, labels = (len(files[f"{kind}-{what}"].values) for what in ("images", "labels"))
        if images != labels:
            raise UserError(
                f"{shown[f'{kind}-labels']}: it has {labels} labels, expected {images}, one for "
                f"each image of {shown[f'{kind}-images']}"
            )
    height, width = files["train-images"].values.shape[1:]
    n_outputs = int(files["train-labels"].values.max()) + 1
    if n_outputs < 2:
        raise UserError(f"{shown['train-labels']}: every label is 0; expected two classes or more")
    if tested:
        _check_test(shown, files, (height, width), n_outputs)
    none = Examples(np.zeros((0, height * width), np.uint8), np.zeros(0, np.uint8))
    return Dataset(
        name=name,
        train=_examples(files, "train"),
        test=_examples(files, "t10k") if tested else none,
        n_outputs=n_outputs,
        image_shape=(height, width),
        pixel_max=255.0,
        digests={part: file.sha256 for part, file in files.items()},
        source=str(folder),
    )


def _check_test(
    shown: Mapping[str, str], files: Mapping[str, IdxFile], shape: tuple[int, int], n_outputs: int
) -> None:
    """Refuse test examples of another shape, or of a class that is not trained on."""
    (height, width), (test_height, test_width) = shape, files["t10k-images"].values.shape[1:]
    if (test_height, test_width) != shape:
        raise UserError(
            f"{shown['t10k-images']}: its images are {test_height} x {test_width}, expected "
            f"{height} x {width} as in {shown['train-images']}"
        )
    greatest = int(files["t10k-labels"].values.max())
    if greatest >= n_outputs:
        raise UserError(
            f"{shown['t10k-labels']}: label {greatest}; expected 0 to {n_outputs - 1}, the "
            "classes of the training labels"
        )


def _examples(files: Mapping[str, IdxFile], kind: str) -> Examples:
    images = files[f"{kind}-images"].values
    n, height, width = images.shape
    return Examples(images.reshape(n, height * width), files[f"{kind}-labels"].values)
