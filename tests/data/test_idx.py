"""The IDX reader believes nothing a file says about itself."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from nnexp.data.checksums import MNIST
from nnexp.data.dataset import MNIST_FOLDER
from nnexp.data.idx import read_idx, read_idx_with_digest
from nnexp.errors import UserError

PackIdx = Callable[[NDArray[np.uint8]], bytes]

# Every example overwrites the same file, so that the folder may stay the same.
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=6))


def refusal(path: Path, **limits: int) -> str:
    """The message with which the file is refused: always one line that names it."""
    with pytest.raises(UserError) as caught:
        read_idx(path, **limits)
    message = str(caught.value)
    assert path.name in message
    assert len(message.splitlines()) == 1
    return message


def valid_or_refused(path: Path) -> None:
    try:
        values = read_idx(path)
    except UserError as error:
        assert path.name in str(error)
        assert len(str(error).splitlines()) == 1
    else:
        assert values.dtype == np.uint8
        assert 1 <= values.ndim <= 3
        assert values.size > 0


@same_folder
@given(values=arrays, zipped=st.booleans())
def test_what_was_written_is_read(
    values: NDArray[np.uint8], zipped: bool, tmp_path: Path, pack_idx: PackIdx
) -> None:
    content = pack_idx(values)
    path = tmp_path / "any-name"
    path.write_bytes(gzip.compress(content) if zipped else content)
    file = read_idx_with_digest(path)
    np.testing.assert_array_equal(file.values, values)
    assert file.values.shape == values.shape
    assert file.values.flags.c_contiguous
    assert not file.values.flags.writeable
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@same_folder
@given(content=st.binary(max_size=200))
def test_any_bytes_are_an_array_or_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    valid_or_refused(path)
    path.write_bytes(gzip.compress(content))
    valid_or_refused(path)
    path.write_bytes(b"\x1f\x8b\x08" + content)
    valid_or_refused(path)


@same_folder
@given(
    ndim=st.integers(0, 5),
    dimensions=st.lists(st.integers(0, 2**32 - 1) | st.integers(0, 4), max_size=5),
    body=st.binary(max_size=40),
    zipped=st.booleans(),
)
def test_any_header_is_an_array_or_refused(
    ndim: int, dimensions: list[int], body: bytes, zipped: bool, tmp_path: Path
) -> None:
    content = struct.pack(f">HBB{len(dimensions)}I", 0, 8, ndim, *dimensions) + body
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if zipped else content)
    valid_or_refused(path)


@same_folder
@given(values=arrays, data=st.data(), zipped=st.booleans())
def test_truncated_file_is_refused_wherever_it_is_cut(
    values: NDArray[np.uint8],
    data: st.DataObject,
    zipped: bool,
    tmp_path: Path,
    pack_idx: PackIdx,
) -> None:
    content = pack_idx(values)
    if zipped:
        content = gzip.compress(content)
    path = tmp_path / "cut"
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])
    refusal(path)


@same_folder
@given(values=arrays, extra=st.binary(min_size=1, max_size=9), zipped=st.booleans())
def test_file_longer_than_its_header_says_is_refused(
    values: NDArray[np.uint8], extra: bytes, zipped: bool, tmp_path: Path, pack_idx: PackIdx
) -> None:
    content = pack_idx(values) + extra
    path = tmp_path / "long"
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert "too long" in refusal(path)


def test_large_file_is_refused_wherever_its_gzip_data_is_cut(
    tmp_path: Path, pack_idx: PackIdx
) -> None:
    # Compresses so well that zlib holds back output at every step.
    content = gzip.compress(pack_idx(np.zeros((3, 1000, 1000), np.uint8)))
    path = tmp_path / "zeros.gz"
    for kept in (len(content) - 1, len(content) - 8, len(content) - 9, len(content) // 2, 25, 5):
        path.write_bytes(content[:kept])
        assert "truncated" in refusal(path)
    path.write_bytes(content)
    assert read_idx(path).shape == (3, 1000, 1000)


def test_damaged_gzip_data_is_refused_with_its_name(tmp_path: Path, pack_idx: PackIdx) -> None:
    content = bytearray(gzip.compress(pack_idx(np.arange(200, dtype=np.uint8))))
    content[-8] ^= 1  # the check sum
    path = tmp_path / "damaged.gz"
    path.write_bytes(content)
    assert "damaged gzip data" in refusal(path)


@same_folder
@given(data=st.data())
def test_flipped_bit_in_a_shipped_file_is_refused_or_changes_nothing(
    data: st.DataObject, tmp_path: Path
) -> None:
    """gzip's own header holds a time and a system, which do not matter."""
    shipped = MNIST_FOLDER / "t10k-labels-idx1-ubyte.gz"
    content = bytearray(shipped.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    path = tmp_path / "flipped.gz"
    path.write_bytes(content)
    try:
        file = read_idx_with_digest(path)
    except UserError as error:
        assert path.name in str(error)
    else:
        assert file.sha256 == MNIST["t10k-labels"]


def test_gzip_file_of_several_members_is_read(tmp_path: Path, pack_idx: PackIdx) -> None:
    values = np.arange(200, dtype=np.uint8)
    content = pack_idx(values)
    path = tmp_path / "members.gz"
    path.write_bytes(b"".join(gzip.compress(content[i : i + 50]) for i in range(0, 250, 50)))
    np.testing.assert_array_equal(read_idx(path), values)


def test_data_after_the_gzip_data_is_refused(tmp_path: Path, pack_idx: PackIdx) -> None:
    path = tmp_path / "trailing.gz"
    path.write_bytes(gzip.compress(pack_idx(np.ones(3, np.uint8))) + b"more")
    assert "other data follows" in refusal(path)


def test_gzip_bomb_is_refused_in_bounded_memory(tmp_path: Path) -> None:
    """A small header, then two gigabytes of zeros in two megabytes."""
    compress = zlib.compressobj(1, wbits=31)
    content = compress.compress(bytes((0, 0, 8, 1)) + struct.pack(">I", 10))
    # One mebibyte of zeros, repeated as it is: a full flush ends on a byte and starts anew.
    content += compress.flush(zlib.Z_FULL_FLUSH)
    zeros = compress.compress(bytes(1 << 20)) + compress.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path / "bomb.gz"
    path.write_bytes(content + zeros * 2048)
    tracemalloc.start()
    try:
        message = refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "too long" in message
    assert peak < 4 << 20


@pytest.mark.parametrize("zipped", [False, True])
def test_header_that_announces_too_much_is_refused_unread(tmp_path: Path, zipped: bool) -> None:
    content = bytes((0, 0, 8, 3)) + struct.pack(">III", 2**32 - 1, 2**32 - 1, 2**32 - 1)
    path = tmp_path / "absurd"
    path.write_bytes(gzip.compress(content) if zipped else content)
    message = refusal(path)
    assert "4294967295 x 4294967295 x 4294967295" in message
    assert "at most 1073741824" in message


def test_size_limit_is_exact(tmp_path: Path, pack_idx: PackIdx) -> None:
    path = tmp_path / "twelve"
    path.write_bytes(pack_idx(np.zeros((3, 4), np.uint8)))
    assert read_idx(path, max_bytes=12).shape == (3, 4)
    assert "at most 11 are allowed" in refusal(path, max_bytes=11)


def test_announced_values_that_are_not_there_take_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "short"
    path.write_bytes(bytes((0, 0, 8, 1)) + struct.pack(">I", 1 << 30))
    tracemalloc.start()
    try:
        message = refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "truncated" in message
    assert peak < 4 << 20


@pytest.mark.parametrize(
    ("magic", "shown"),
    [(b"", "''"), (b"\x00\x00\x0d\x03", "00 00 0d 03"), (b"\x00\x00\x08\x04", "00 00 08 04")],
)
def test_wrong_magic_number_is_shown_beside_the_expected(
    tmp_path: Path, magic: bytes, shown: str
) -> None:
    path = tmp_path / "wrong"
    path.write_bytes(magic and magic + bytes(20))
    message = refusal(path)
    assert shown in message
    assert "expected '00 00 08' and 01, 02 or 03" in message


def test_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "nowhere")


def test_folder_and_named_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    assert "not a regular file" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in refusal(tmp_path / "pipe")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_unreadable_file_is_refused_with_its_name(tmp_path: Path, pack_idx: PackIdx) -> None:
    path = tmp_path / "locked"
    path.write_bytes(pack_idx(np.ones(3, np.uint8)))
    path.chmod(0)
    assert "Permission denied" in refusal(path)


def test_line_break_in_a_file_name_stays_off_the_message(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_idx(tmp_path / "two\nlines")
    assert len(str(caught.value).splitlines()) == 1
    assert "two\\nlines" in str(caught.value)


def test_zero_byte_in_a_file_name_is_refused() -> None:
    with pytest.raises(UserError, match="not a file name"):
        read_idx(Path("zero\0byte"))
