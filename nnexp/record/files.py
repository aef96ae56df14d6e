"""The artifacts of a run as files: their names, sizes and digests, wherever they lie."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlparse
from urllib.request import url2pathname

from nnexp.record.mlflow_private import fetched, repository_of
from nnexp.record.store import Store


def sizes_in(folder: Path) -> dict[str, int]:
    """Bytes of the files below a folder, by their names in it."""
    return dict(_walk(str(folder), ""))


def digests_in(folder: Path, names: Iterable[str] | None = None) -> dict[str, str]:
    """SHA-256 of the files below a folder; of some names, those that are there and can be read."""
    found = {}
    for name in sizes_in(folder) if names is None else names:
        try:
            with open(folder / name, "rb") as file:
                found[name] = hashlib.file_digest(file, "sha256").hexdigest()
        except (OSError, ValueError):
            if names is None:
                raise
    return found


def _walk(folder: str, before: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _walk(entry.path, f"{before}{entry.name}/")
            else:
                yield before + entry.name, entry.stat().st_size


def local(place: str) -> Path | None:
    """The folder of an artifact address on this machine, or None."""
    parsed = urlparse(place)
    if parsed.scheme == "file" and parsed.netloc in ("", "localhost"):
        # On Windows /C:/folder is C:\folder.
        return Path(url2pathname(parsed.path))
    return Path(place) if Path(place).is_absolute() else None


def recorded_sizes(store: Store, place: str) -> dict[str, int]:
    """Bytes of the artifacts at an address of a store, by name."""
    folder = local(place)
    if folder is not None:
        return sizes_in(folder) if folder.is_dir() else {}
    repository, found, asked = repository_of(place, store.uri), {}, [""]
    while asked:
        for entry in repository.list_artifacts(asked.pop() or None):
            if entry.is_dir:
                asked.append(str(entry.path))
            else:
                found[str(entry.path)] = int(entry.file_size or 0)
    return found


def recorded_digests(store: Store, place: str, names: Iterable[str]) -> dict[str, str]:
    """SHA-256 of some artifacts at an address of a store; those that are not there are left out."""
    if local(place) is None and (names := set(names)):
        names &= recorded_sizes(store, place).keys()
    with _here(store, place, names) as folder:
        return digests_in(folder, names)


def recorded_contents(store: Store, place: str, names: Iterable[str]) -> dict[str, bytes]:
    """The bytes of some artifacts at an address of a store.

    Raises:
        OSError: one cannot be read. Or whatever fetches it raises.
    """
    with _here(store, place, names) as folder:
        return {name: (folder / name).read_bytes() for name in names}


@contextmanager
def _here(store: Store, place: str, names: Iterable[str]) -> Iterator[Path]:
    """A folder of this machine with some artifacts of an address, fetched if need be."""
    if (folder := local(place)) is not None:
        yield folder
        return
    with TemporaryDirectory() as fresh:
        for name in names:
            fetched(repository_of(place, store.uri), name, fresh)
        yield Path(fresh)
