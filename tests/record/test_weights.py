from __future__ import annotations

import hashlib
import pickle
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.weights import load_weights, save_weights, weights_sha256


def network(dtype: type[np.floating] = np.float32, seed: int = 0) -> Parameters:
    generator = np.random.default_rng(seed)
    sizes = (12, 5, 3)
    return Parameters(
        weights=tuple(
            generator.normal(size=(n_out, n_in)).astype(dtype) for n_in, n_out in pairwise(sizes)
        ),
        biases=tuple(generator.normal(size=n_out).astype(dtype) for n_out in sizes[1:]),
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_weights_come_back_bit_for_bit(tmp_path: Path, dtype: type[np.floating]) -> None:
    saved = network(dtype)
    save_weights(tmp_path / "weights.npz", saved)
    loaded = load_weights(tmp_path / "weights.npz")
    assert loaded.sizes == (12, 5, 3)
    for before, after in zip(
        saved.weights + saved.biases, loaded.weights + loaded.biases, strict=True
    ):
        assert after.dtype == dtype
        assert before.tobytes() == after.tobytes()


def test_arrays_are_named_by_layer_and_have_the_documented_shapes(tmp_path: Path) -> None:
    save_weights(tmp_path / "weights.npz", network())
    with np.load(tmp_path / "weights.npz", allow_pickle=False) as arrays:
        shapes = {name: arrays[name].shape for name in arrays.files}
    assert shapes == {"W1": (5, 12), "b1": (5,), "W2": (3, 5), "b2": (3,)}


def test_equal_weights_give_equal_files_at_any_time(tmp_path: Path) -> None:
    save_weights(tmp_path / "first.npz", network())
    save_weights(tmp_path / "second.npz", network())
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "first.npz") as archive:
        stamps = {entry.date_time for entry in archive.infolist()}
    assert stamps == {(1980, 1, 1, 0, 0, 0)}


def test_memory_layout_changes_neither_the_file_nor_the_checksum(tmp_path: Path) -> None:
    plain = network()
    turned = Parameters(tuple(np.asfortranarray(w) for w in plain.weights), plain.biases)
    save_weights(tmp_path / "plain.npz", plain)
    save_weights(tmp_path / "turned.npz", turned)
    assert (tmp_path / "plain.npz").read_bytes() == (tmp_path / "turned.npz").read_bytes()
    assert weights_sha256(plain) == weights_sha256(turned)


def test_checksum_is_over_the_bytes_in_the_documented_order() -> None:
    parameters = network()
    (w1, w2), (b1, b2) = parameters.weights, parameters.biases
    content = b"".join(array.tobytes() for array in (w1, b1, w2, b2))
    assert weights_sha256(parameters) == hashlib.sha256(content).hexdigest()


def test_one_bit_changes_the_checksum() -> None:
    parameters = network()
    before = weights_sha256(parameters)
    parameters.biases[1].view(np.uint32)[0] ^= 1
    assert weights_sha256(parameters) != before


def _write(path: Path, **arrays: object) -> None:
    np.savez(path, **arrays)  # type: ignore[arg-type]


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as caught:
        load_weights(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_absent_file_is_refused_by_name(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "weights.npz")


def test_missing_array_is_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    _write(path, W1=np.zeros((3, 4)), b1=np.zeros(3), W2=np.zeros((2, 3)))
    assert "array b2 is missing" in refusal(path)
    _write(path, first=np.zeros((3, 4)))
    assert "array W1 is missing (it holds first)" in refusal(path)
    _write(path)
    assert "it holds nothing" in refusal(path)


def test_shapes_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    _write(path, W1=np.zeros((3, 4)), b1=np.zeros(4))
    assert "array b1 has shape (4,), expected (3,)" in refusal(path)
    _write(path, W1=np.zeros((3, 4)), b1=np.zeros(3), W2=np.zeros((2, 5)), b2=np.zeros(2))
    assert "array W2 has shape (2, 5), expected (n_out, 3)" in refusal(path)
    _write(path, W1=np.zeros(3), b1=np.zeros(3))
    assert "array W1 has shape (3,), expected (n_out, n_in)" in refusal(path)


def test_integers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    _write(path, W1=np.zeros((3, 4), np.int64), b1=np.zeros(3))
    assert "array W1 has dtype int64" in refusal(path)


def test_pickled_array_is_refused_and_never_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "weights.npz", tmp_path / "was-run"

    class Hostile:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (trace,)  # type: ignore[return-value]

    _write(path, W1=np.array([Hostile()], dtype=object), b1=np.zeros(3))
    assert "damaged" in refusal(path)
    path.write_bytes(pickle.dumps(Hostile()))
    assert "damaged" in refusal(path)
    assert not trace.exists()


def test_single_array_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    assert "a single array" in refusal(path)


def test_truncated_file_is_refused_at_any_length(tmp_path: Path) -> None:
    save_weights(tmp_path / "whole.npz", network())
    whole = (tmp_path / "whole.npz").read_bytes()
    path = tmp_path / "weights.npz"
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        refusal(path)


def test_flipped_byte_in_an_array_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    save_weights(path, network())
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("b1.npy").header_offset
    content = bytearray(path.read_bytes())
    for position in range(offset + 30, offset + 190):
        damaged = content.copy()
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        # The zip's own fields hold bytes that mean nothing; the numbers are all under a checksum.
        try:
            loaded = load_weights(path)
        except UserError:
            continue
        assert weights_sha256(loaded) == weights_sha256(network())
