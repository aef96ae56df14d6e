"""Tiles of vectors kept in registers: the innermost loops of the kernel, emitted for LLVM.

A tile is some rows and columns of vectors of 64 bytes: 16 float32 or 8 float64. LLVM makes of a
vector what the processor has (one zmm register, two ymm, four xmm or NEON) and the bits are the
same: every lane is a sum of its own, a fused multiply-add is exact by definition, and nothing is
reordered. Sums across lanes (`scale_by_inner_products`) have the order written there.

Matrices are parts of flat arrays: `z_at` is where the tile begins and `z_row` how many numbers on
its next row begins, all uint64. `rows` and `cols` (vectors) must be constants of the calling
function: the loops over them are unrolled. Emitted like this, and not written as Python for numba,
because numba's vectorizer finds half the speed, and because each variant of a function costs it
0.15 s to compile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.np.arrayobj import make_array

from nnexp.kernel.jit import intrinsic

BYTES = 64
"""Of a vector."""

ALIGNED = 16
"""Rows of a matrix are a multiple of so many numbers: full vectors in either precision."""

_LANE = ir.IntType(32)
_INDEX = ir.IntType(64)


class _Matrix:
    """A flat array while code is emitted: reads and writes of vectors and numbers."""

    def __init__(self, context: Any, builder: Any, kind: Any, array: Any) -> None:
        self.builder, self.bytes = builder, kind.dtype.bitwidth // 8
        self.base = make_array(kind)(context, builder, array).data
        self.number = context.get_data_type(kind.dtype)
        self.lanes = BYTES // self.bytes
        self.vector = ir.VectorType(self.number, self.lanes)

    def number_at(self, at: Any) -> Any:
        return self.builder.load(self.builder.gep(self.base, [at]))

    def read(self, at: Any, col: int = 0) -> Any:
        return self.builder.load(self._pointer(at, col), align=self.bytes)

    def write(self, at: Any, value: Any, col: int = 0) -> None:
        self.builder.store(value, self._pointer(at, col), align=self.bytes)

    def _pointer(self, at: Any, col: int) -> Any:
        if col:
            at = self.builder.add(at, _INDEX(col * self.lanes))
        address = self.builder.gep(self.base, [at])
        return self.builder.bitcast(address, self.vector.as_pointer())


class _Sums:
    """The vectors of a tile, in registers once LLVM is through."""

    def __init__(self, builder: Any, vector: Any, count: int) -> None:
        self.builder, self.vector = builder, vector
        self.places = [cgutils.alloca_once(builder, vector) for _ in range(count)]

    def clear(self) -> None:
        for place in self.places:
            self.builder.store(ir.Constant(self.vector, None), place)

    def set(self, k: int, value: Any) -> None:
        self.builder.store(value, self.places[k])

    def get(self, k: int) -> Any:
        return self.builder.load(self.places[k])

    def add_product(self, k: int, a: Any, b: Any) -> None:
        """sum ← sum + a · b, rounded once."""
        kind = "f32" if isinstance(self.vector.element, ir.FloatType) else "f64"
        fma = self.builder.module.declare_intrinsic(
            f"llvm.fma.v{self.vector.count}{kind}",
            (),
            ir.FunctionType(self.vector, [self.vector] * 3),
        )
        self.set(k, self.builder.call(fma, [a, b, self.get(k)]))


def _splat(builder: Any, scalar: Any, vector: Any) -> Any:
    undefined = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(undefined, scalar, _LANE(0))
    zeros = ir.Constant(ir.VectorType(_LANE, vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, undefined, zeros)


def _rows(builder: Any, start: Any, stride: Any, count: int) -> list[Any]:
    """start, start + stride, …"""
    return [
        builder.add(start, builder.mul(stride, _INDEX(r))) if r else start for r in range(count)
    ]


@contextmanager
def _loop(builder: Any, start: Any, stop: Any, step: int = 1) -> Iterator[Any]:
    """A loop over start, start + step, … below stop."""
    with cgutils.for_range_slice(builder, start, stop, _INDEX(step), _INDEX) as (index, _):
        yield index


def _constant(kind: Any) -> int:
    if not isinstance(kind, types.IntegerLiteral):
        raise TypeError("rows and cols of a tile must be constants")
    return int(kind.literal_value)


@intrinsic
def lanes(context: Any, array: Any) -> Any:
    """Numbers in a vector of the array's dtype, as a constant."""
    count = BYTES * 8 // array.dtype.bitwidth

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _INDEX(count)

    return types.uint64(array), emit


@intrinsic
def multiply(
    context: Any,
    z: Any,
    z_at: Any,
    z_row: Any,
    a: Any,
    a_at: Any,
    a_row: Any,
    a_next: Any,
    w: Any,
    w_at: Any,
    w_row: Any,
    inner: Any,
    rows: Any,
    cols: Any,
) -> Any:
    """Z ← Z + A W for a tile of Z: z_rc + Σ_i a_ri w_ic, i from 0 to inner − 1 in this order.

    a_ri is at a_at + r · a_row + i · a_next, so that A may be read transposed.
    """
    n_rows, n_cols = _constant(rows), _constant(cols)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        z, a, w = (_Matrix(context, builder, kinds[k], args[k]) for k in (0, 3, 7))
        z_rows = _rows(builder, args[1], args[2], n_rows)
        sums = _Sums(builder, z.vector, n_rows * n_cols)
        for r, at in enumerate(z_rows):
            for c in range(n_cols):
                sums.set(r * n_cols + c, z.read(at, c))
        with _loop(builder, _INDEX(0), args[10]) as i:
            at = builder.add(args[8], builder.mul(i, args[9]))
            row = [w.read(at, c) for c in range(n_cols)]
            start = builder.add(args[4], builder.mul(i, args[6]))
            for r, at in enumerate(_rows(builder, start, args[5], n_rows)):
                factor = _splat(builder, a.number_at(at), z.vector)
                for c in range(n_cols):
                    sums.add_product(r * n_cols + c, factor, row[c])
        for r, at in enumerate(z_rows):
            for c in range(n_cols):
                z.write(at, sums.get(r * n_cols + c), c)
        return context.get_dummy_value()

    taken = (z, z_at, z_row, a, a_at, a_row, a_next, w, w_at, w_row, inner, rows, cols)
    return types.void(*taken), emit


@intrinsic
def scale_by_inner_products(
    context: Any,
    z: Any,
    z_at: Any,
    z_row: Any,
    factor: Any,
    a: Any,
    a_at: Any,
    a_row: Any,
    b: Any,
    b_at: Any,
    b_row: Any,
    inner: Any,
    rows: Any,
    cols: Any,
) -> Any:
    """z_rc ← z_rc · (factor · Σ_j a_rj b_cj) for a tile of rows · cols numbers, cols 1, 2 or 4.

    `inner` is a multiple of a vector's lanes. Each lane has a sum of its own; then lanes are added
    in halves: of 16 lanes k to k + 8, the sums k to k + 4, then k to k + 2, then 0 to 1.
    """
    n_rows, n_cols = _constant(rows), _constant(cols)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        z, a, b = (_Matrix(context, builder, kinds[k], args[k]) for k in (0, 4, 7))
        sums = _Sums(builder, z.vector, n_rows * n_cols)
        sums.clear()
        with _loop(builder, _INDEX(0), args[10], z.lanes) as j:
            right_at = _rows(builder, builder.add(args[8], j), args[9], n_cols)
            right = [b.read(at) for at in right_at]
            for r, at in enumerate(_rows(builder, builder.add(args[5], j), args[6], n_rows)):
                left = a.read(at)
                for c in range(n_cols):
                    sums.add_product(r * n_cols + c, left, right[c])
        few = ir.VectorType(z.number, n_cols)
        factor = _splat(builder, args[3], few)
        for r, at in enumerate(_rows(builder, args[1], args[2], n_rows)):
            totals = _totals(builder, [sums.get(r * n_cols + c) for c in range(n_cols)])
            place = builder.bitcast(builder.gep(z.base, [at]), few.as_pointer())
            before = builder.load(place, align=z.bytes)
            product = builder.fmul(before, builder.fmul(factor, totals))
            builder.store(product, place, align=z.bytes)
        return context.get_dummy_value()

    taken = (z, z_at, z_row, z.dtype, a, a_at, a_row, b, b_at, b_row, inner, rows, cols)
    return types.void(*taken), emit


def _totals(builder: Any, vectors: list[Any]) -> Any:
    """The sums of the lanes of some vectors, by halves, as one vector.

    Halves of two vectors are put side by side and added at once, so that few additions and
    shuffles are needed: the vector between holds groups of lanes, one for each sum.
    """

    def halve(left: Any, right: Any, lanes: int) -> Any:
        """Each group of `lanes` lanes of both, its first half plus its second."""
        count = left.type.count if left is right else 2 * left.type.count
        groups, half = range(0, count, lanes), lanes // 2
        pick = ir.VectorType(_LANE, count // 2)
        halves = [
            [group + start + k for group in groups for k in range(half)] for start in (0, half)
        ]
        return builder.fadd(
            *(builder.shuffle_vector(left, right, ir.Constant(pick, part)) for part in halves)
        )

    lanes = vectors[0].type.count
    while len(vectors) > 1:
        vectors = [halve(a, b, lanes) for a, b in zip(vectors[::2], vectors[1::2], strict=True)]
        lanes //= 2
    (vector,) = vectors
    while lanes > 1:
        vector = halve(vector, vector, lanes)
        lanes //= 2
    return vector


@intrinsic
def gather(
    context: Any,
    z: Any,
    z_at: Any,
    w: Any,
    w_at: Any,
    w_row: Any,
    columns: Any,
    pixels: Any,
    start: Any,
    stop: Any,
    cols: Any,
) -> Any:
    """z ← Σ_t pixels[t] · w[columns[t]] over a list: t = start, start + 2 … plus the others.

    Two sums side by side, as one addition would have to wait for the other.
    """
    n_cols = _constant(cols)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        z, w = (_Matrix(context, builder, kinds[k], args[k]) for k in (0, 2))
        listed = _List(context, builder, kinds[5:7], args[5:7], args[3:5], z)
        sums = _Sums(builder, z.vector, 2 * n_cols)
        sums.clear()
        count = builder.sub(args[8], args[7])
        even = builder.add(args[7], builder.and_(count, _INDEX(-2)))

        def add(t: Any, first: int) -> None:
            at, factor = listed.entry(t)
            for c in range(n_cols):
                sums.add_product(first + c, factor, w.read(at, c))

        with _loop(builder, args[7], even, 2) as t:
            add(t, 0)
            add(builder.add(t, _INDEX(1)), n_cols)
        with builder.if_then(builder.icmp_unsigned("<", even, args[8])):
            add(even, 0)
        for c in range(n_cols):
            z.write(args[1], builder.fadd(sums.get(c), sums.get(n_cols + c)), c)
        return context.get_dummy_value()

    taken = (z, z_at, w, w_at, w_row, columns, pixels, start, stop, cols)
    return types.void(*taken), emit


@intrinsic
def scatter(
    context: Any,
    w: Any,
    w_at: Any,
    w_row: Any,
    g: Any,
    g_at: Any,
    columns: Any,
    pixels: Any,
    start: Any,
    stop: Any,
    cols: Any,
) -> Any:
    """w[columns[t]] ← w[columns[t]] + pixels[t] · g over a list."""
    n_cols = _constant(cols)

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds = signature.args
        w, g = (_Matrix(context, builder, kinds[k], args[k]) for k in (0, 3))
        listed = _List(context, builder, kinds[5:7], args[5:7], args[1:3], w)
        sums = _Sums(builder, w.vector, n_cols)
        row = [g.read(args[4], c) for c in range(n_cols)]
        with _loop(builder, args[7], args[8]) as t:
            at, factor = listed.entry(t)
            for c in range(n_cols):
                sums.set(c, w.read(at, c))
                sums.add_product(c, factor, row[c])
                w.write(at, sums.get(c), c)
        return context.get_dummy_value()

    taken = (w, w_at, w_row, g, g_at, columns, pixels, start, stop, cols)
    return types.void(*taken), emit


class _List:
    """The list of an image's non-zero inputs while code is emitted."""

    def __init__(
        self, context: Any, builder: Any, kinds: Any, arrays: Any, weights: Any, matrix: _Matrix
    ) -> None:
        self.builder, self.matrix = builder, matrix
        self.columns, self.pixels = (
            _Matrix(context, builder, kind, array)
            for kind, array in zip(kinds, arrays, strict=True)
        )
        self.start, self.stride = weights

    def entry(self, t: Any) -> tuple[Any, Any]:
        """Where the weights of input columns[t] begin, and its byte in every lane."""
        column = self.builder.zext(self.columns.number_at(t), _INDEX)
        at = self.builder.add(self.start, self.builder.mul(column, self.stride))
        pixel = self.builder.uitofp(self.pixels.number_at(t), self.matrix.number)
        return at, _splat(self.builder, pixel, self.matrix.vector)


@intrinsic
def prefetch(context: Any, array: Any, at: Any) -> Any:
    """Ask for the memory of an element ahead of time; never changes a number."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        base = make_array(signature.args[0])(context, builder, args[0]).data
        pointer = builder.bitcast(builder.gep(base, [args[1]]), cgutils.voidptr_t)
        kind = ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, _LANE, _LANE, _LANE])
        function = builder.module.declare_intrinsic("llvm.prefetch.p0", (), kind)
        builder.call(function, [pointer, _LANE(0), _LANE(3), _LANE(1)])
        return context.get_dummy_value()

    return types.void(array, at), emit
