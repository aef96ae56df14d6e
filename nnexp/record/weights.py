"""`weights.npz`: a network's parameters as plain arrays, never as pickles."""

from __future__ import annotations

import hashlib
import io
import math
import tokenize
import zipfile
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters

MOST_BYTES = 1_000_000_000
"""Bytes of any network that a config may ask for (`config.rules.MAX_WEIGHTS`), and some more."""

_HEADER = 1024
"""Bytes that go before an array, and more."""

# Depending on the byte it hits, damage to an archive shows as any of these.
DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    OverflowError,
    RuntimeError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def named(parameters: Parameters) -> dict[str, NDArray[np.floating[Any]]]:
    """The arrays by name, in the order W1, b1, W2, b2 and so on."""
    found: dict[str, NDArray[np.floating[Any]]] = {}
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    for layer, (weight, bias) in enumerate(pairs, start=1):
        found[f"W{layer}"] = np.ascontiguousarray(weight)
        found[f"b{layer}"] = np.ascontiguousarray(bias)
    return found


def save_weights(path: Path, parameters: Parameters) -> None:
    """Write the arrays `W1`, `b1`, `W2`, `b2` … to a `.npz` file.

    Args:
        path: the file to write; its folder exists. An existing file is replaced.
        parameters: W of shape (n_out, n_in), b of shape (n_out,); the dtype is kept.

    Equal parameters give equal bytes: NumPy stamps each entry with zip's earliest date.
    """
    with path.open("wb") as file:
        # allow_pickle=False makes an array of objects an error instead of a pickle.
        np.savez(file, allow_pickle=False, **named(parameters))


def layer_sizes(config: Config) -> tuple[int | None, ...]:
    """Units of each layer of a config's network; None where its data decide."""
    ends: dict[str, tuple[int | None, int | None]] = {"idx": (None, None), "neuron": (1, 1)}
    first, last = ends.get(config.data.name, (784, 10))
    return (first, *config.model.hidden, last)


def load_weights(path: Path, sizes: Sequence[int | None] = ()) -> Parameters:
    """Read what `save_weights` wrote.

    Args:
        path: the file; it may have been damaged, or made to take all memory.
        sizes: units of each layer that the network must have, where known (`layer_sizes`).

    Returns:
        The parameters, bit for bit and with their dtype.

    Raises:
        UserError: the file cannot be read, holds other arrays than W1, b1, W2, b2 …, or arrays
            whose shapes do not fit together, or not the given sizes.
    """
    try:
        with path.open("rb") as file:
            arrays = arrays_of(file, _most_bytes(sizes))
    except FileNotFoundError:
        raise UserError(f"weights file {path}: no such file") from None
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"weights file {path}: damaged, or not a .npz archive of plain arrays ({reason})"
        ) from error
    if amiss := _amiss(arrays, sizes):
        raise UserError(f"weights file {path}: {amiss}")
    layers = range(1, len(arrays) // 2 + 1)
    return Parameters(
        weights=tuple(arrays[f"W{layer}"] for layer in layers),
        biases=tuple(arrays[f"b{layer}"] for layer in layers),
    )


def _most_bytes(sizes: Sequence[int | None]) -> int:
    """Bytes that the arrays of a network may take, unpacked, with their headers."""
    known = [n for n in sizes if n is not None]
    if not sizes or len(known) < len(sizes):
        return MOST_BYTES
    return sum((a + 1) * b * 8 + 2 * _HEADER for a, b in pairwise(known))


def arrays_of(file: BinaryIO, most: int) -> dict[str, NDArray[Any]]:
    """The arrays of a `.npz` archive by name, in no more memory than `most` bytes of them need.

    Raises:
        Any of `DAMAGE`: it is none.
    """
    magic = np.lib.format.MAGIC_PREFIX
    if file.read(len(magic)) == magic:
        raise ValueError("it is a single array")
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        size = sum(entry.file_size for entry in entries)
        if size > most:
            raise ValueError(f"it unpacks to {size:,} bytes, at most {most:,} are expected")
        arrays = {}
        for entry in entries:
            content = io.BytesIO(archive.read(entry))
            # A header may ask for any amount of memory before a byte of the array is read.
            version = np.lib.format.read_magic(content)
            read_header = np.lib.format.read_array_header_2_0
            if version == (1, 0):
                read_header = np.lib.format.read_array_header_1_0
            shape, _, dtype = read_header(content)
            left = entry.file_size - content.tell()
            if math.prod(shape) * dtype.itemsize != left:
                raise ValueError(f"{entry.filename} holds {left:,} bytes, not an array of {shape}")
            content.seek(0)
            name = entry.filename.removesuffix(".npy")
            arrays[name] = np.lib.format.read_array(content, allow_pickle=False)
    return arrays


def _amiss(arrays: dict[str, NDArray[Any]], sizes: Sequence[int | None]) -> str:
    """The first thing amiss with the arrays of a network; empty if nothing is."""
    layers = range(1, max(1, (len(arrays) + 1) // 2) + 1)
    expected = [f"{kind}{layer}" for layer in layers for kind in "Wb"]
    for name in expected:
        if name not in arrays:
            held = ", ".join(sorted(arrays)) or "nothing"
            return f"array {name} is missing (it holds {held}), expected {', '.join(expected)}"
        if not np.issubdtype(arrays[name].dtype, np.floating):
            said = f"array {name} has dtype {arrays[name].dtype}"
            return f"{said}, expected floating point numbers"
    n_in: int | None = None
    for layer in layers:
        weight, bias = arrays[f"W{layer}"], arrays[f"b{layer}"]
        if weight.ndim != 2 or 0 in weight.shape or n_in not in (None, weight.shape[1]):
            wanted = "(n_out, n_in)" if n_in is None else f"(n_out, {n_in})"
            return f"array W{layer} has shape {weight.shape}, expected {wanted}"
        if bias.shape != weight.shape[:1]:
            return f"array b{layer} has shape {bias.shape}, expected {weight.shape[:1]}"
        n_in = weight.shape[0]
    found = [arrays["W1"].shape[1], *(len(arrays[f"b{layer}"]) for layer in layers)]
    shape = zip(sizes, found, strict=False)
    if sizes and (len(sizes) != len(found) or any(a not in (None, b) for a, b in shape)):
        wanted = "-".join("?" if n is None else str(n) for n in sizes)
        return f"of a network {'-'.join(map(str, found))}, expected {wanted}"
    return ""


def weights_sha256(parameters: Parameters) -> str:
    """SHA-256, in hexadecimal, of the arrays' bytes in C order, from W1, b1 to the last."""
    digest = hashlib.sha256()
    for array in named(parameters).values():
        digest.update(array.tobytes(order="C"))
    return digest.hexdigest()
