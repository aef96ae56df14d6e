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

Images = NDArray[np.uint8]
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


def random_shift(images: Images, shape: Shape, rng: np.random.Generator) -> Images:
    """Each image as it is or moved by one pixel up, down, left or right, equally likely.

    `rng` is asked for N numbers, whatever the images are.
    """
    moves = rng.integers(len(MOVES), size=len(images))
    moved = images.copy()
    for move, (dy, dx) in enumerate(MOVES[1:], start=1):
        chosen = np.flatnonzero(moves == move)
        moved[chosen] = shift_images(images[chosen], shape, dy, dx)
    return moved


def distort(
    images: Images,
    shape: Shape,
    rng: np.random.Generator,
    *,
    angle: float,
    alpha: float,
    sigma: float,
) -> Images:
    """Each image rotated by a random angle and elastically distorted, on its own.

    The pixel at p of the result is the image at R(p - c) + c + alpha * G(u)(p), with c the centre
    of the image, R a rotation, u a field of displacements uniform in [-1, 1] and G a Gaussian
    filter. Values between pixels are interpolated linearly in both directions and rounded.

    Source: Simard, Steinkraus and Platt 2003, "Best Practices for Convolutional Neural Networks
    Applied to Visual Document Analysis", section 2.

    Args:
        images: (N, height * width), uint8.
        shape: (height, width).
        rng: asked for N angles, then for the fields image by image.
        angle: greatest rotation either way, in degrees.
        alpha: strength of the displacements, in pixels (with sigma = 5, alpha = 36 gives a root
            mean square of 1.2 pixels).
        sigma: standard deviation of the Gaussian, in pixels.

    Raises:
        UserError: angle outside 0 to 180, alpha outside 0 to 1000, sigma outside 0.1 to 100.
    """
    _check(angle, alpha, sigma)
    # Imported late: it takes a third of a second, and only this function needs it.
    from scipy.ndimage import gaussian_filter1d, map_coordinates

    n, (height, width) = len(images), shape
    theta = np.deg2rad(rng.uniform(-angle, angle, size=n)).astype(np.float32)[:, None, None]
    cos, sin = np.cos(theta), np.sin(theta)
    y = np.arange(height, dtype=np.float32)[:, None] - np.float32((height - 1) / 2)
    x = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    # The filter is linear and separable. As a matrix along each axis it costs two products for
    # a whole chunk, several times less than filtering field by field.
    smooth_y, smooth_x = (
        gaussian_filter1d(np.eye(size), sigma, axis=0, mode="constant").astype(np.float32)
        for size in shape
    )
    # One tall picture of a chunk, with a frame of background round each image, turns N
    # interpolations into one. Rows are kept within the frame, so that no image reads its neighbour.
    framed = np.zeros((min(n, _CHUNK), height + 2, width + 2), np.uint8)
    result = np.empty((n, height, width), np.uint8)
    for start in range(0, n, _CHUNK):
        part = slice(start, min(start + _CHUNK, n))
        count = part.stop - start
        field = 2 * rng.random((count, 2, height, width), dtype=np.float32) - 1
        field = smooth_y @ (field.reshape(-1, width) @ smooth_x.T).reshape(field.shape)
        field *= np.float32(alpha)
        at = np.empty((2, count, height, width), np.float64)
        at[0] = field[:, 0] + (cos[part] * y - sin[part] * x + np.float32((height - 1) / 2))
        at[1] = field[:, 1] + (sin[part] * y + cos[part] * x + np.float32((width - 1) / 2))
        np.clip(at[0], -1, height, out=at[0])
        at[0] += 1 + (height + 2) * np.arange(count)[:, None, None]
        at[1] += 1
        framed[:count, 1:-1, 1:-1] = images[part].reshape(-1, height, width)
        tall = framed[:count].reshape(-1, width + 2)
        # Written to bytes, SciPy rounds to the nearest.
        map_coordinates(tall, at, output=result[part], order=1, mode="constant", prefilter=False)
    return result.reshape(images.shape)


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
