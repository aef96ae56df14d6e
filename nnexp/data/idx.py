"""The IDX format of the MNIST files, read with suspicion.

An IDX file of unsigned bytes is the magic number `00 00 08 ndim`, then `ndim` big-endian 32-bit
dimensions, then the values in C order. Source: LeCun, Cortes and Burges, "The MNIST database of
handwritten digits", section "File formats".

The header alone says how long the file must be. It is read first, and reading stops within 256 KiB
beyond that length, so neither a forged header nor a gzip bomb can fill the memory.
"""

from __future__ import annotations

import hashlib
import math
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nnexp.errors import UserError

MAX_BYTES = 1 << 30
"""Values a file may hold at most, unless the caller says otherwise: 1 GiB, twenty times MNIST."""

_CHUNK = 1 << 18
_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_MAX_NDIM = 3


@dataclass(frozen=True, eq=False)
class IdxFile:
    """What one IDX file holds."""

    values: NDArray[np.uint8]
    """The array, of 1 to 3 dimensions, C-contiguous and read-only."""
    sha256: str
    """SHA-256 of the unzipped file, header included, in hexadecimal."""


def read_idx(path: Path, *, max_bytes: int = MAX_BYTES) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes, gzipped or not.

    Whether the file is gzipped is seen by its first bytes, not by its name.

    Raises:
        UserError: the file is missing, unreadable, damaged, shorter or longer than its header
            says, not IDX, or would hold more than `max_bytes` values.
    """
    return read_idx_with_digest(path, max_bytes=max_bytes).values


def read_idx_with_digest(path: Path, *, max_bytes: int = MAX_BYTES) -> IdxFile:
    """As `read_idx`, with the SHA-256 of the unzipped file, in one pass over it."""
    name = printable(path)
    try:
        # Asked before opening: opening a named pipe would wait for a writer for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise UserError(f"{name}: not a regular file; an IDX file, gzipped or not, is expected")
        with path.open("rb") as stream:
            return _read(stream, name, max_bytes)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{name}: cannot be read ({reason}); a readable IDX file is expected"
        ) from error
    except ValueError as error:  # a zero byte in the name
        raise UserError(f"{name}: not a file name ({error}); an IDX file is expected") from error
    except zlib.error as error:
        raise UserError(
            f"{name}: damaged gzip data ({error}); an intact gzip or plain IDX file is expected"
        ) from error


def printable(path: Path) -> str:
    """The path on one line: as it is, or escaped where it holds line breaks and the like."""
    text = str(path)
    return text if text.isprintable() else repr(text)


def _read(stream: BinaryIO, name: str, max_bytes: int) -> IdxFile:
    chunks = _unzipped(stream, name)
    data = bytearray()
    shape = _header(chunks, data, name)
    start = 4 + 4 * len(shape)
    size = math.prod(shape)
    if size > max_bytes:
        raise UserError(
            f"{name}: its header announces {_times(shape)} = {size} bytes; at most {max_bytes} "
            "are allowed"
        )
    digest = hashlib.sha256(data)
    for chunk in chunks:
        digest.update(chunk)
        data += chunk
        if len(data) > start + size:
            break
    if len(data) != start + size:
        found = len(data) - start
        verdict = "more than that: it is too long" if found > size else f"{found}: it is truncated"
        raise UserError(
            f"{name}: its header announces {_times(shape)} = {size} bytes, but it holds {verdict}"
        )
    values = np.frombuffer(data, dtype=np.uint8, offset=start).reshape(shape)
    values.flags.writeable = False
    return IdxFile(values, digest.hexdigest())


def _header(chunks: Iterator[bytes], data: bytearray, name: str) -> tuple[int, ...]:
    """The dimensions; `data` receives what was read, the header and perhaps more."""
    _fill(chunks, data, 4)
    magic = bytes(data[:4])
    known = magic[:3] == bytes((0, 0, _UNSIGNED_BYTE)) and len(magic) == 4
    if not known or not 1 <= magic[3] <= _MAX_NDIM:
        raise UserError(
            f"{name}: not an IDX file of unsigned bytes: it begins with "
            f"'{magic.hex(' ')}', expected '00 00 08' and 01, 02 or 03"
        )
    ndim = magic[3]
    length = 4 + 4 * ndim
    _fill(chunks, data, length)
    if len(data) < length:
        raise UserError(
            f"{name}: truncated within its header: {len(data)} bytes, expected {length}"
        )
    shape = struct.unpack_from(f">{ndim}I", data, 4)
    if 0 in shape:
        raise UserError(f"{name}: its header announces {_times(shape)} values; none may be 0")
    return shape


def _fill(chunks: Iterator[bytes], data: bytearray, length: int) -> None:
    while len(data) < length:
        chunk = next(chunks, None)
        if chunk is None:
            return
        data += chunk


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _unzipped(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The file's content in pieces of at most `_CHUNK` bytes, unzipped if it is gzip."""
    block = stream.read(_CHUNK)
    if not block.startswith(_GZIP_MAGIC):
        while block:
            yield block
            block = stream.read(_CHUNK)
        return
    # zlib itself rather than the gzip module: larger pieces, the check sum in C, and the
    # interpreter lock is released, so that the four files of a data set are unzipped side by side.
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while block:
        if unzip.eof:  # a gzip file may consist of several members
            if not block.startswith(_GZIP_MAGIC):
                raise UserError(f"{name}: other data follows the gzip data; expected nothing more")
            unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        yield unzip.decompress(block, _CHUNK)
        block = unzip.unused_data if unzip.eof else unzip.unconsumed_tail
        if len(block) < len(_GZIP_MAGIC):  # a member's magic may straddle two blocks
            block += stream.read(_CHUNK)
            if not block and not unzip.eof:
                raise UserError(f"{name}: its gzip data is truncated; a complete file is expected")
