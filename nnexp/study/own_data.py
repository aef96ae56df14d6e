"""Data of one's own, as four IDX files: from folders of pictures, a CSV table, or NumPy arrays.

`data=idx` reads the result. What a run is trained on is the content of these files, whatever they
were made of.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from nnexp.atomic_files import write_whole
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
MOST_CLASSES = 256
"""Labels are bytes."""

FEWEST_COUNTED = 4
"""Columns from which on a line of 0, 1, 2, … names them; of fewer it may be data."""

ALLOWED = (
    "allowed: a folder with a folder of pictures for each class, FILE.csv (a label, then numbers; "
    "a first line of names is none of them), FILE.npz (arrays images and labels, or x_train, "
    "y_train, x_test, y_test), or FILE.npy (images) beside FILE_labels.npy"
)


@dataclass(frozen=True)
class OwnData:
    """Images (N, height, width) as bytes, and the class of each; the last ones are the test."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    classes: tuple[str, ...]
    n_test: int
    scaling: str
    """How bytes were made of the values, in words."""


def read_own(source: Path, *, test: float, seed: int) -> OwnData:
    """Read data of one's own.

    Args:
        test: the fraction that becomes test data, drawn by the seed, unless the source has its own.

    Raises:
        UserError: it is none of the kinds there are, or damaged.
    """
    try:
        values, names, n_test = _read(source)
    except (OSError, ValueError, KeyError) as error:
        said = printable(_reason(error))[:160]
        raise UserError(f"{printable(str(source))}: cannot be read ({said}); {ALLOWED}") from error
    if len(values) != len(names):
        raise UserError(
            f"{printable(str(source))}: {some(len(values), 'image')} and "
            f"{some(len(names), 'label')}; allowed: a label for each image"
        )
    classes = tuple(sorted(set(names), key=_natural))
    if not 2 <= len(classes) <= MOST_CLASSES:
        raise UserError(
            f"{printable(str(source))}: {len(classes)} classes; allowed: 2 to {MOST_CLASSES}"
        )
    number = {name: k for k, name in enumerate(classes)}
    labels = np.array([number[name] for name in names], dtype=np.uint8)
    if not n_test:
        # The training images are mixed too: the first n of them are what `size=n` takes.
        order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
        values, labels = values[order], labels[order]
        n_test = min(max(1, round(test * len(labels))), len(labels) - 1)
    images, scaling = _as_bytes(values, len(labels) - n_test)
    return OwnData(images, labels, classes, n_test, scaling)


def _reason(error: OSError | ValueError | KeyError) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return " ".join(str(error).split())


def write_idx(folder: Path, data: OwnData) -> None:
    """Write the four IDX files, and the names of the classes beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    n = len(data.labels) - data.n_test
    for part, images, labels in (
        ("train", data.images[:n], data.labels[:n]),
        ("t10k", data.images[n:], data.labels[n:]),
    ):
        write_whole(folder / f"{part}-images-idx3-ubyte", _idx(images))
        write_whole(folder / f"{part}-labels-idx1-ubyte", _idx(labels))
    names = "".join(f"{k} {name}\n" for k, name in enumerate(data.classes))
    write_whole(folder / "classes.txt", names.encode())


def _idx(values: NDArray[np.uint8]) -> bytes:
    head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    return head + np.ascontiguousarray(values).tobytes()


Found = tuple[NDArray[np.float64], Sequence[str], int]
"""Values (N, height, width), the class of each as text, and how many at the end are test data."""


def _read(source: Path) -> Found:
    if source.is_dir():
        return _folder(source)
    if source.suffix == ".csv":
        return _table(source)
    if source.suffix == ".npz":
        return _archive(source)
    if source.suffix == ".npy":
        images = _array(source)
        labels = _array(source.with_name(f"{source.stem}_labels.npy"))
        return _images(images), [str(label) for label in labels.ravel()], 0
    raise ValueError("no such folder, or an unknown kind of file")


def _folder(source: Path) -> Found:
    parts = [source / "train", source / "test"]
    places = parts if all(part.is_dir() for part in parts) else [source]
    found = [
        (path, path.parent.name)
        for place in places
        # Names as text: Windows orders paths as if all letters were small.
        for path in sorted(place.glob("*/*"), key=lambda path: path.relative_to(place).parts)
        # macOS leaves ._NAME.png beside what it copies to other disks.
        if path.suffix.lower() in PICTURES and not path.name.startswith(".")
    ]
    if not found:
        raise ValueError("no pictures in folders below it")
    pictures = [_picture(path) for path, _ in found]
    for (path, _), picture in zip(found, pictures, strict=True):
        if picture.shape != pictures[0].shape:
            height, width = pictures[0].shape
            raise ValueError(f"{path} is not {width} x {height} pixels, as the first picture is")
    n_test = sum(places[-1] in path.parents for path, _ in found) if len(places) == 2 else 0
    return np.stack(pictures), [name for _, name in found], n_test


def _picture(path: Path) -> NDArray[np.float64]:
    from PIL import Image  # matplotlib stands on it.

    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float64)


def _table(source: Path) -> Found:
    import pandas as pd

    first = pd.read_csv(source, header=None, nrows=1)
    named = _are_names(first)
    # Where there are fewer names than values, pandas would take the first values for names of rows.
    second = pd.read_csv(source, header=None, skiprows=1, nrows=1) if named else first
    names, count = len(first.columns), len(second.columns)
    if count > names:
        raise ValueError(f"its first line has {names} names, the second {count} values")
    frame = pd.read_csv(source, header=0 if named else None)
    label = "label" if "label" in frame else frame.columns[0]
    if label == "label" and str(frame.columns[0]).startswith("Unnamed: "):
        raise ValueError("its first column has no name: row numbers, as to_csv(index=False) omits?")
    labels, values = frame[label], frame.drop(columns=label)
    _check_columns(list(frame.columns), labels, values)
    return _images(values.to_numpy(dtype=np.float64)), [str(name) for name in labels], 0


def _check_columns(columns: Sequence[Any], labels: pd.Series, values: pd.DataFrame) -> None:
    """Refuse a label that is none, and a value that is no number: the label stands elsewhere.

    Raises:
        ValueError: it is named.
    """
    where = "the label stands in the first column, or in one named label"
    if labels.isna().any():
        raise ValueError(f"row {int(labels.isna().argmax()) + 1} has no label")
    if labels.dtype.kind == "f" and len(broken := labels[labels % 1 != 0]):
        raise ValueError(f"{broken.iloc[0]} is no label, as a whole number or a word is; {where}")
    for name in values:
        if values[name].dtype.kind not in "iufb":
            text = next(v for v in values[name] if not isinstance(v, int | float))
            number = columns.index(name) + 1
            raise ValueError(f"{text!r} in column {number} is no number; {where}")


def _are_names(line: pd.DataFrame) -> bool:
    """Whether the first line names the columns, in words or as pandas counts them: 0, 1, 2, …"""
    rest = line.iloc[:, 1:]
    if line.iat[0, 0] == "label" or len(rest.select_dtypes("number").columns) < len(rest.columns):
        return True
    values, counted = rest.iloc[0].tolist(), range(len(rest.columns))
    return len(values) >= FEWEST_COUNTED and values in (list(counted), [k + 1 for k in counted])


def _archive(source: Path) -> Found:
    with (
        _plain_numpy(source),
        source.open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        parted = "x_train" in arrays
        names = [("x_train", "y_train"), ("x_test", "y_test")] if parted else [("images", "labels")]
        if missing := [name for pair in names for name in pair if name not in arrays]:
            there = ", ".join(arrays) or "nothing"
            raise UserError(
                f"{printable(str(source))}: no array {missing[0]} (there is {printable(there)}); "
                f"{ALLOWED}"
            )
        parts = [(arrays[images], arrays[labels]) for images, labels in names]
    images = np.concatenate([_images(values) for values, _ in parts])
    labels = np.concatenate([names.ravel() for _, names in parts])
    n_test = len(parts[1][1]) if len(parts) == 2 else 0
    return images, [str(label) for label in labels], n_test


def _array(path: Path) -> NDArray[np.generic]:
    with _plain_numpy(path), path.open("rb") as file:
        found = np.load(file, allow_pickle=False)
        if not isinstance(found, np.ndarray):
            raise ValueError
        return found


@contextmanager
def _plain_numpy(path: Path) -> Iterator[None]:
    """Say in a line what NumPy cannot read; its own advice is to read what may run code."""
    try:
        yield
    except FileNotFoundError:
        raise ValueError(f"there is no {path.name}") from None
    except (ValueError, TypeError, AttributeError, EOFError, BadZipFile, zlib.error) as error:
        raise ValueError(
            f"{path.name} is damaged, no NumPy file, or holds Python objects; arrays of numbers, "
            "and labels as numbers or text, are read"
        ) from error


def _images(values: NDArray[np.generic]) -> NDArray[np.float64]:
    """Values as (N, height, width): rows of a square number of values are square images."""
    if np.iscomplexobj(values):
        raise ValueError("complex numbers")
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim == 2:
        side = round(numbers.shape[1] ** 0.5)
        shape = (side, side) if side * side == numbers.shape[1] else (1, numbers.shape[1])
        numbers = numbers.reshape(-1, *shape)
    if numbers.ndim != 3:
        raise ValueError(f"{numbers.ndim} dimensions; images have 2 or 3: N and pixels")
    return numbers


def _as_bytes(values: NDArray[np.float64], n_train: int) -> tuple[NDArray[np.uint8], str]:
    """Bytes of the values: as they are, from 0 to 1, or column by column.

    Columns are scaled by the training data alone; test values beyond are cut.
    """
    if not np.isfinite(values).all():
        raise UserError("values: some are missing or not finite; allowed: numbers")
    least, greatest = float(values.min()), float(values.max())
    if least >= 0 and 1 < greatest <= 255 and (values == np.rint(values)).all():
        return values.astype(np.uint8), "bytes as they are"
    if least >= 0 and greatest <= 1:
        return np.rint(255 * values).astype(np.uint8), "0 to 1 became 0 to 255"
    low, high = values[:n_train].min(axis=0), values[:n_train].max(axis=0)
    wide = np.where(high > low, high - low, 1.0)
    scaled = np.clip((values - low) / wide, 0.0, 1.0)
    return np.rint(255 * scaled).astype(np.uint8), "each column's training range became 0 to 255"


def _natural(name: str) -> tuple[float, str]:
    """Numbers by their value, before words: classes `2` and `10` in that order."""
    try:
        return float(name), name
    except ValueError:
        return float("inf"), name
