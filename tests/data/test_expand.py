"""Shifted, rotated and distorted images stay images of the same thing."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates, rotate

from nnexp.data import expand
from nnexp.data.dataset import Dataset, Examples
from nnexp.data.expand import MOVES, distort, fivefold, random_shift, shift_images
from nnexp.errors import UserError
from tests.kernel.processors import PROCESSORS, ROOT, printed

Numbers = NDArray[np.float64]

SQUARE = (28, 28)

either = pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "numpy"])

STRENGTHS = {"angle": 15.0, "alpha": 36.0, "sigma": 5.0}

GOLDEN = {
    "distort": "aee3472c953df0fff3b0a95266a76ae640c459c0c4f1a7992c404fd25dc1a5f9",
    "distort, strong": "2b1d61b82a1ed8873af1d091a09f21561c3954c52b9a7b6cf7518cd34b0dc443",
    "shift": "aab836a60bca83f3f10d4dc205c44f23cb9cc4d0fc2e293e6c566d6399a788dc",
}


def bits(seed: int) -> np.random.PCG64:
    """Random words of their own."""
    return np.random.PCG64(seed)


def random_words(seed: int, n: int, height: int, width: int) -> tuple[Numbers, Numbers]:
    """(angle, fields) of each image in [-1, 1), made from words one by one."""
    words = [int(w) for w in bits(seed).random_raw(n + n * height * width)]
    angles = [2 * (w >> 11) / 2**53 - 1 for w in words[:n]]
    halves = [h for w in words[n:] for h in (w & 0xFFFF_FFFF, w >> 32)]
    fields = np.array([2 * (h >> 8) / 2**24 - 1 for h in halves])
    return np.array(angles), fields.reshape(n, 2, height, width)


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
    moved = random_shift(before, (3, 4), bits(5))
    ways = np.stack([(moved == shift_images(before, (3, 4), *move)).all(axis=1) for move in MOVES])
    assert (ways.sum(axis=0) == 1).all()
    # 800 of each expected, with a standard deviation of 25.
    assert (np.abs(ways.sum(axis=1) - 800) < 130).all()
    np.testing.assert_array_equal(before, images(4_000, 3, 4))
    assert ways.argmax(axis=0).tolist() == [int(w) * 5 >> 64 for w in bits(5).random_raw(4_000)]


@either
def test_same_seed_same_images_other_seed_others(mnist: Dataset, compiled: bool) -> None:
    before = digits(mnist, 300)

    def expanded(seed: int) -> list[NDArray[np.uint8]]:
        return [
            random_shift(before, SQUARE, bits(seed)),
            distort(before, SQUARE, bits(seed), **STRENGTHS, compiled=compiled),
        ]

    for first, again, other in zip(expanded(1), expanded(1), expanded(2), strict=True):
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


@either
def test_no_rotation_and_no_displacement_change_nothing(compiled: bool) -> None:
    before = images(260, 5, 7)
    strengths = {**STRENGTHS, "angle": 0.0, "alpha": 0.0}
    after = distort(before, (5, 7), bits(0), **strengths, compiled=compiled)
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(after, before)


@either
def test_distorted_digit_keeps_its_ink_roughly_and_its_place(
    mnist: Dataset, compiled: bool
) -> None:
    before = digits(mnist, 1_000)
    after = distort(before, SQUARE, bits(0), **STRENGTHS, compiled=compiled)
    assert after.shape == before.shape
    ratio = after.sum(axis=1, dtype=np.int64) / before.sum(axis=1, dtype=np.int64)
    assert ratio.mean() == pytest.approx(1.0, abs=0.03)
    assert ratio.min() > 0.5
    assert ratio.max() < 1.6
    ink = before.mean(axis=0, dtype=np.float64), after.mean(axis=0, dtype=np.float64)
    assert np.corrcoef(ink)[0, 1] > 0.98
    assert (after != before).any(axis=1).all()


@either
def test_every_image_is_distorted_in_its_own_way(mnist: Dataset, compiled: bool) -> None:
    same = np.repeat(digits(mnist, 1), 300, axis=0)
    after = distort(same, SQUARE, bits(0), **STRENGTHS, compiled=compiled)
    assert len(np.unique(after, axis=0)) == 300


@either
def test_rotation_alone_is_that_of_scipy(mnist: Dataset, compiled: bool) -> None:
    before = digits(mnist, 20)
    strengths = {"angle": 15.0, "alpha": 0.0, "sigma": 5.0}
    after = distort(before, SQUARE, bits(4), **strengths, compiled=compiled)
    angles = 15.0 * random_words(4, 20, *SQUARE)[0]
    for image, turned, angle in zip(before, after, angles, strict=True):
        # SciPy's own counts the other way round and cuts off at the frame, where digits are not.
        expected = rotate(image.reshape(SQUARE).astype(np.float64), -angle, reshape=False, order=1)
        assert np.abs(turned.reshape(SQUARE) - expected).max() <= 0.51


@either
@pytest.mark.parametrize(
    ("shape", "angle", "alpha", "sigma"),
    [
        ((28, 28), 30.0, 60.0, 4.0),
        ((20, 31), 30.0, 60.0, 4.0),
        ((9, 5), 180.0, 20.0, 0.3),
        ((1, 1), 10.0, 1.0, 1.0),
        ((7, 40), 90.0, 1000.0, 100.0),
    ],
)
def test_distortion_is_the_published_one_image_by_image(
    shape: tuple[int, int], angle: float, alpha: float, sigma: float, compiled: bool
) -> None:
    """The whole formula, written out with SciPy's filter and in one dimension less."""
    n, (height, width) = 70, shape
    before = images(n, height, width)
    strengths = {"angle": angle, "alpha": alpha, "sigma": sigma}
    after = distort(before, shape, bits(8), **strengths, compiled=compiled)
    angles, fields = random_words(8, n, height, width)
    centre = np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
    grid = np.mgrid[:height, :width] - centre
    for image, result, turned, field in zip(before, after, angles, fields, strict=True):
        field = gaussian_filter(field, (0, sigma, sigma), mode="constant")
        theta = np.deg2rad(angle * turned)
        turn = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]])
        at = np.tensordot(turn, grid, 1) + centre + alpha * field
        picture = image.reshape(shape).astype(np.float64)
        expected = map_coordinates(picture, at, order=1, mode="grid-constant")
        # Half a grey level for the rounding, and float32 positions times the steepest slope.
        assert np.abs(result.reshape(shape) - expected).max() < 0.52


@settings(max_examples=60)
@given(
    shape=st.tuples(st.integers(1, 35), st.integers(1, 35)),
    n=st.integers(0, 5),
    seed=st.integers(0, 2**32),
    angle=st.floats(0, 180),
    alpha=st.floats(0, 1000),
    sigma=st.floats(0.1, 100),
)
def test_compiled_and_numpy_give_the_same_bytes(
    shape: tuple[int, int], n: int, seed: int, angle: float, alpha: float, sigma: float
) -> None:
    before = images(n, *shape, seed=seed)
    strengths = {"angle": angle, "alpha": alpha, "sigma": sigma}
    one, other = (
        distort(before, shape, bits(seed), **strengths, compiled=c) for c in (True, False)
    )
    np.testing.assert_array_equal(one, other)


def test_compiled_and_numpy_give_the_same_bytes_for_digits(mnist: Dataset) -> None:
    before = digits(mnist, 1_000)
    one, other = (distort(before, SQUARE, bits(1), **STRENGTHS, compiled=c) for c in (True, False))
    np.testing.assert_array_equal(one, other)


@either
def test_an_image_does_not_depend_on_how_many_are_distorted_at_a_time(
    mnist: Dataset, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digits(mnist, 60)
    whole = distort(before, SQUARE, bits(3), **STRENGTHS, compiled=compiled)
    monkeypatch.setattr(expand, "_CHUNK", 7)
    np.testing.assert_array_equal(
        distort(before, SQUARE, bits(3), **STRENGTHS, compiled=compiled), whole
    )


def golden(compiled: bool) -> dict[str, str]:
    """SHA-256 of distorted and of shifted noise."""
    words = bits(11).random_raw(100 * 28 * 28 // 8)
    before = words.astype("<u8").view(np.uint8).reshape(100, -1)
    made = {
        "distort": distort(before, SQUARE, bits(1), **STRENGTHS, compiled=compiled),
        "distort, strong": distort(
            before, (14, 56), bits(2), angle=180.0, alpha=300.0, sigma=2.5, compiled=compiled
        ),
        "shift": random_shift(before, SQUARE, bits(3)),
    }
    return {name: hashlib.sha256(image.tobytes()).hexdigest() for name, image in made.items()}


@either
def test_bytes_are_the_published_ones(compiled: bool) -> None:
    assert golden(compiled) == GOLDEN


@pytest.mark.parametrize("processor", PROCESSORS)
def test_bytes_are_the_same_on_another_processor(processor: str, tmp_path: Path) -> None:
    code = "from tests.data.test_expand import golden; print(golden(True))"
    assert ast.literal_eval(printed(code, processor, tmp_path)) == GOLDEN


def test_numpy_distorts_where_numba_cannot_be_had() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np; from nnexp.data.expand import distort\n"
        "distort(np.ones((2, 16), np.uint8), (4, 4), np.random.PCG64(0),"
        " angle=15.0, alpha=36.0, sigma=5.0, compiled=False)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_angles_and_weights_are_those_of_libm() -> None:
    degrees = np.linspace(-180, 180, 7_201)
    radians = np.deg2rad(degrees)
    for got, expected in zip(
        expand._sine_and_cosine(degrees), (np.sin(radians), np.cos(radians)), strict=True
    ):
        assert np.abs(got - expected).max() <= 2.0**-25
    for sigma in (0.1, 0.125, 0.2, 1.0, 5.0, 100.0):
        expected = gaussian_filter(np.eye(28), (sigma, 0), mode="constant")
        np.testing.assert_allclose(expand._gaussian(28, sigma), expected, rtol=1e-6, atol=1e-30)


def test_number_of_images_may_be_anything() -> None:
    for n in (0, 1, 249, 250, 251):
        before = images(n, 4, 4)
        assert distort(before, (4, 4), bits(0), **STRENGTHS, compiled=True).shape == (n, 16)
        assert random_shift(before, (4, 4), bits(0)).shape == (n, 16)


@pytest.mark.parametrize(
    ("key", "value"),
    [("angle", -1.0), ("angle", 181.0), ("alpha", -0.5), ("sigma", 0.0), ("sigma", float("nan"))],
)
def test_strength_out_of_range_is_refused_with_its_key(key: str, value: float) -> None:
    with pytest.raises(UserError, match=rf"expand\.{key}={value}: expected "):
        distort(images(1, 4, 4), (4, 4), bits(0), **{**STRENGTHS, key: value}, compiled=False)
