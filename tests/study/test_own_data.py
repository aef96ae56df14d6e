"""Data of one's own: what is read of each kind of source, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import load_dataset
from nnexp.errors import UserError
from nnexp.study.own_data import read_own, write_idx
from tests.inside import inside

GREY = np.arange(30 * 9, dtype=np.uint8).reshape(30, 3, 3)
KINDS = [str(k % 3 + 8) for k in range(30)]


def made(folder: Path, kind: str) -> Path:
    """The same thirty images as each kind of source there is."""
    path = folder / f"data.{kind}"
    if kind == "png":
        for k, (image, label) in enumerate(zip(GREY, KINDS, strict=True)):
            place = path / label
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{k:02}.png")
    elif kind == "csv":
        pairs = zip(GREY, KINDS, strict=True)
        rows = [",".join([label, *map(str, image.ravel())]) for image, label in pairs]
        head = ",".join(["label", *(f"p{k}" for k in range(9))])
        path.write_text("\n".join([head, *rows]))
    elif kind == "npz":
        np.savez(path, images=GREY, labels=np.array(KINDS))
    else:
        np.save(path, GREY)
        np.save(folder / "data_labels.npy", np.array(KINDS))
    return path


@pytest.mark.parametrize("kind", ["png", "csv", "npz", "npy"])
def test_the_same_images_are_found_whatever_they_come_in(tmp_path: Path, kind: str) -> None:
    data = read_own(made(tmp_path, kind), test=0.2, seed=3)
    assert (data.n_test, data.classes) == (6, ("8", "9", "10"))
    pairs = {(i.tobytes(), data.classes[n]) for i, n in zip(data.images, data.labels, strict=True)}
    assert pairs == {(i.tobytes(), label) for i, label in zip(GREY, KINDS, strict=True)}
    write_idx(tmp_path / "idx", data)
    found = load_dataset(DataConfig(name="idx", root=str(tmp_path / "idx")))
    assert np.array_equal(found.train.images, data.images[:24].reshape(24, 9))
    assert np.array_equal(found.test.labels, data.labels[24:])


def test_pictures_are_in_the_order_of_their_names_whatever_the_system(tmp_path: Path) -> None:
    source = made(tmp_path, "png")
    before = read_own(source, test=0.2, seed=3)
    # macOS leaves these beside what it copies to other disks.
    (source / "8" / "._00.png").write_bytes(b"no picture")
    assert np.array_equal(read_own(source, test=0.2, seed=3).images, before.images)


def test_columns_are_scaled_by_the_training_data_alone(tmp_path: Path) -> None:
    values = np.array([[-1.0, 500.0], [3.0, 900.0], [1.0, 700.0], [9.0, 100.0]])
    np.savez(
        tmp_path / "a.npz", x_train=values[:3], y_train=[0, 1, 0], x_test=values[3:], y_test=[1]
    )
    data = read_own(tmp_path / "a.npz", test=0.2, seed=0)
    assert data.n_test == 1
    assert data.images.reshape(4, 2).tolist() == [[0, 0], [255, 255], [128, 128], [255, 0]]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("label,a\n1,2\n1,3\n", "1 classes; allowed: 2 to 256"),
        ("label,a\n1,x\n2,3\n", "cannot be read"),
        ("label,a\n1,\n2,3\n", "some are missing"),
        ("a,b,kind\n0.5,2,x\n1,3,y\n", "0.5 is no label"),
        ("a,b,kind\n1,2,x\n2,3,y\n", "'x' in column 3 is no number; the label stands in the first"),
        (",a,label\n0,2,x\n1,3,y\n", "its first column has no name: row numbers"),
        ("a,b\n1,2,3\n2,3,4\n", "its first line has 2 names, the second 3 values"),
        ("", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    done = inside(tmp_path, "import-data", "a.csv", "--out", "b")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert why in done.stderr
    assert not (tmp_path / "b").exists()


def test_pickles_are_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{}, {}], dtype=object), allow_pickle=True)
    done = inside(tmp_path, "import-data", "a.npy", "--out", "b")
    assert (done.returncode, "cannot be read" in done.stderr) == (2, True)
    assert "or holds Python objects; arrays of numbers" in done.stderr
    assert "pickle" not in done.stderr


@pytest.mark.parametrize(
    ("source", "arrays", "why"),
    [
        ("a.npy", {"a.npy": b"no array"}, "a.npy is damaged, no NumPy file, or"),
        ("a.npy", {"a.npy": b""}, "a.npy is damaged, no NumPy file, or"),
        ("a.npz", {"a.npz": b""}, "a.npz is damaged, no NumPy file, or"),
        ("a.npz", {"a.npz": b"PK\x03\x04 and no more"}, "a.npz is damaged, no NumPy file, or"),
        ("a.npy", {}, "there is no a.npy"),
        ("a.csv", {}, "No such file or directory: a.csv"),
        ("a.npy", {"a.npy": GREY}, "there is no a_labels.npy"),
        ("a.npy", {"a.npy": GREY, "a_labels.npy": np.array([0, 1])}, "30 images and 2 labels"),
        ("a.npy", {"a.npy": GREY * 1j, "a_labels.npy": np.arange(30)}, "complex numbers"),
        ("a.npz", {"a.npz": {"images": GREY}}, "no array labels (there is images)"),
        ("a.npz", {"a.npz": {"x_train": GREY}}, "no array y_train (there is x_train)"),
    ],
)
def test_arrays_that_cannot_be_used_are_refused_in_a_line_of_our_own(
    tmp_path: Path, source: str, arrays: Mapping[str, Any], why: str
) -> None:
    for name, content in arrays.items():
        if isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
        elif isinstance(content, dict):
            np.savez(tmp_path / name, **content)
        else:
            np.save(tmp_path / name, content)
    done = inside(tmp_path, "import-data", source, "--out", "b")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"nnexp: {source}: ")
    assert why in done.stderr
    assert "allowed: " in done.stderr
    assert "Errno" not in done.stderr


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        ("", 30),
        ("label,a,b,c,d\n", 30),
        ("0,1,2,3,4\n", 30),
        (",1,2,3,4\n", 30),
        ("8,9,,3,4\n", 31),
        ("8,1,2,3,5\n", 31),
    ],
)
def test_a_first_line_is_left_out_of_a_table_only_if_it_names_the_columns(
    tmp_path: Path, head: str, rows: int
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(head + "".join(f"{k % 2},{k},7,8,9\n" for k in range(30)))
    if ",," in head:
        with pytest.raises(UserError, match="missing"):
            read_own(path, test=0.2, seed=0)
    else:
        assert len(read_own(path, test=0.2, seed=0).labels) == rows


def test_words_may_be_the_labels_of_a_table_without_names(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("cat,1,2\ndog,3,4\ncat,5,6\n")
    data = read_own(path, test=0.2, seed=0)
    assert (data.classes, len(data.labels)) == (("cat", "dog"), 3)
    path.write_text("label,0,1\ncat,1,2\n,3,4\n")
    with pytest.raises(UserError, match="row 2 has no label"):
        read_own(path, test=0.2, seed=0)
