"""New stores: a copy of the template is what MLflow would have made, and nothing else is used."""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from nnexp.record import new_database
from nnexp.record.store import experiment_id, open_store


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the template."""
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setattr(new_database, "_folder", lambda: folder)
    return folder


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that MLflow was let open on the way; one for each store that it is enough for."""
    files: list[Path] = []
    create = new_database.create_database

    def counted(path: Path, folder: Path, reach: object) -> None:
        def noted(file: Path) -> None:
            files.append(file)
            reach(file)  # type: ignore[operator]

        create(path, folder, noted)

    monkeypatch.setattr("nnexp.record.store.create_database", counted)
    return files


def new(folder: Path) -> list[str]:
    """What a new store in a new folder holds, without its times and random numbers."""
    folder.mkdir()
    store = open_store(f"sqlite:///{folder / 'mlflow.db'}")
    experiment_id(store, "mine")
    assert sorted(p.name for p in (folder / ".nnexp").iterdir()) == ["create.lock", "mlflow.db.id"]
    with closing(sqlite3.connect(folder / "mlflow.db")) as database:
        dump = [line.replace(str(folder), "FOLDER") for line in database.iterdump()]
    plain = (re.sub(r"\d{13,}", "NUMBER", line.replace(store.kept_id, "ID")) for line in dump)
    # MLflow copies the constraints of a table in any order.
    return sorted(" ".join(sorted(re.split(r",?\s+", line.strip(" ;")))) for line in plain)


def test_a_copy_is_what_mlflow_makes(cache: Path, tmp_path: Path, made: list[Path]) -> None:
    first = new(tmp_path / "first")
    (template,) = cache.iterdir()
    assert "first" not in template.read_bytes().decode("latin-1")
    second = new(tmp_path / "second")
    assert first == second
    assert not [line for line in second if "first" in line]
    assert [path.parent.parent.name for path in made] == ["first", "second"]


def test_a_damaged_template_is_not_used(cache: Path, tmp_path: Path, made: list[Path]) -> None:
    first = new(tmp_path / "first")
    (template,) = cache.iterdir()
    content = bytearray(template.read_bytes())
    content[len(content) // 2] ^= 1
    template.write_bytes(content)
    assert new(tmp_path / "second") == first
    (again,) = cache.iterdir()
    assert again.stem.endswith(hashlib.sha256(again.read_bytes()).hexdigest()[:16])


@pytest.mark.parametrize("change", ["UPDATE alembic_version SET version_num = '0'", "nonsense"])
def test_what_mlflow_does_not_open_is_made_anew(
    change: str, cache: Path, tmp_path: Path, made: list[Path]
) -> None:
    """Its name is right, and so is its digest; what it holds is not."""
    first = new(tmp_path / "first")
    (template,) = cache.iterdir()
    if change == "nonsense":
        template.write_bytes(b"no database at all" * 100)
    else:
        with closing(sqlite3.connect(template)) as database:
            database.execute(change)
            database.commit()
    template.rename(cache / f"{new_database._stem(template.read_bytes())}.db")
    assert new(tmp_path / "second") == first
    assert [path.parent.parent.name for path in made] == ["first", "second", "second"]
    assert new(tmp_path / "third") == first
    assert len(made) == 4


def test_without_a_place_for_the_template_mlflow_makes_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[Path]
) -> None:
    monkeypatch.setattr(new_database, "_folder", lambda: tmp_path / "nowhere")
    assert new(tmp_path / "first") == new(tmp_path / "second")
    assert not (tmp_path / "nowhere").exists()


def test_what_a_killed_process_was_writing_goes_after_a_while(cache: Path, tmp_path: Path) -> None:
    old, young = (cache / f".{new_database._name()}-0.db.new{n}" for n in (1, 2))
    for path in (old, young):
        path.touch()
    os.utime(old, (1.0, 1.0))
    new(tmp_path / "first")
    assert not old.exists()
    assert young.exists()
