"""The file of exported results as a zip archive: written in one form, read as if from an enemy.

`SHA256SUMS` lists every member, as `sha256sum -c` takes it; its own SHA-256 is the digest of the
file, whatever the compression. Only names that this module knows are read; sizes are bounded
before a byte is unpacked.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import struct
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from nnexp.atomic_files import write_whole
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.weights import DAMAGE

SUFFIX = ".nnexp"

SUMS, MANIFEST, SIGNATURE, README = "SHA256SUMS", "manifest.json", "signature.json", "README.txt"

LOG = "verifications.json"

BESIDE = frozenset({SUMS, SIGNATURE, LOG})
"""Members that are about the others: no part of what the digest is of."""

EVIDENCE = ("config.yaml", "curves.csv", "environment.json", "correct.npz")
"""Artifacts of a run that go into a file where there are any."""

WEIGHTS = "weights.npz"

PARTS = "parts/"
"""What the names of a user's own files begin with: they go into a file, and are never run."""

MOST_BYTES: Mapping[str, int] = {
    SUMS: 20_000_000,
    MANIFEST: 100_000_000,
    SIGNATURE: 10_000,
    LOG: 5_000_000,
    README: 100_000,
    "history.csv": 50_000_000,
    "curves.csv": 50_000_000,
    "config.yaml": 1_000_000,
    "environment.json": 10_000_000,
    "correct.npz": 20_000_000,
    WEIGHTS: 1_000_000_000,
}
"""Unpacked bytes of a member, by the last part of its name: far more than is ever exported."""

SOURCE_BYTES = 1_000_000
"""Of a user's own file."""

MOST_MEMBERS = 200_000
MOST_UNPACKED = 8_000_000_000

MOST_RATIO = 200
"""How much larger than the file its members may be together; tables of numbers reach about 10."""

FREE = 1_000_000
"""Bytes that may be unpacked whatever the ratio."""

_NAME = re.compile(
    rf"{SUMS}|{'|'.join(map(re.escape, (MANIFEST, SIGNATURE, LOG, README)))}"
    r"|runs/[0-9a-f]{32}/(?:history\.csv|curves\.csv|config\.yaml|environment\.json"
    r"|correct\.npz|weights\.npz|parts/\w{1,60}\.py)",
    re.ASCII,
)
_LINE = re.compile(r"([0-9a-f]{64})  ([\w./]+)")
_EARLIEST = (1980, 1, 1, 0, 0, 0)
_LEVEL = 6

_DAMAGE = (*DAMAGE, struct.error)


def member(run_id: str, name: str) -> str:
    """The name in the archive of something that belongs to a run."""
    return f"runs/{run_id}/{name}"


def carried(artifacts: Iterable[str], *, weights: bool = True) -> list[str]:
    """Which of a run's artifacts go into a file."""
    fixed = (*EVIDENCE, *([WEIGHTS] if weights else []))
    return [name for name in artifacts if name in fixed or name.startswith(PARTS)]


def sums_of(members: Mapping[str, bytes]) -> bytes:
    """The lines of `SHA256SUMS`, in the order of the names."""
    listed = sorted(members.keys() - BESIDE)
    lines = (f"{sha256(members[name])}  {name}\n" for name in listed)
    return "".join(lines).encode()


def sha256(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def archived(members: Mapping[str, bytes]) -> bytes:
    """Members as a file: names in order, no dates, so that equal content is equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, members[name], compresslevel=_LEVEL)
    return buffer.getvalue()


class Archive:
    """An open file of results. Nothing of it is believed, and nothing is written anywhere."""

    def __init__(self, file: IO[bytes], shown: str) -> None:
        """`shown` is what it is called in messages.

        Raises:
            UserError: it is no archive of this kind, or larger than any.
        """
        self.shown = shown
        try:
            size = file.seek(0, os.SEEK_END)
            self._zip = zipfile.ZipFile(file)
            self._entries = self._checked(size)
            self._sums = self._listed()
        except _DAMAGE as error:
            reason = printable(" ".join(str(error).split()))[:160] or type(error).__name__
            raise UserError(
                f"{shown}: cannot be read ({reason}); allowed: a whole file that "
                "python -m nnexp export has written"
            ) from error

    @property
    def digest(self) -> str:
        """SHA-256 of `SHA256SUMS`: two files of the same digest say the same."""
        return sha256(self._unpacked(SUMS))

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def names(self) -> list[str]:
        """All members, in order."""
        return list(self._entries)

    def sum_of(self, name: str) -> str:
        """SHA-256 of a member as `SHA256SUMS` lists it; empty if it does not."""
        return self._sums.get(name, "")

    def read(self, name: str) -> bytes:
        """The bytes of a member.

        Raises:
            UserError: it is not there, or damaged.
        """
        if name not in self._entries:
            raise UserError(f"{self.shown}: holds no {name}")
        try:
            return self._unpacked(name)
        except _DAMAGE as error:
            raise UserError(f"{self.shown}: {name} is damaged ({error})") from error

    def changes(self) -> Iterator[str]:
        """What is not as `SHA256SUMS` says it was exported."""
        there = self._entries.keys() - BESIDE
        for name in sorted({*there, *self._sums}):
            if name not in there:
                yield f"{name}: taken out"
            elif name not in self._sums:
                yield f"{name}: added"
            elif not self._is_whole(name):
                yield f"{name}: is not what was exported"
        if list(self._entries) != sorted(self._entries) or list(self._sums) != sorted(self._sums):
            yield "the order of its members"

    def _is_whole(self, name: str) -> bool:
        try:
            return sha256(self._unpacked(name)) == self._sums[name]
        except _DAMAGE:
            return False

    def _checked(self, size: int) -> dict[str, zipfile.ZipInfo]:
        """The members by name, if all of them are such as `archived` writes."""
        entries = self._zip.infolist()
        if len(entries) > MOST_MEMBERS:
            raise ValueError(f"{len(entries):,} members, at most {MOST_MEMBERS:,} are expected")
        found: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            name = entry.filename
            if not _NAME.fullmatch(name) or entry.orig_filename != name:
                raise ValueError(f"a member {name[:80]!r}, which no export writes")
            if name in found:
                raise ValueError(f"{name} twice")
            kind = stat.S_IFMT(entry.external_attr >> 16)
            packed = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if kind not in (0, stat.S_IFREG) or entry.flag_bits & 1:
                raise ValueError(f"{name} is a link, or encrypted")
            if entry.compress_type not in packed:
                raise ValueError(f"{name} is compressed in another way than deflate")
            most = MOST_BYTES.get(name.rpartition("/")[2], SOURCE_BYTES)
            if entry.file_size > most:
                raise ValueError(f"{name} unpacks to {entry.file_size:,} bytes, at most {most:,}")
            found[name] = entry
        whole = sum(entry.file_size for entry in entries)
        if whole > min(MOST_UNPACKED, FREE + MOST_RATIO * size):
            raise ValueError(f"its {size:,} bytes unpack to {whole:,}, which no export does")
        for name in (SUMS, MANIFEST):
            if name not in found:
                raise ValueError(f"it holds no {name}")
        return found

    def _listed(self) -> dict[str, str]:
        """SHA-256 by member, as `SHA256SUMS` says."""
        found: dict[str, str] = {}
        for line in self._unpacked(SUMS).decode("ascii").splitlines():
            parts = _LINE.fullmatch(line)
            if parts is None or parts[2] in found:
                raise ValueError(f"{SUMS} holds a line that is no digest and name, or one twice")
            found[parts[2]] = parts[1]
        return found

    def _unpacked(self, name: str) -> bytes:
        entry = self._entries[name]
        with self._zip.open(entry) as content:
            # One byte more than it says it has shows whether that is true.
            found = content.read(entry.file_size + 1)
        if len(found) != entry.file_size:
            raise ValueError(f"{name} does not unpack to the {entry.file_size:,} bytes it says")
        return found


def write_asked(path: Path, content: bytes, option: str) -> None:
    """Write a file that was asked for, whole or not at all.

    Raises:
        UserError: it cannot be written; `option` is what named it.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise UserError(
            f"{option} {path}: cannot be written ({error.strerror or error}); allowed: a file in a "
            "writable folder"
        ) from error
