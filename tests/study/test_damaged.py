"""Records that were damaged, or made to do harm: one line in every reader, in bounded memory."""

from __future__ import annotations

import io
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.errors import UserError
from nnexp.record.weights import load_weights
from tests.inside import inside
from tests.record.stored import RUNS, restore
from tests.stores import address


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _binary(path: Path) -> None:
    path.write_bytes(bytes(range(128, 256)) * 20)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def _other_type(path: Path) -> None:
    path.write_text("[1, 2, 3]\n")


DAMAGES = [_empty, _cut, _binary, _folder, _dangling, _other_type]
FILES = ("config.yaml", "curves.csv", "environment.json", "weights.npz")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder with recorded runs."""
    restore(tmp_path)
    return tmp_path


def recorded(folder: Path, name: str) -> Path:
    """A file of the first run's record."""
    (path,) = folder.glob(f"mlartifacts/**/{RUNS[0]}*/**/{name}")
    return path


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda d: d.__name__.strip("_"))
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_said_in_one_line(
    name: str, damage: Callable[[Path], None], store: Path
) -> None:
    damage(recorded(store, name))
    shown = inside(store, "show", RUNS[0])
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    verified = inside(store, "verify", RUNS[0])
    assert verified.returncode == 2
    assert len(verified.stderr.splitlines()) == 1
    if damage is _cut and name in ("config.yaml", "curves.csv"):
        return  # The beginning of a text is a text.
    if name != "environment.json":
        (line,) = (n for n in shown.stdout.splitlines() if n.startswith("no more can be shown: "))
        assert name in line or "weights" in line or "config" in line
    if name in ("config.yaml", "environment.json"):
        assert any(word in verified.stderr for word in (name, "its record cannot be used"))
    if name == "weights.npz":
        with pytest.raises(UserError, match=r"weights"):
            _ = nnexp.load(RUNS[0], address(store)).weights


@pytest.mark.parametrize("damage", [_binary, _other_type], ids=["binary", "other_type"])
def test_a_report_leaves_out_what_is_damaged(damage: Callable[[Path], None], store: Path) -> None:
    for name in FILES:
        damage(recorded(store, name))
    reported = inside(store, "report", "nnexp", "--out", "page")
    assert reported.returncode == 0, reported.stderr
    assert reported.stderr == ""
    assert (store / "page" / "index.html").stat().st_size > 10_000


def test_weights_that_unpack_to_gigabytes_are_refused_in_bounded_memory(store: Path) -> None:
    """The first layer of a network of 100,000 hidden units, four gigabytes of zeros."""
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (700_000, 784)}
    np.lib.format.write_array_header_1_0(header, shape)
    path = recorded(store, "weights.npz")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open("W1.npy", "w", force_zip64=True) as entry:
            entry.write(header.getvalue())
            for _ in range(20):
                entry.write(bytes(8_000_000))
        archive.filelist[0].file_size = header.tell() + 700_000 * 784 * 8
    tracemalloc.start()
    shown = inside(store, "show", RUNS[0])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shown.returncode == 0
    assert "it unpacks to 4,390,400," in shown.stdout
    assert most < 100_000_000


def test_a_header_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 784)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(tmp_path / "weights.npz", "w") as archive:
        archive.writestr("W1.npy", header.getvalue() + bytes(80))
    with pytest.raises(UserError, match=r"W1.npy holds 80 bytes"):
        load_weights(tmp_path / "weights.npz")


def test_weights_of_another_network_are_refused(store: Path) -> None:
    shutil.copy(recorded(store, "weights.npz"), store / "kept.npz")
    (other,) = store.glob(f"mlartifacts/{RUNS[3]}*/artifacts/weights.npz")
    shutil.copy(other, recorded(store, "weights.npz"))
    shown = inside(store, "show", RUNS[0])
    assert shown.returncode == 0
    assert "of a network 1-1, expected 784-" in shown.stdout
