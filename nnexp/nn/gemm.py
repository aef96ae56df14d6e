"""BLAS's gemm with all its arguments: C ← β C + α A B on parts of larger matrices.

NumPy's matmul cannot accumulate (β = 1) and `scipy.linalg.blas` cannot take a part of a row-major
matrix without copying it. Both are wanted for the largest operation of a training step: gradient
and update of the first layer in one pass over the columns whose pixels are not all zero. SciPy
exports the function pointer for exactly this use (`scipy.linalg.cython_blas`, the way numba calls
BLAS); here it is called through ctypes.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import cython_blas

from nnexp.nn.parameters import Array

Call = tuple[Any, ...]
"""The arguments of one call, converted for ctypes once and for all."""

_NAME = ctypes.pythonapi.PyCapsule_GetName
_NAME.restype, _NAME.argtypes = ctypes.c_char_p, [ctypes.py_object]
_POINTER = ctypes.pythonapi.PyCapsule_GetPointer
_POINTER.restype, _POINTER.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]

# PYFUNCTYPE keeps the interpreter lock: releasing it would cost more than these short calls. It
# names no argument types, or ctypes would check and convert 13 pointers in every call.
_SIGNATURE = ctypes.PYFUNCTYPE(None)
_pointer = ctypes.c_void_p.from_param


def _routine(name: str) -> Callable[..., None]:
    routines: dict[str, Any] = dict(cython_blas.__pyx_capi__)
    capsule = routines[name]
    return _SIGNATURE(_POINTER(capsule, _NAME(capsule)))


_ROUTINES = {np.dtype(np.float32): _routine("sgemm"), np.dtype(np.float64): _routine("dgemm")}


def routine(dtype: np.dtype[Any]) -> Callable[..., None]:
    """The gemm of a precision; call it with the arguments that `accumulate` prepared."""
    return _ROUTINES[dtype]


def accumulate(alpha: Array, a: Array, b: Array, beta: Array, c: Array, keep: list[Any]) -> Call:
    """Prepare the call C ← β C + α A B for row-major C (M, N), A (M, K), B (K, N).

    α and β are arrays of one element that are read when the call is made, so one prepared call
    serves every step. A and C have contiguous rows; B has contiguous rows or contiguous columns.
    Rows may be parts of longer rows. What the call points to is appended to `keep` and has to
    live as long as the call does.

    Raises ValueError if shapes, dtypes or strides are none of these: BLAS itself checks nothing.
    """
    rows, inner = a.shape
    columns = b.shape[1]
    same_dtype = all(array.dtype == c.dtype for array in (alpha, a, b, beta))
    if b.shape[0] != inner or c.shape != (rows, columns) or not same_dtype:
        raise ValueError(f"gemm of {a.shape} by {b.shape} into {c.shape}, or of mixed dtypes")
    if not (_rows_contiguous(a) and _rows_contiguous(c)):
        raise ValueError("gemm needs contiguous rows in A and C")
    transposed = not _rows_contiguous(b)
    if transposed and not _rows_contiguous(b.T):
        raise ValueError("gemm needs contiguous rows or columns in B")
    # Column-major BLAS sees each row-major matrix transposed: Cᵀ ← β Cᵀ + α Bᵀ Aᵀ.
    leads = [_leading(b.T if transposed else b), _leading(a), _leading(c)]
    numbers = np.array([columns, rows, inner, *leads], dtype=np.intc)
    letters = np.frombuffer(b"TN" if transposed else b"NN", dtype=np.uint8).copy()
    keep += [numbers, letters, alpha, a, b, beta, c]
    first, size, flags = numbers.ctypes.data, numbers.itemsize, letters.ctypes.data
    # transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc: by reference, as Fortran does.
    addresses = (
        flags,
        flags + 1,
        first,
        first + size,
        first + 2 * size,
        alpha.ctypes.data,
        b.ctypes.data,
        first + 3 * size,
        a.ctypes.data,
        first + 4 * size,
        beta.ctypes.data,
        c.ctypes.data,
        first + 5 * size,
    )
    return tuple(_pointer(address) for address in addresses)


def _leading(matrix: Array) -> int:
    """Elements from one row to the next; of a single row any stride will do."""
    rows, columns = matrix.shape
    return columns if rows == 1 else matrix.strides[0] // matrix.itemsize


def _rows_contiguous(matrix: Array) -> bool:
    rows, columns = matrix.shape
    inner = columns == 1 or matrix.strides[1] == matrix.itemsize
    return inner and (rows == 1 or matrix.strides[0] >= columns * matrix.itemsize)
