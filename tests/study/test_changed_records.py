"""Whatever is changed in a record after it was made is named, by the digest over all of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from nnexp.record import check_seals
from nnexp.record.check_seals import warnings_of
from nnexp.record.contents import contents_of
from nnexp.record.files import digests_in
from nnexp.record.seal import parts_of, seal_of_tags, sealed
from nnexp.record.store import open_store
from tests import stores
from tests.inside import inside
from tests.record.stored import restore

TYPED = ("size=100", "model.hidden=[5]", "train.epochs=2", "data.n_validation=100")


@dataclass(frozen=True)
class Record:
    """A folder with two finished runs."""

    folder: Path
    run: str
    other: str

    @property
    def artifacts(self) -> Path:
        return stores.artifacts(self.folder, self.run)

    def execute(self, statement: str, *more: object) -> None:
        """Change rows of the run in the database; its id is the last parameter."""
        assert stores.execute(self.folder, statement, *more, self.run) > 0

    def set_tag(self, name: str, value: str) -> None:
        self.execute("UPDATE tags SET value = ? WHERE key = ? AND run_uuid = ?", value, name)

    def append(self, name: str, text: str) -> None:
        path = self.artifacts / name
        path.write_text(path.read_text("utf-8") + text, "utf-8")


def copied(record: Record, folder: Path) -> Record:
    """The same record in another folder."""
    copy = Record(stores.copied(record.folder, folder), record.run, record.other)
    shutil.copy(stores.artifacts(folder, record.other) / "weights.npz", folder / "other.npz")
    return copy


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Record:
    folder = tmp_path_factory.mktemp("record")
    restore(folder)  # Quicker than making a database.
    ids = []
    for more in (("tracking.artifacts=all",), ("tracking.artifacts=light", "seed=1")):
        done = inside(folder, *TYPED, *more, "tracking.experiment=changed")
        assert done.returncode == 0, done.stderr
        (line,) = [line for line in done.stdout.splitlines() if line.startswith("run  ")]
        ids.append(line.split()[1])
    return Record(folder, *ids)


@pytest.fixture
def record(made: Record, tmp_path: Path) -> Record:
    return copied(made, tmp_path / "copy")


def edit_weights(record: Record) -> None:
    path = record.artifacts / "weights.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays["b1"][0] += 1e-6
    np.savez(path, allow_pickle=False, **arrays)


def edit_model_weights(record: Record) -> None:
    (path,) = record.artifacts.glob("model/**/*.npz")
    path.write_bytes((record.folder / "other.npz").read_bytes())


def edit_model_code(record: Record) -> None:
    path = next(iter(sorted(record.artifacts.glob("model/**/*.py"))))
    path.write_text(path.read_text("utf-8") + "\n# and more\n", "utf-8")


CHANGES: dict[str, tuple[Callable[[Record], object], str]] = {
    "latest_metrics": (
        lambda r: r.execute(
            "UPDATE latest_metrics SET value = 0.99 WHERE key = 'test/accuracy' AND run_uuid = ?"
        ),
        "last value of test/accuracy",
    ),
    "a value in the history": (
        lambda r: r.execute(
            "UPDATE metrics SET value = value + 1e-12 "
            "WHERE key = 'validation/cost' AND step = 1 AND run_uuid = ?"
        ),
        "metric validation/cost",
    ),
    "a metric removed": (
        lambda r: [
            r.execute(f"DELETE FROM {table} WHERE key = 'gap/final' AND run_uuid = ?")
            for table in ("metrics", "latest_metrics")
        ],
        "metric gap/final: missing",
    ),
    "a metric added": (
        lambda r: [
            r.execute(
                f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) "
                "VALUES ('test/f1', 0.9, 1, 2, FALSE, ?)"
            )
            for table in ("metrics", "latest_metrics")
        ],
        "metric test/f1: added",
    ),
    "weights of another run": (
        lambda r: shutil.copy(r.folder / "other.npz", r.artifacts / "weights.npz"),
        "artifact weights.npz",
    ),
    "weights edited": (edit_weights, "artifact weights.npz"),
    "weights removed": (
        lambda r: (r.artifacts / "weights.npz").unlink(),
        "artifact weights.npz: missing",
    ),
    "which images are right": (
        lambda r: (r.artifacts / "correct.npz").unlink(),
        "artifact correct.npz: missing",
    ),
    "curves": (lambda r: r.append("curves.csv", "\n"), "artifact curves.csv"),
    "config": (lambda r: r.append("config.yaml", "\n# no\n"), "artifact config.yaml"),
    "config that is none": (lambda r: r.append("config.yaml", "\n: ]["), "artifact config.yaml"),
    "environment file": (lambda r: r.append("environment.json", " "), "artifact environment.json"),
    "environment file that is none": (
        lambda r: r.append("environment.json", "}"),
        "artifact environment.json",
    ),
    "parameters": (
        lambda r: r.execute(
            "UPDATE params SET value = '0.4' WHERE key = 'train.eta' AND run_uuid = ?"
        ),
        "parameters train",
    ),
    "weights of the model": (edit_model_weights, "artifact model/"),
    "code of the model": (edit_model_code, "artifact model/"),
    "tag of the fingerprint": (
        lambda r: r.set_tag("nnexp.fingerprint", "f" * 64),
        "tag nnexp.fingerprint",
    ),
    "tag of the environment": (
        lambda r: r.execute(
            "INSERT INTO tags (key, value, run_uuid) VALUES ('nnexp.environment', 'e', ?)"
        ),
        "tag nnexp.environment: added",
    ),
    "tag of the command": (
        lambda r: r.set_tag("nnexp.command", "python -m nnexp seed=7"),
        "tag nnexp.command",
    ),
    "the digest itself": (
        lambda r: r.set_tag("nnexp.record_sha256", "0" * 64),
        "tag nnexp.record_sha256",
    ),
}


def test_an_untouched_record_and_its_copy_are_what_was_recorded(
    made: Record, record: Record
) -> None:
    for folder in (made.folder, record.folder):
        done = inside(folder, "verify", made.run)
        assert done.returncode == 0, done.stdout
        assert "digest" not in done.stdout
    looked = inside(made.folder, "doctor", "--experiment", "changed")
    assert looked.returncode == 0, looked.stdout
    assert looked.stdout.endswith("2 runs checked: all is well\n")


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_a_record_is_named(record: Record, change: str) -> None:
    make, named = CHANGES[change]
    make(record)
    verified = inside(record.folder, "verify", record.run)
    assert verified.returncode == 1, verified.stdout + verified.stderr
    assert "the record is not what was recorded: " in verified.stdout
    assert named in verified.stdout
    looked = inside(record.folder, "doctor", "--experiment", "changed")
    assert looked.returncode == 1, looked.stdout
    (line,) = [line for line in looked.stdout.splitlines() if record.run[:8] in line]
    assert line.startswith("changed: ")
    assert named in line


def test_reuse_show_compare_and_report_warn_of_a_changed_record(record: Record) -> None:
    record.execute("UPDATE metrics SET value = 0.5 WHERE key = 'test/accuracy' AND run_uuid = ?")
    record.append("curves.csv", "\n")
    named = "last value of test/accuracy, artifact curves.csv, metric test/accuracy"
    said = f"is not what was recorded: {named}"
    for typed in (
        (*TYPED, "tracking.artifacts=all", "tracking.experiment=changed"),
        ("-m", *TYPED, "seed=0,1", "tracking.experiment=changed"),
        ("show", record.run),
        ("compare", "--by", "size", "--experiment", "changed"),
        ("report", "changed"),
    ):
        done = inside(record.folder, *typed)
        assert done.returncode == 0, (typed, done.stderr)
        assert done.stdout.count(said) == 1, (typed, done.stdout)
    page = (record.folder / "reports" / "changed" / "index.html").read_text("utf-8")
    assert said in page


def test_of_many_changed_records_some_are_named(
    record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = (record.run, record.other)
    for run_id in both:
        path = stores.artifacts(record.folder, run_id) / "curves.csv"
        path.write_text("step\n", "utf-8")
    store = open_store(stores.address(record.folder))
    assert [line.split(": ")[1] for line in warnings_of(store, both)] == ["artifact curves.csv"] * 2
    monkeypatch.setattr(check_seals, "NAMED_RUNS", 0)
    assert warnings_of(store, both) == [
        "nor are the records of 2 more runs; python -m nnexp doctor names them"
    ]


def test_a_digest_made_anew_after_a_change_does_not_pass(record: Record) -> None:
    """The store's folder holds the one that was made at the end of the run."""
    record.execute(
        "UPDATE params SET value = '0.4' WHERE key = 'train.eta' AND run_uuid = ?",
    )
    store = open_store(stores.address(record.folder))
    held = contents_of(store, [record.run])[record.run]
    seal = seal_of_tags(held.tags)
    assert seal is not None
    kept = {
        f"artifact {name}": digest
        for name, digest in digests_in(record.artifacts, seal.artifacts).items()
    }
    values = [(name, step, value) for name, step, _, value in held.values]
    anew = sealed({**parts_of(held.params, held.tags, values, {}), **kept})
    for name, value in anew.tags.items():
        record.set_tag(name, value)
    done = inside(record.folder, "verify", record.run)
    assert done.returncode == 1
    assert "tag nnexp.record_sha256, parameters train" in done.stdout
    # Without that file, the tags are all there is.
    (record.folder / ".nnexp" / "records.jsonl").unlink()
    assert inside(record.folder, "verify", record.run).returncode == 0


def test_a_run_recorded_before_there_was_a_digest_is_read_and_said_to_be_one(
    record: Record,
) -> None:
    record.execute("DELETE FROM tags WHERE key LIKE 'nnexp.record_%' AND run_uuid = ?")
    (record.folder / ".nnexp" / "records.jsonl").unlink()
    done = inside(record.folder, "verify", record.run)
    assert done.returncode == 0, done.stdout
    assert "values and the weights\n  recorded without a digest of the record" in done.stdout
    assert "warning" not in inside(record.folder, "show", record.run).stdout


def test_show_warns_in_a_line_of_its_own(record: Record) -> None:
    (record.artifacts / "curves.csv").write_text("step\n", "utf-8")
    said = inside(record.folder, "show", record.run).stdout
    assert "\n\nwarning: " in said
    assert "\\n" not in said


def test_artifacts_that_are_added_later_change_nothing(record: Record) -> None:
    (record.artifacts / "notes.txt").write_text("mine", "utf-8")
    assert inside(record.folder, "verify", record.run).returncode == 0


def test_a_line_cut_short_in_the_file_of_digests_is_passed_over(record: Record) -> None:
    path = record.folder / ".nnexp" / "records.jsonl"
    lines = path.read_text("utf-8").splitlines()
    assert {json.loads(line.partition("\t")[0])["run"] for line in lines} >= {record.run}
    with path.open("a", encoding="utf-8") as file:
        file.write(lines[0][:200])
    assert inside(record.folder, "verify", record.run).returncode == 0
