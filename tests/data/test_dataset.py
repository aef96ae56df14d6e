"""The data sets: what is shipped is what was published, what is given is checked."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import FASHION_MNIST_FOLDER, MNIST_FOLDER, Dataset, load_dataset
from nnexp.errors import UserError

WriteFolder = Callable[..., Path]


def refusal(config: DataConfig) -> str:
    """The message with which the data set is refused: always one line."""
    with pytest.raises(UserError) as caught:
        load_dataset(config)
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def copy_mnist(folder: Path) -> None:
    for path in MNIST_FOLDER.glob("*.gz"):
        shutil.copyfile(path, folder / path.name)


def test_mnist_is_the_published_one(mnist: Dataset) -> None:
    assert mnist.train.images.shape == (60_000, 784)
    assert mnist.test.images.shape == (10_000, 784)
    assert len(mnist.train) == 60_000
    assert (mnist.n_outputs, mnist.image_shape, mnist.pixel_max) == (10, (28, 28), 255.0)
    assert mnist.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert mnist.test.labels[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.train.labels).tolist() == counts
    assert mnist.train.images.mean() / 255 == pytest.approx(0.1307, abs=5e-5)
    assert mnist.digests["t10k-labels"].startswith("ff7bcfd416de3373")


def test_data_set_is_loaded_once_and_cannot_be_changed(mnist: Dataset) -> None:
    assert load_dataset(DataConfig(n_train=1_000, subset="random")) is mnist
    for examples in (mnist.train, mnist.test):
        assert examples.images.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            examples.images[0, 0] = 1
        with pytest.raises(ValueError, match="read-only"):
            examples.labels[0] = 1


def test_digest_is_that_of_the_content_and_not_of_the_folder(
    mnist: Dataset, tmp_path: Path
) -> None:
    for path in MNIST_FOLDER.glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    copied = load_dataset(DataConfig(root=str(tmp_path)))
    assert copied.digest == mnist.digest
    assert copied.source == str(tmp_path)
    assert copied.source != mnist.source


@pytest.mark.parametrize("file", ["train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz"])
def test_one_flipped_bit_is_caught_by_the_checksum(tmp_path: Path, file: str) -> None:
    copy_mnist(tmp_path)
    content = bytearray(gzip.decompress((tmp_path / file).read_bytes()))
    content[5_000] ^= 1
    (tmp_path / file).write_bytes(gzip.compress(content, 1))
    message = refusal(DataConfig(root=str(tmp_path)))
    assert str(tmp_path / file) in message
    assert "SHA-256" in message
    assert "expected " in message


def test_missing_file_is_refused_with_the_names_it_may_have(write_folder: WriteFolder) -> None:
    folder = write_folder(without="t10k-labels")
    message = refusal(DataConfig(name="idx", root=str(folder)))
    assert str(folder) in message
    for name in ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte", "t10k-labels-idx1-ubyte.gz"):
        assert name in message


@pytest.mark.parametrize(
    "name",
    [
        "{part}-idx{ndim}-ubyte",
        "{part}-idx{ndim}-ubyte.gz",
        "{part}.idx{ndim}-ubyte",
        "{part}.idx{ndim}-ubyte.gz",
    ],
)
def test_idx_folder_is_read_under_every_usual_name(write_folder: WriteFolder, name: str) -> None:
    folder = write_folder(name=name)
    loaded = load_dataset(DataConfig(name="idx", root=str(folder)))
    assert loaded.train.images.shape == (7, 12)
    assert loaded.train.images[1].tolist() == list(range(12, 24))
    assert loaded.train.labels.tolist() == [2, 0, 1, 2, 1, 0, 0]
    assert loaded.test.images.shape == (2, 12)
    assert (loaded.name, loaded.n_outputs, loaded.image_shape) == ("idx", 3, (3, 4))
    assert loaded.source == str(folder)
    assert set(loaded.digests) == {"train-images", "train-labels", "t10k-images", "t10k-labels"}


def test_relative_root_is_taken_from_the_working_directory(
    write_folder: WriteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_folder()
    monkeypatch.chdir(folder.parent)
    loaded = load_dataset(DataConfig(name="idx", root=folder.name))
    assert loaded is load_dataset(DataConfig(name="idx", root=str(folder)))


@pytest.mark.parametrize(
    ("replaced", "complaint"),
    [
        ({"train_labels": np.array([0, 1], np.uint8)}, "it has 2 labels, expected 7"),
        ({"t10k_images": np.ones((3, 3, 4), np.uint8)}, "it has 2 labels, expected 3"),
        ({"t10k_images": np.ones((2, 4, 3), np.uint8)}, "4 x 3, expected 3 x 4"),
        ({"t10k_labels": np.array([0, 3], np.uint8)}, "label 3; expected 0 to 2"),
        ({"train_labels": np.zeros(7, np.uint8)}, "expected two classes or more"),
        ({"train_images": np.ones((7, 12), np.uint8)}, "it has 2 dimensions, expected 3"),
        ({"t10k_labels": np.ones((2, 1), np.uint8)}, "it has 2 dimensions, expected 1"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(
    write_folder: WriteFolder, replaced: dict[str, NDArray[np.uint8]], complaint: str
) -> None:
    folder = write_folder(**replaced)
    message = refusal(DataConfig(name="idx", root=str(folder)))
    assert complaint in message
    assert str(folder) in message


def test_idx_without_root_is_refused() -> None:
    assert "data.root" in refusal(DataConfig(name="idx"))


def test_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    message = refusal(DataConfig(name="idx", root=str(tmp_path / "nowhere")))
    assert f"data.root={tmp_path / 'nowhere'}" in message


def test_unknown_name_is_refused_with_the_known_ones() -> None:
    message = refusal(DataConfig(name="minst"))
    assert "data.name=minst" in message
    assert "mnist, fashion_mnist, idx, neuron" in message


def test_neuron_is_one_example_of_input_1_and_target_0() -> None:
    neuron = load_dataset(DataConfig(name="neuron"))
    for examples in (neuron.train, neuron.test):
        assert (examples.images / neuron.pixel_max).tolist() == [[1.0]]
        assert examples.labels.tolist() == [0]
    assert (neuron.n_outputs, neuron.image_shape) == (1, (1, 1))
    assert len(neuron.digest) == 64


def test_neuron_takes_no_root(tmp_path: Path) -> None:
    assert f"data.root={tmp_path}" in refusal(DataConfig(name="neuron", root=str(tmp_path)))


def test_mnist_is_not_taken_for_fashion_mnist() -> None:
    message = refusal(DataConfig(name="fashion_mnist", root=str(MNIST_FOLDER)))
    assert "not the file published as fashion_mnist" in message


@pytest.mark.skipif(FASHION_MNIST_FOLDER.exists(), reason="Debian's package is installed")
def test_absent_fashion_mnist_is_refused_with_the_package_and_the_key() -> None:
    message = refusal(DataConfig(name="fashion_mnist"))
    assert "dataset-fashion-mnist" in message
    assert "data.root" in message


@pytest.mark.skipif(not FASHION_MNIST_FOLDER.exists(), reason="needs Debian's package")
def test_fashion_mnist_of_debians_package_is_the_published_one() -> None:
    fashion = load_dataset(DataConfig(name="fashion_mnist"))
    assert fashion.train.images.shape == (60_000, 784)
    assert np.bincount(fashion.train.labels).tolist() == [6_000] * 10
    assert np.bincount(fashion.test.labels).tolist() == [1_000] * 10
