"""Files that are there whole, or not at all."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from nnexp import atomic_files
from nnexp.atomic_files import move, named, whole, write_whole


def filled_up(path: Path) -> None:
    """Write half a file, then no more."""
    with whole(path) as fresh:
        fresh.write_bytes(b"sec")
        raise OSError(errno.ENOSPC, "No space left on device")


def stopped(folder: Path) -> None:
    """Write half a folder, then be interrupted."""
    with whole(folder) as fresh:
        fresh.mkdir()
        (fresh / "half").touch()
        raise KeyboardInterrupt


def test_what_was_there_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_whole(path, b"first")
    with pytest.raises(OSError, match=r"page\.html") as caught:
        filled_up(path)
    assert caught.value.filename == str(path)
    assert [*tmp_path.iterdir()] == [path]
    assert path.read_bytes() == b"first"
    write_whole(path, b"second")
    assert path.read_bytes() == b"second"


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    place = tmp_path / "model"
    with pytest.raises(KeyboardInterrupt):
        stopped(place)
    assert not [*tmp_path.iterdir()]
    with whole(place) as fresh:
        fresh.mkdir()
        (fresh / "all").touch()
    assert [path.name for path in place.iterdir()] == ["all"]


def test_a_link_leads_to_what_is_written_and_a_device_stays_one(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"x"
    write_whole(Path("/dev/null"), b"x")
    assert Path("/dev/null").is_char_device()


def in_use() -> PermissionError:
    """What Windows says of a file that somebody has open."""
    error = PermissionError(errno.EACCES, "The process cannot access the file")
    error.winerror = 32  # type: ignore[attr-defined,unused-ignore]
    return error


def test_what_a_reader_has_open_is_replaced_when_it_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").write_bytes(b"new")
    answers, replace = [in_use(), in_use()], os.replace

    def tried(source: Path, place: Path) -> None:
        if answers:
            raise answers.pop()
        replace(source, place)

    monkeypatch.setattr(os, "replace", tried)
    move(tmp_path / "new", tmp_path / "place")
    assert (tmp_path / "place").read_bytes() == b"new"


@pytest.mark.parametrize(("error", "least"), [(in_use(), 2), (PermissionError(13, "no"), 1)])
def test_what_stays_open_or_is_forbidden_is_said(
    error: OSError, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def refused(source: Path, place: Path) -> None:
        tries.append(place)
        raise error

    monkeypatch.setattr(atomic_files, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(PermissionError):
        move(tmp_path / "new", tmp_path / "place")
    assert len(tries) >= least
    assert len(tries) == 1 or least > 1


def test_what_a_library_says_in_words_of_its_own_is_kept(tmp_path: Path) -> None:
    """`named` put `[Errno None] None` and a path in its place."""
    with pytest.raises(OSError, match=r"^no such library$"), named(tmp_path):
        raise OSError("no such library")
    with pytest.raises(OSError, match=re.escape(str(tmp_path))), named(tmp_path):
        raise OSError(28, "No space left on device")
