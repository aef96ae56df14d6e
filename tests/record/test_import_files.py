"""`import-curve` of what is no CSV file: one line, at once, and nothing recorded."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import zipfile
from pathlib import Path

import pytest

from nnexp.record.store import open_store
from nnexp.study.lookup import all_experiments
from tests.inside import inside
from tests.record.stored import restore
from tests.stores import address

CURVE = b"step,test/accuracy\n1,0.5\n2,0.6\n"
BOMB = bytes(30_000_000)


def _zip(content: bytes, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("curve.csv", content)


def files(folder: Path) -> list[Path]:
    """Archives: whole, cut, of other bytes, bombs; and what is no plain file."""
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)):
        (folder / f"whole.csv.{name}").write_bytes(pack(CURVE))
        (folder / f"cut.csv.{name}").write_bytes(pack(CURVE)[:20])
    (folder / "bomb.csv.gz").write_bytes(gzip.compress(BOMB, 1))
    _zip(CURVE, folder / "whole.zip")
    _zip(BOMB, folder / "bomb.zip")
    for name in ("zip", "xz", "zst", "tar", "gz", "bz2", "csv"):
        (folder / f"broken.{name}").write_bytes(bytes(range(256)))
    (folder / "quote.csv").write_bytes(CURVE + b'3,"x')
    (folder / "zeros.csv").write_bytes(bytes(1000))
    os.mkfifo(folder / "fifo.csv")
    (folder / "folder.csv").mkdir()
    (folder / "dangling.csv").symlink_to("nowhere")
    return [*folder.iterdir(), folder / "nothing.csv", Path("/dev/zero")]


def test_what_is_no_csv_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "work").mkdir()
    for path in files(tmp_path / "files"):
        done = inside(tmp_path / "work", "import-curve", str(path), "--name", "a")
        assert done.returncode == 2, (path, done.stderr)
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"nnexp: {path}: ")
        assert "allowed: " in line
    assert not list((tmp_path / "work").iterdir())


def test_accuracies_in_percent_are_not_taken_for_fractions(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("step,test/accuracy\n1,95.5\n")
    done = inside(tmp_path, "import-curve", "curve.csv", "--name", "a")
    assert done.returncode == 2
    assert (
        "column test/accuracy has 95.5; allowed: fractions from 0 to 1, such as 0.955"
        in done.stderr
    )


@pytest.mark.parametrize("name", ["a\x1b[31mb", "", " ", "a\nb", "x" * 251])
def test_a_name_that_steers_a_terminal_is_no_experiment(name: str, tmp_path: Path) -> None:
    restore(tmp_path)
    (tmp_path / "curve.csv").write_bytes(CURVE)
    done = inside(tmp_path, "import-curve", "curve.csv", "--name", "a", "--experiment", name)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "\x1b" not in line
    assert "allowed: a name of at most 250 characters" in line
    assert set(all_experiments(open_store(address(tmp_path))).values()) <= {
        "Default",
        "nnexp",
    }
