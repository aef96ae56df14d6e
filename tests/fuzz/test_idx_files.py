"""Damaged and hostile files are read, or refused in one line and in bounded memory."""

from __future__ import annotations

import gzip
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import Dataset, _load, load_dataset
from nnexp.data.idx import read_idx
from nnexp.errors import UserError

CASES = [200, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
ROOT = Path(__file__).parents[2]


def packed(*shape: int) -> bytes:
    head = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    size = 1
    for side in shape:
        size *= side
    return head + bytes(k % 3 for k in range(size))


WHOLE = {
    "train-images-idx3-ubyte": packed(6, 2, 3),
    "train-labels-idx1-ubyte": packed(6),
    "t10k-images-idx3-ubyte": packed(4, 2, 3),
    "t10k-labels-idx1-ubyte": packed(4),
}


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with bytes changed, taken out or put in, plain or zipped, before or after that."""
    content = bytearray(whole)
    if draw(st.booleans()):
        content = bytearray(gzip.compress(bytes(content)))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(content)))
        taken = draw(st.sampled_from([0, 0, 1, 1, 4, 1000]))
        content[place : place + taken] = draw(
            st.binary(max_size=4) | st.sampled_from([b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x1f\x8b"])
        )
    if draw(st.integers(0, 4)) == 0:
        content = bytearray(gzip.compress(bytes(content)))
    return bytes(content)


@pytest.mark.parametrize("cases", CASES)
def test_any_file_is_an_array_or_refused_in_one_line(cases: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    seen = {"read": 0, "refused": 0}

    @settings(max_examples=cases)
    @given(st.sampled_from(sorted(WHOLE.values())).flatmap(damaged) | st.binary(max_size=60))
    def check(content: bytes) -> None:
        path.write_bytes(content)
        try:
            values = read_idx(path)
        except UserError as error:
            seen["refused"] += 1
            assert len(str(error).splitlines()) == 1
            assert "file" in str(error)
        else:
            seen["read"] += 1
            assert 0 < values.size <= len(content) * 1032  # zlib's greatest ratio

    check()
    assert min(seen.values()) > 0


@pytest.mark.parametrize("cases", CASES)
def test_any_folder_is_a_data_set_or_refused_in_one_line(cases: int, tmp_path: Path) -> None:
    config = DataConfig(name="idx", root=str(tmp_path))
    seen = {"read": 0, "refused": 0}

    @settings(max_examples=cases)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        hurt = data.draw(st.sets(st.sampled_from(sorted(WHOLE)), max_size=2))
        for name, whole in WHOLE.items():
            (tmp_path / name).write_bytes(data.draw(damaged(whole)) if name in hurt else whole)
        _load.cache_clear()
        try:
            found = load_dataset(config)
        except UserError as error:
            seen["refused"] += 1
            assert len(str(error).splitlines()) == 1
        else:
            seen["read"] += 1
            assert isinstance(found, Dataset)
            assert len(found.train.images) == len(found.train.labels)
            assert int(found.test.labels.max()) < found.n_outputs

    try:
        check()
    finally:
        _load.cache_clear()
    assert min(seen.values()) > 0


READER = """
import re, sys
from pathlib import Path
from nnexp.data.idx import read_idx
from nnexp.errors import UserError
try:
    read_idx(Path(sys.argv[1]))
    print("read")
except UserError as error:
    print(error)
# Not getrusage: its peak counts what the parent held when this process was forked.
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.parametrize("announced", [10, 1 << 27], ids=["ten bytes", "128 megabytes"])
def test_gzip_bomb_is_refused_in_bounded_resident_memory(announced: int, tmp_path: Path) -> None:
    """Eight gigabytes of zeros in eight megabytes. What the system counts, not what Python does."""
    compress = zlib.compressobj(9, wbits=31)
    content = compress.compress(bytes((0, 0, 8, 1)) + struct.pack(">I", announced))
    content += compress.flush(zlib.Z_FULL_FLUSH)
    zeros = compress.compress(bytes(1 << 20)) + compress.flush(zlib.Z_FULL_FLUSH)
    path = tmp_path / "bomb.gz"
    path.write_bytes(content + zeros * 8192)
    done = subprocess.run(
        [sys.executable, "-c", READER, str(path)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    said, kilobytes = done.stdout.splitlines()
    assert "too long" in said
    # NumPy alone takes some 50 MB. What is announced and there is held, and no more.
    assert int(kilobytes) < 150_000 + announced // 1000 * 1.6
