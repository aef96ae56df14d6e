"""One product of a dense layer of 1024 inputs and 1024 units, mini-batch of 100: ours, OpenBLAS's.

Each in its best form: OpenBLAS is called in place (SciPy's, with beta = 1 where it adds up), our
rows are laid out as `structs.row_width` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.work import FORMS, Ready, Work, matrices

FORWARD, BACKWARD, GRADIENT = FORMS


def kernel(work: Work) -> Ready:
    """`nnexp.kernel.products`."""
    from nnexp.kernel import products
    from nnexp.kernel.structs import row_width, zeros

    form, dtype = work.task.split(", ")
    width = row_width(1024)

    def padded(matrix: Any) -> Any:
        whole = zeros(len(matrix) * width, dtype)
        whole.reshape(-1, width)[:, :1024] = matrix
        return whole

    x, d, w = map(padded, matrices(dtype))
    z = zeros(len(x), dtype)
    zero, one, row, n, full = map(np.uint64, (0, 1, width, 100, 1024))
    factor = np.dtype(dtype).type(1)

    def forward() -> None:
        z[:] = 0
        products.multiply(z, zero, row, x, zero, row, one, w, zero, row, n, full, row)

    def backward() -> None:
        z[:] = 1
        products.multiply_transposed(z, zero, row, factor, d, zero, row, w, zero, row, n, full, row)

    def gradient() -> None:
        products.multiply(w, zero, row, x, zero, one, row, d, zero, row, full, n, row)

    product = {FORWARD: forward, BACKWARD: backward, GRADIENT: gradient}[form]
    changed = w if form == GRADIENT else z
    return _repeated(work, product, changed.reshape(-1, width)[:, :1024])


def openblas(work: Work) -> Ready:
    """The BLAS that SciPy brings."""
    from scipy.linalg.blas import dgemm, sgemm

    form, dtype = work.task.split(", ")
    gemm = sgemm if dtype == "float32" else dgemm
    x, d, w = matrices(dtype)
    z = np.zeros_like(x)

    # A matrix by rows is its transpose by columns, as BLAS has it: Zᵀ = Wᵀ Xᵀ.
    def forward() -> None:
        gemm(1.0, w.T, x.T, 0.0, z.T, overwrite_c=True)

    def backward() -> None:
        gemm(1.0, w.T, d.T, 0.0, z.T, trans_a=True, overwrite_c=True)

    def gradient() -> None:
        gemm(1.0, d.T, x.T, 1.0, w.T, trans_b=True, overwrite_c=True)

    product = {FORWARD: forward, BACKWARD: backward, GRADIENT: gradient}[form]
    return _repeated(work, product, w if form == GRADIENT else z)


def _repeated(work: Work, product: Callable[[], object], result: Any) -> Ready:
    """`result`: what the product changes, which an epoch returns for who wants to check it."""

    def epoch() -> Any:
        for _ in range(work.n):
            product()
        return result

    return Ready(1, epoch, None, work.n)
