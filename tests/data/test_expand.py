"""Shifted, rotated and distorted images stay images of the same thing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, rotate

from nnexp.data.dataset import Dataset, Examples
from nnexp.data.expand import MOVES, distort, fivefold, random_shift, shift_images
from nnexp.errors import UserError

SQUARE = (28, 28)


def images(n: int, height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Noise that fills the frame."""
    return np.random.default_rng(seed).integers(1, 256, size=(n, height * width), dtype=np.uint8)


def digits(mnist: Dataset, n: int) -> NDArray[np.uint8]:
    return mnist.train.images[:n]


@settings(deadline=None)
@given(
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    dy=st.integers(-6, 6),
    dx=st.integers(-6, 6),
)
def test_shift_moves_every_pixel_and_fills_with_background(
    height: int, width: int, dy: int, dx: int
) -> None:
    before = images(3, height, width)
    moved = shift_images(before, (height, width), dy, dx)
    assert moved.dtype == np.uint8
    assert moved.shape == before.shape
    source, target = before.reshape(-1, height, width), moved.reshape(-1, height, width)
    for y in range(height):
        for x in range(width):
            from_y, from_x = y - dy, x - dx
            inside = 0 <= from_y < height and 0 <= from_x < width
            expected = source[:, from_y, from_x] if inside else np.zeros(3, np.uint8)
            np.testing.assert_array_equal(target[:, y, x], expected)


def test_fivefold_holds_the_original_and_the_four_one_pixel_shifts() -> None:
    pixel = np.zeros((1, 3, 4), np.uint8)
    pixel[0, 1, 2] = 9
    expanded = fivefold(Examples(pixel.reshape(1, 12), np.array([7], np.uint8)), (3, 4))
    assert expanded.labels.tolist() == [7] * 5
    assert expanded.images.shape == (5, 12)
    where = [tuple(at) for at in np.argwhere(expanded.images.reshape(5, 3, 4) == 9)[:, 1:]]
    assert where == [(1, 2), (0, 2), (2, 2), (1, 1), (1, 3)]
    assert expanded.images.sum() == 5 * 9


def test_fivefold_keeps_image_and_label_together(mnist: Dataset) -> None:
    examples = Examples(digits(mnist, 20), mnist.train.labels[:20])
    expanded = fivefold(examples, SQUARE)
    assert len(expanded) == 100
    np.testing.assert_array_equal(expanded.images[:20], examples.images)
    for block, (dy, dx) in enumerate(MOVES):
        part = slice(20 * block, 20 * (block + 1))
        moved = shift_images(examples.images, SQUARE, dy, dx)
        np.testing.assert_array_equal(expanded.images[part], moved)
        np.testing.assert_array_equal(expanded.labels[part], examples.labels)


def test_random_shift_moves_each_image_one_of_five_ways_equally_often() -> None:
    before = images(4_000, 3, 4)
    moved = random_shift(before, (3, 4), np.random.default_rng(5))
    ways = np.stack([(moved == shift_images(before, (3, 4), *move)).all(axis=1) for move in MOVES])
    assert (ways.sum(axis=0) == 1).all()
    # 800 of each expected, with a standard deviation of 25.
    assert (np.abs(ways.sum(axis=1) - 800) < 130).all()
    np.testing.assert_array_equal(before, images(4_000, 3, 4))


def test_same_seed_same_images_other_seed_others(mnist: Dataset) -> None:
    before = digits(mnist, 300)

    def expanded(seed: int) -> list[NDArray[np.uint8]]:
        return [
            random_shift(before, SQUARE, np.random.default_rng(seed)),
            distort(before, SQUARE, np.random.default_rng(seed), angle=15.0, alpha=36.0, sigma=5.0),
        ]

    for first, again, other in zip(expanded(1), expanded(1), expanded(2), strict=True):
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


def test_no_rotation_and_no_displacement_change_nothing() -> None:
    before = images(260, 5, 7)
    after = distort(before, (5, 7), np.random.default_rng(0), angle=0.0, alpha=0.0, sigma=5.0)
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(after, before)


def test_distorted_digit_keeps_its_ink_roughly_and_its_place(mnist: Dataset) -> None:
    before = digits(mnist, 1_000)
    after = distort(before, SQUARE, np.random.default_rng(0), angle=15.0, alpha=36.0, sigma=5.0)
    assert after.shape == before.shape
    ratio = after.sum(axis=1, dtype=np.int64) / before.sum(axis=1, dtype=np.int64)
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert ratio.min() > 0.5
    assert ratio.max() < 1.6
    ink = before.mean(axis=0, dtype=np.float64), after.mean(axis=0, dtype=np.float64)
    assert np.corrcoef(ink)[0, 1] > 0.98
    assert (after != before).any(axis=1).all()


def test_every_image_is_distorted_in_its_own_way(mnist: Dataset) -> None:
    same = np.repeat(digits(mnist, 1), 300, axis=0)
    after = distort(same, SQUARE, np.random.default_rng(0), angle=15.0, alpha=36.0, sigma=5.0)
    assert len(np.unique(after, axis=0)) == 300


def test_rotation_alone_is_that_of_scipy(mnist: Dataset) -> None:
    before = digits(mnist, 20)
    after = distort(before, SQUARE, np.random.default_rng(4), angle=15.0, alpha=0.0, sigma=5.0)
    angles = np.random.default_rng(4).uniform(-15.0, 15.0, size=20)
    for image, turned, angle in zip(before, after, angles, strict=True):
        # SciPy's own counts the other way round and cuts off at the frame, where digits are not.
        expected = rotate(image.reshape(SQUARE).astype(np.float64), -angle, reshape=False, order=1)
        assert np.abs(turned.reshape(SQUARE) - expected).max() <= 0.51


@pytest.mark.parametrize("shape", [(28, 28), (20, 31)])
def test_distortion_is_the_published_one_image_by_image(shape: tuple[int, int]) -> None:
    """The whole formula, written out with SciPy's filter and in one dimension less."""
    n, (height, width) = 270, shape
    before = images(n, height, width)
    after = distort(before, shape, np.random.default_rng(8), angle=30.0, alpha=60.0, sigma=4.0)
    rng = np.random.default_rng(8)
    angles = np.deg2rad(rng.uniform(-30.0, 30.0, size=n))
    centre = np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    grid = np.mgrid[:height, :width] - centre
    for image, result, angle in zip(before, after, angles, strict=True):
        field = rng.random((2, *shape), dtype=np.float32).astype(np.float64) * 2 - 1
        field = gaussian_filter(field, (0, 4.0, 4.0), mode="constant")
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        at = np.tensordot(turn, grid, 1) + centre + 60.0 * field
        picture = image.reshape(shape).astype(np.float64)
        expected = map_coordinates(picture, at, order=1, mode="grid-constant")
        # Half a grey level for the rounding, and float32 positions times the steepest slope.
        assert np.abs(result.reshape(shape) - expected).max() < 0.51


def test_number_of_images_may_be_anything() -> None:
    for n in (0, 1, 249, 250, 251):
        before = images(n, 4, 4)
        rng = np.random.default_rng(0)
        assert distort(before, (4, 4), rng, angle=15.0, alpha=36.0, sigma=5.0).shape == (n, 16)
        assert random_shift(before, (4, 4), rng).shape == (n, 16)


@pytest.mark.parametrize(
    ("key", "value"),
    [("angle", -1.0), ("angle", 181.0), ("alpha", -0.5), ("sigma", 0.0), ("sigma", float("nan"))],
)
def test_strength_out_of_range_is_refused_with_its_key(key: str, value: float) -> None:
    strengths = {"angle": 15.0, "alpha": 36.0, "sigma": 5.0, key: value}
    with pytest.raises(UserError, match=rf"expand\.{key}={value}: expected "):
        distort(images(1, 4, 4), (4, 4), np.random.default_rng(0), **strengths)
