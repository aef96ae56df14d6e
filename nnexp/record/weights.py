"""`weights.npz`: a network's parameters as plain arrays, never as pickles."""

from __future__ import annotations

import hashlib
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters

# Depending on the byte it hits, damage shows as any of these.
_DAMAGE = (
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


def _named(parameters: Parameters) -> dict[str, NDArray[np.floating[Any]]]:
    """The arrays by name, in the order W1, b1, W2, b2 and so on."""
    named: dict[str, NDArray[np.floating[Any]]] = {}
    pairs = zip(parameters.weights, parameters.biases, strict=True)
    for layer, (weight, bias) in enumerate(pairs, start=1):
        named[f"W{layer}"] = np.ascontiguousarray(weight)
        named[f"b{layer}"] = np.ascontiguousarray(bias)
    return named


def save_weights(path: Path, parameters: Parameters) -> None:
    """Write the arrays `W1`, `b1`, `W2`, `b2` … to a `.npz` file.

    Args:
        path: the file to write; its folder exists. An existing file is replaced.
        parameters: W of shape (n_out, n_in), b of shape (n_out,); the dtype is kept.

    Equal parameters give equal bytes: NumPy stamps each entry with zip's earliest date.
    """
    with path.open("wb") as file:
        # allow_pickle=False makes an array of objects an error instead of a pickle.
        np.savez(file, allow_pickle=False, **_named(parameters))


def load_weights(path: Path) -> Parameters:
    """Read what `save_weights` wrote.

    Returns:
        The parameters, bit for bit and with their dtype.

    Raises:
        UserError: the file cannot be read, holds other arrays than W1, b1, W2, b2 …, or arrays
            whose shapes do not fit together.
    """
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if not isinstance(loaded, np.lib.npyio.NpzFile):
                raise ValueError("it is a single array")
            with loaded:
                arrays = {name: loaded[name] for name in loaded.files}
    except FileNotFoundError:
        raise UserError(f"weights file {path}: no such file") from None
    except _DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"weights file {path}: damaged, or not a .npz archive of plain arrays ({reason})"
        ) from error
    return _checked(path, arrays)


def _checked(path: Path, arrays: dict[str, NDArray[Any]]) -> Parameters:
    """The arrays as parameters, or a `UserError` that names the first one amiss."""
    n_layers = max(1, (len(arrays) + 1) // 2)
    expected = [f"{kind}{layer}" for layer in range(1, n_layers + 1) for kind in "Wb"]
    for name in expected:
        if name not in arrays:
            held = ", ".join(sorted(arrays)) or "nothing"
            raise UserError(
                f"weights file {path}: array {name} is missing (it holds {held}), "
                f"expected {', '.join(expected)}"
            )
        if not np.issubdtype(arrays[name].dtype, np.floating):
            raise UserError(
                f"weights file {path}: array {name} has dtype {arrays[name].dtype}, "
                "expected floating point numbers"
            )
    n_in: int | None = None
    for layer in range(1, n_layers + 1):
        weight, bias = arrays[f"W{layer}"], arrays[f"b{layer}"]
        if weight.ndim != 2 or 0 in weight.shape or n_in not in (None, weight.shape[1]):
            wanted = "(n_out, n_in)" if n_in is None else f"(n_out, {n_in})"
            raise UserError(
                f"weights file {path}: array W{layer} has shape {weight.shape}, expected {wanted}"
            )
        if bias.shape != weight.shape[:1]:
            raise UserError(
                f"weights file {path}: array b{layer} has shape {bias.shape}, "
                f"expected {weight.shape[:1]}"
            )
        n_in = weight.shape[0]
    return Parameters(
        weights=tuple(arrays[f"W{layer}"] for layer in range(1, n_layers + 1)),
        biases=tuple(arrays[f"b{layer}"] for layer in range(1, n_layers + 1)),
    )


def weights_sha256(parameters: Parameters) -> str:
    """SHA-256, in hexadecimal, of the arrays' bytes in C order, from W1, b1 to the last."""
    digest = hashlib.sha256()
    for array in _named(parameters).values():
        digest.update(array.tobytes(order="C"))
    return digest.hexdigest()
