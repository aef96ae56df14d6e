"""Artificially expanded training data: shifted, rotated and elastically distorted images.

The chapter's section "Other techniques for regularization". Images are bytes `(N, height * width)`
before and after; nothing here changes its argument. What moves out of the frame is lost, what
moves in is 0, the background.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnexp.data.dataset import Examples
from nnexp.errors import UserError
from nnexp.nn.draws import below, halves, uniform

Images = NDArray[np.uint8]
Numbers = NDArray[np.float32]
Shape = tuple[int, int]

MOVES: tuple[Shape, ...] = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
"""(dy, dx) of: as it is, up, down, left, right."""

_CHUNK = 250
"""Images distorted at a time, so that the intermediate arrays stay in the cache."""


def shift_images(images: Images, shape: Shape, dy: int, dx: int) -> Images:
    """Every image moved `dy` pixels down and `dx` pixels to the right.

    Args:
        images: (N, height * width), uint8.
        shape: (height, width).
        dy: negative is up.
        dx: negative is left.
    """
    moved = np.zeros_like(images)
    _move(images.reshape(-1, *shape), moved.reshape(-1, *shape), dy, dx)
    return moved


def fivefold(examples: Examples, shape: Shape) -> Examples:
    """The chapter's fixed expanded set: the examples, then all of them moved by one pixel.

    (5N, height * width) in five blocks of N: as they are, up, down, left, right.
    """
    n = len(examples)
    images = np.zeros((len(MOVES), n, *shape), np.uint8)
    for block, (dy, dx) in zip(images, MOVES, strict=True):
        _move(examples.images.reshape(n, *shape), block, dy, dx)
    return Examples(images.reshape(len(MOVES) * n, -1), np.tile(examples.labels, len(MOVES)))


def random_shift(images: Images, shape: Shape, bits: np.random.PCG64) -> Images:
    """Each image as it is or moved by one pixel up, down, left or right, equally likely.

    `bits` is asked for N words, whatever the images are: w gives move ⌊5w / 2⁶⁴⌋ of `MOVES`.
    """
    moves = below(bits, len(MOVES), len(images))
    moved = images.copy()
    for move, (dy, dx) in enumerate(MOVES[1:], start=1):
        chosen = np.flatnonzero(moves == move)
        moved[chosen] = shift_images(images[chosen], shape, dy, dx)
    return moved


def distort(
    images: Images,
    shape: Shape,
    bits: np.random.PCG64,
    *,
    angle: float,
    alpha: float,
    sigma: float,
    compiled: bool,
) -> Images:
    """Each image rotated by a random angle and elastically distorted, on its own.

    The pixel at p of the result is the image at R(p - c) + c + alpha * G(u)(p), with c the centre
    of the image, R a rotation, u a field of displacements uniform in [-1, 1) and G a Gaussian
    filter, cut off at 4 sigma, that sees no displacement outside the image. Values between pixels
    are interpolated linearly in both directions; the result is rounded, a half upwards.

    The bytes depend on nothing but the arguments. Every operation is one that IEEE 754 defines to
    the bit, in float32 and in a written order, and is the same whether compiled or not.

    Source: Simard, Steinkraus and Platt 2003, "Best Practices for Convolutional Neural Networks
    Applied to Visual Document Analysis", section 2.

    Args:
        images: (N, height * width), uint8.
        shape: (height, width).
        bits: asked for N words, the angles, then image by image for those of the two fields.
        angle: greatest rotation either way, in degrees.
        alpha: strength of the displacements, in pixels (with sigma = 5, alpha = 36 gives a root
            mean square of 1.2 pixels).
        sigma: standard deviation of the Gaussian, in pixels.
        compiled: by `nnexp.kernel.expand`, some 15 times faster, or by NumPy.

    Raises:
        UserError: angle outside 0 to 180, alpha outside 0 to 1000, sigma outside 0.1 to 100.
    """
    _check(angle, alpha, sigma)
    if compiled:
        # Imported late: without numba there is still the other.
        from nnexp.kernel.expand import distort as bend
    else:
        bend = _bend
    n, (height, width) = len(images), shape
    sin, cos = _sine_and_cosine((2 * uniform(bits, n) - 1) * angle)
    smooth_y, smooth_x = (_gaussian(size, sigma) for size in shape)
    after = np.empty((n, height, width), np.uint8)
    for start in range(0, n, _CHUNK):
        part = slice(start, min(start + _CHUNK, n))
        drawn = halves(bits, part.stop - start, 2 * height * width)
        bend(
            # A copy: compiled code is made anew for arrays that may not be written.
            images[part].reshape(-1, height, width).copy(),
            drawn.reshape(-1, 2, height, width),
            cos[part],
            sin[part],
            smooth_y,
            smooth_x,
            np.float32(alpha),
            after[part],
        )
    return after.reshape(images.shape)


def _bend(
    images: Images,
    halves: NDArray[np.uint32],
    cos: Numbers,
    sin: Numbers,
    smooth_y: Numbers,
    smooth_x: Numbers,
    alpha: np.float32,
    result: Images,
) -> None:
    """What `nnexp.kernel.expand.distort` does, operation by operation.

    Nothing here adds up more than two numbers at once: the order of NumPy's own sums and products
    of matrices belongs to the processor.
    """
    n, height, width = images.shape
    one, half = np.float32(1), np.float32(0.5)
    # 24 bits make a number in [-1, 1) that is exact.
    field = (halves >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-23) - one
    half_way = np.zeros_like(field)
    for j in range(width):
        half_way += field[:, :, :, j, None] * smooth_x[j]
    field = np.zeros_like(field)
    for j in range(height):
        field += smooth_y[:, j, None] * half_way[:, :, j, None, :]
    centre_y, centre_x = (np.float32(size - 1) * half for size in (height, width))
    y = np.arange(height, dtype=np.float32)[:, None] - centre_y
    x = np.arange(width, dtype=np.float32) - centre_x
    c, s = cos[:, None, None], sin[:, None, None]
    at_y = field[:, 0] * alpha + ((c * y - s * x) + centre_y)
    at_x = field[:, 1] * alpha + ((s * y + c * x) + centre_x)
    # A frame of background, as wide as is read: position p of the image is p + 1 in it.
    at_y, at_x = np.clip(at_y, -one, height) + one, np.clip(at_x, -one, width) + one
    framed = np.zeros((n, height + 3, width + 3), np.float32)
    framed[:, 1:-2, 1:-2] = images
    whole_y, whole_x = at_y.astype(np.int32), at_x.astype(np.int32)
    part_y, part_x = at_y - whole_y.astype(np.float32), at_x - whole_x.astype(np.float32)
    stride = width + 3
    flat = framed.reshape(-1)
    first = np.arange(n)[:, None, None] * framed[0].size + whole_y * stride + whole_x
    above, below = (flat[i] + part_x * (flat[i + 1] - flat[i]) for i in (first, first + stride))
    result[:] = (above + part_y * (below - above) + half).astype(np.uint8)


def _gaussian(size: int, sigma: float) -> Numbers:
    """The filter along an axis as a (size, size) matrix: its weights by distance, in float32."""
    reach = int(4 * sigma + 0.5)
    weights = [_exp(-0.5 * (d / sigma) * (d / sigma)) for d in range(reach + 1)]
    total = weights[0]
    # In a loop: how exact Python's sum is depends on its version.
    for weight in weights[1:]:
        total += 2 * weight
    weights = [w / total for w in weights] + [0.0] * size
    rows = [[weights[abs(i - j)] for j in range(size)] for i in range(size)]
    return np.array(rows, np.float32).reshape(size, size)


def _exp(x: float) -> float:
    """e to the power of -40 ≤ x ≤ 0, right to 12 digits, without libm."""
    small = x / 1024
    power = term = 1.0
    for k in range(1, 10):
        term *= small / k
        power += term
    for _ in range(10):
        power *= power
    return power


def _sine_and_cosine(degrees: NDArray[np.float64]) -> tuple[Numbers, Numbers]:
    """Of angles up to 180° either way, without libm: by Taylor's series up to 45°."""
    turns = degrees / 90
    quarters = np.rint(turns)
    r = (turns - quarters) * (np.pi / 2)
    square = r * r
    sin, cos = np.zeros_like(r), np.zeros_like(r)
    for k in range(19, 0, -2):
        cos = 1 - square * cos / (k * (k + 1))
        sin = 1 - square * sin / ((k + 1) * (k + 2))
    sin = r * sin
    quadrant = quarters.astype(np.int64) & 3
    swapped = quadrant % 2 == 1
    sin, cos = np.where(swapped, cos, sin), np.where(swapped, sin, cos)
    sin = np.where(quadrant >= 2, -sin, sin)
    cos = np.where((quadrant == 1) | (quadrant == 2), -cos, cos)
    return sin.astype(np.float32), cos.astype(np.float32)


def _move(source: Images, target: Images, dy: int, dx: int) -> None:
    """Copies what stays in the frame, (N, height, width), to where it moves."""
    (to_y, from_y), (to_x, from_x) = _overlap(dy, source.shape[1]), _overlap(dx, source.shape[2])
    target[:, to_y, to_x] = source[:, from_y, from_x]


def _overlap(move: int, size: int) -> tuple[slice, slice]:
    """Where the pixels that stay in the frame go to, and where they come from."""
    kept = max(size - abs(move), 0)
    ahead, behind = slice(size - kept, size), slice(0, kept)
    return (ahead, behind) if move > 0 else (behind, ahead)


def _check(angle: float, alpha: float, sigma: float) -> None:
    limits = {"angle": (angle, 0, 180), "alpha": (alpha, 0, 1000), "sigma": (sigma, 0.1, 100)}
    for key, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise UserError(f"expand.{key}={value}: expected {low} to {high}")
