"""export, import and verify as they are typed: nothing is doubled, lost, or believed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow.entities import Run

from nnexp.cli import export
from nnexp.record import projection
from nnexp.record.mlflow_settings import LONG, TIMEOUT
from nnexp.record.stale import mark_stale
from nnexp.record.store import Store, open_store
from nnexp.record.sweep import runs_where
from nnexp.study.frames import runs_of_ids
from nnexp.study.lookup import experiment_named
from tests.cli.command import nnexp, start
from tests.docs.test_schemas import assert_laid_out
from tests.inside import inside
from tests.kernel.processors import PROCESSORS, compiling_for
from tests.record.stored import restore
from tests.stores import address
from tests.study.exchange.conftest import TINY, Exported
from tests.study.exchange.members import Members


@pytest.fixture(scope="module")
def elsewhere(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another store, into which the file was imported."""
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy(exported.file, folder / "results.nnexp")
    done = inside(folder, "import", "results.nnexp")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("recorded: ") == 3
    assert "3 of 3 runs recorded, 0 there already; digest " in done.stdout
    return folder


def test_the_look_line_names_all_experiments_of_the_file(tmp_path: Path) -> None:
    tiny = ("size=100", "data.n_validation=100", "model.hidden=[5]", "train.epochs=1")
    names = ("--experiment", "one", "--experiment", "the other")
    for name in names[1::2]:
        typed = (f"tracking.experiment='{name}'", "tracking.artifacts=none")
        assert inside(tmp_path, *tiny, *typed).returncode == 0
    assert inside(tmp_path, "export", *names, "--out", "both.nnexp").returncode == 0
    done = inside(tmp_path, "import", "both.nnexp")
    assert done.returncode == 0, done.stderr
    (look,) = [line for line in done.stdout.splitlines() if line.startswith("look ")]
    assert "--experiment one" in look
    assert "--experiment 'the other'" in look


def test_what_an_import_leaves_that_is_killed_is_tidied_away(
    exported: Exported, tmp_path: Path
) -> None:
    """Artifacts lie in a folder of their own until the log is whole, and `doctor` knows it."""
    program = (
        "import os\nfrom nnexp.study.exchange import recording\n"
        "recording.write_whole = lambda *_: os._exit(9)\n"
        "from nnexp.__main__ import script; script()"
    )
    process = start("import", str(exported.file), cwd=tmp_path, python=("-c", program))
    assert process.wait(timeout=120) == 9
    done = inside(tmp_path, "doctor")
    assert done.returncode == 0, done.stderr
    assert "removed: half-written folder " in done.stdout
    folders = {path.name for path in (tmp_path / ".nnexp").iterdir() if path.is_dir()}
    assert folders <= {"runs", "recorded"}


def listed(folder: Path, *more: str) -> list[dict[str, object]]:
    done = inside(folder, "runs", "--format", "json", *more)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, object]] = json.loads(done.stdout)
    return sorted(found, key=lambda row: str(row["seed"]))


def test_the_file_is_the_same_bytes_each_time_and_read_without_this_program(
    exported: Exported, tmp_path: Path
) -> None:
    typed = ("export", "--sweep", exported.sweep, "--weights", "--parquet")
    done = inside(exported.folder, *typed, "--out", str(tmp_path / "again.nnexp"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.nnexp").read_bytes() == exported.content
    with zipfile.ZipFile(tmp_path / "again.nnexp") as archive:
        archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    frame = pd.read_parquet(tmp_path / "again.parquet")
    for run in manifest["runs"]:
        history = pd.read_csv(tmp_path / "runs" / run["id"] / "history.csv")
        ours = frame[frame["run_id"] == run["id"]].drop(columns="run_id").reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, history, check_exact=True)
    said = " ".join(name for run in manifest["runs"] for name in run["tags"])
    assert not re.search(r"host|pid|heartbeat|boot|user|parent", said)
    (checksums,) = manifest["data"].values()
    assert set(checksums) == {"train-images", "train-labels", "t10k-images", "t10k-labels"}


def test_a_server_is_waited_for_after_conclusions_were_drawn(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are drawn in a store that is written to, for which nothing waits long."""
    waits = list[str]()

    def noted(*typed: Any) -> pd.DataFrame:
        waits.append(os.environ[TIMEOUT])
        return runs_of_ids(*typed)

    monkeypatch.chdir(exported.folder)
    # As in a process of its own, whatever other tests have left.
    monkeypatch.delenv(TIMEOUT, raising=False)
    monkeypatch.setattr("nnexp.record.mlflow_settings._ours", {})
    monkeypatch.setattr("nnexp.cli.export.runs_of_ids", noted)
    out = str(tmp_path / "concluded.nnexp")
    assert export.main(["--sweep", exported.sweep, "--by", "seed", "--latex", "--out", out]) == 0
    assert waits == [LONG]


def test_what_was_imported_is_a_record_like_any_other(exported: Exported, elsewhere: Path) -> None:
    before, after = listed(exported.folder), listed(elsewhere)
    same = ("name", "fingerprint", "status", "start", "seconds", "command", "test/accuracy")
    assert [[row[k] for k in same] for row in before] == [[row[k] for k in same] for row in after]
    run = str(after[0]["run_id"])
    done = inside(elsewhere, "verify", run)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r": identical: \d+ values and the weights$", done.stdout, re.MULTILINE)
    assert "without a digest" not in done.stdout
    for typed in (("doctor",), ("show", run), ("compare", "--by", "seed"), ("report", "nnexp")):
        done = inside(elsewhere, *typed)
        assert done.returncode == 0, (typed, done.stdout, done.stderr)
    swept = inside(elsewhere, "sweeps").stdout.splitlines()
    assert swept[1].split()[-4:] == ["3", "3", "0", "0"]


def test_nothing_is_doubled(elsewhere: Path) -> None:
    ids = [row["run_id"] for row in listed(elsewhere)]
    done = inside(elsewhere, "import", "results.nnexp")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("there already: ") == 3
    assert [row["run_id"] for row in listed(elsewhere)] == ids
    assert len(inside(elsewhere, "sweeps").stdout.splitlines()) == 2


def test_an_import_that_was_cut_short_goes_on_without_doubling(
    exported: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore(tmp_path)
    typed = ("import", str(exported.file), "--experiment", "theirs")
    confirm, calls = projection.confirm, []

    def failing(*arguments: Any) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise ConnectionError("the store went away")
        confirm(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(projection, "confirm", failing)
        assert inside(tmp_path, *typed).returncode != 0
    store = open_store(address(tmp_path))
    (parent,) = stopped(store)
    assert parent.info.run_id not in mark_stale(store, str(parent.info.experiment_id))
    store.client.set_tag(parent.info.run_id, "nnexp.pid_started", "long ago")
    assert parent.info.run_id in mark_stale(store, str(parent.info.experiment_id))
    assert len(list((tmp_path / ".nnexp" / "runs").iterdir())) == 1
    done = inside(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert [row["seed"] for row in listed(tmp_path, "--experiment", "theirs")] == [0, 1, 2]
    swept = inside(tmp_path, "sweeps").stdout
    assert [line.split()[-4:] for line in swept.splitlines() if " theirs " in line] == [
        ["3", "3", "0", "0"]
    ]
    parent = store.client.get_run(str(parent.info.run_id))
    assert parent.info.status == "FINISHED"
    assert "nnexp.reason" not in parent.data.tags


def stopped(store: Store) -> list[Run]:
    """The parents of sweeps that have not ended, in the experiment of others."""
    where = "tags.`nnexp.kind` = 'sweep' and attributes.status = 'RUNNING'"
    return list(runs_where(store, [experiment_named(store, "theirs")], where))


def test_a_sweep_of_which_a_file_holds_no_run_is_not_recorded(
    exported: Exported, tmp_path: Path
) -> None:
    restore(tmp_path)
    members = Members(exported.content)
    for asked in members.sweep["asked"]:
        asked |= {"run": None, "status": "MISSING"}
    (tmp_path / "x.nnexp").write_bytes(members.put_together())
    done = inside(tmp_path, "import", "x.nnexp", "--experiment", "theirs")
    assert done.returncode == 0, done.stderr
    assert len(listed(tmp_path, "--experiment", "theirs")) == 3
    assert " theirs " not in inside(tmp_path, "sweeps").stdout


def test_the_same_command_finds_what_was_imported(elsewhere: Path) -> None:
    done = inside(elsewhere, "-m", *TINY, "seed=0,1,2", "sweep.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "sweep of 3 runs: 3 recorded already, 0 to train" in done.stdout


def test_what_was_imported_can_be_exported_again(elsewhere: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.nnexp"
    done = inside(elsewhere, "export", "--experiment", "nnexp", "--out", str(out))
    assert done.returncode == 0, done.stderr
    verified = inside(tmp_path, "verify", "again.nnexp", "--sample", "1")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_another_run_of_the_same_fingerprint_is_named_and_left_alone(
    exported: Exported, elsewhere: Path
) -> None:
    members = Members(exported.content)
    members.shift(1)
    members.seal()
    (elsewhere / "other.nnexp").write_bytes(members.put_together())
    done = inside(elsewhere, "import", "other.nnexp")
    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if "DIFFERS" in line]
    assert "left alone; train/cost at step 2: here " in line


def test_a_changed_file_is_refused_and_the_change_named(exported: Exported, tmp_path: Path) -> None:
    members = Members(exported.content)
    members.shift(0)
    (tmp_path / "x.nnexp").write_bytes(members.put_together())
    done = inside(tmp_path, "import", "x.nnexp")
    assert done.returncode == 1
    assert "x.nnexp: CHANGED: run" in done.stderr
    assert "metric train/cost" in done.stderr
    assert not (tmp_path / "mlflow.db").exists()
    done = inside(tmp_path, "verify", "x.nnexp")
    assert done.returncode == 1
    assert "metric train/cost" in done.stderr
    assert "nothing was trained" in done.stdout


def test_a_whole_file_is_reproduced_without_a_store(exported: Exported, tmp_path: Path) -> None:
    done = inside(tmp_path, "verify", str(exported.file))
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.match(r"reproduced on this machine \(.*\): 3 of 3 runs, \d+ values and all ", last)
    assert "weights, bit for bit; recorded on " in last
    assert not list(tmp_path.iterdir())


def test_a_forged_value_is_found_by_training(exported: Exported, tmp_path: Path) -> None:
    members = Members(exported.content)
    members.shift(0)
    members.seal()
    (tmp_path / "x.nnexp").write_bytes(members.put_together())
    done = inside(tmp_path, "verify", "x.nnexp")
    assert done.returncode == 1
    assert "first: train/cost at step 2: recorded " in done.stdout
    assert "NOT reproduced: 1 of 3 runs differ" in done.stdout


def test_the_lot_can_be_drawn_again(exported: Exported, tmp_path: Path) -> None:
    done = inside(tmp_path, "verify", str(exported.file), "--sample", "1")
    assert done.returncode == 0, done.stdout
    assert "1 of 3 runs, " in done.stdout.splitlines()[-1]
    seed = re.search(r"--sample-seed (\d+)", done.stdout)
    assert seed is not None
    again = inside(tmp_path, "verify", str(exported.file), "--sample", "1", *seed[0].split())
    assert again.stdout == done.stdout


def test_who_exported_is_checked_without_a_network(exported: Exported, tmp_path: Path) -> None:
    for name in ("mine", "other"):
        assert inside(tmp_path, "export", "--make-key", name).returncode == 0
    assert (tmp_path / "mine").stat().st_mode & 0o077 == 0
    uri = address(exported.folder)
    typed = ("--sign", "mine", "--signed-by", "Ada <ada@example.org>", "--tracking-uri", uri)
    done = inside(tmp_path, "export", "--sweep", exported.sweep, "--out", "s.nnexp", *typed)
    assert done.returncode == 0, done.stderr
    sample = ("--sample", "1")
    good = inside(tmp_path, "verify", "s.nnexp", "--signer", "mine.pub", *sample)
    assert good.returncode == 0, good.stderr
    assert "signed by Ada <ada@example.org>, key SHA256:" in good.stdout
    other = inside(tmp_path, "verify", "s.nnexp", "--signer", "other.pub", *sample)
    assert other.returncode == 1
    assert "it is signed by Ada" in other.stderr
    unsigned = inside(tmp_path, "import", str(exported.file), "--signer", "mine.pub")
    assert unsigned.returncode == 1
    assert "it is not signed" in unsigned.stderr
    forged = Members((tmp_path / "s.nnexp").read_bytes())
    forged.shift(0)
    forged.seal()
    (tmp_path / "f.nnexp").write_bytes(forged.put_together())
    found = inside(tmp_path, "verify", "f.nnexp", *sample)
    assert found.returncode == 1
    assert "it was changed after it was signed" in found.stderr


def test_a_report_carries_what_it_shows(elsewhere: Path, tmp_path: Path) -> None:
    done = inside(elsewhere, "report", "nnexp", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    page = tmp_path / "index.html"
    verified = inside(tmp_path, "verify", "index.html", "--sample", "1")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    text = page.read_text("utf-8")
    assert "python -m nnexp verify index.html" in text
    page.write_text(text.replace("<h2>Commands</h2>", "<h2>Orders</h2>"), "utf-8")
    changed = inside(tmp_path, "verify", "index.html")
    assert changed.returncode == 1
    assert "CHANGED: the page around the results that it carries" in changed.stderr


def test_a_single_run_and_a_filtered_experiment_travel(exported: Exported, tmp_path: Path) -> None:
    restore(tmp_path)  # Quicker than making a database.
    run = str(listed(exported.folder)[0]["run_id"])
    done = inside(exported.folder, "export", run[:8], "--out", str(tmp_path / "run.nnexp"))
    assert done.returncode == 0, done.stderr
    done = inside(tmp_path, "import", "run.nnexp", "--experiment", "theirs")
    assert done.returncode == 0, done.stderr
    assert len(listed(tmp_path, "--experiment", "theirs")) == 1
    where = ("--experiment", "nnexp", "--where", "params.seed != '1'")
    done = inside(exported.folder, "export", *where, "--out", str(tmp_path / "part.nnexp"))
    assert done.returncode == 0, done.stderr
    verified = inside(tmp_path, "verify", "part.nnexp", "--sample", "1")
    assert verified.returncode == 0, verified.stderr
    assert re.search(r"seed1 .*: not in the file \(left out\)", verified.stdout)
    assert "runs were left out by --where params.seed != '1'" in verified.stdout


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("export",), "--out is missing"),
        (("export", "--out", "x.nnexp"), "one of RUN_ID, --sweep ID and --experiment NAME"),
        (
            ("export", "ab", "--sweep", "cd", "--out", "x.nnexp"),
            "export: RUN_ID ab with --sweep cd: allowed: one of RUN_ID",
        ),
        (("export", "ab", "--out", "x.zip"), "a name that ends in .nnexp"),
        (("export", "ab", "--where", "x", "--out", "x.nnexp"), "allowed with --experiment"),
        (("export", "ab", "--signed-by", "x", "--out", "x.nnexp"), "allowed with --sign"),
        (("export", "ab", "--sign", "none", "--out", "x.nnexp"), "No such file"),
        (("export", "--experiment", "none", "--out", "x.nnexp"), "not recorded here"),
        (("export", "00000000", "--out", "x.nnexp"), "no recorded run"),
        (("import", "none.nnexp"), "none.nnexp: No such file or directory"),
        (("import", "."), "no plain file"),
        (("import", "page.html"), "page.html: a page of a report; allowed: a file"),
        (("import", "text.nnexp", "--experiment", ""), "--experiment '': allowed: a name"),
        (("import", "text.nnexp"), "cannot be read (File is not a zip file)"),
        (("verify", "none.nnexp"), "none.nnexp: No such file or directory"),
        (("verify", "page.html"), "carries no results"),
        (("verify", "text.nnexp", "b.nnexp"), "one FILE at a time"),
        (("verify", "text.nnexp", "--sample", "0"), "at least 1"),
        (("verify", "text.nnexp", "--budget", "soon"), "a time such as 90s, 10min or 2h"),
        (("verify", "text.nnexp", "--sample-seed", "1"), "with --sample or --budget"),
        (("verify", "text.nnexp", "--epochs", "1"), "allowed with a RUN_ID"),
        (("verify", "text.nnexp", "--signer", "text.nnexp"), "the public half"),
        (("verify", "abc", "--sample", "1"), "allowed with a FILE"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    refusing: Path, typed: tuple[str, ...], said: str
) -> None:
    done = inside(refusing, *typed)
    assert done.returncode == 2, (done.stdout, done.stderr)
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not (refusing / "x.nnexp").exists()


@pytest.fixture(scope="module")
def refusing(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("refusing")
    shutil.copy(elsewhere / "mlflow.db", folder)
    (folder / "text.nnexp").write_text("some text", "utf-8")
    (folder / "page.html").write_text("<p>some text", "utf-8")
    return folder


def test_what_is_printed_as_json_is_laid_out_so(exported: Exported, tmp_path: Path) -> None:
    out = ("--sweep", exported.sweep, "--out", str(tmp_path / "x.nnexp"))
    assert_laid_out(exported.folder, "export", ("export", *out))
    assert_laid_out(tmp_path, "verify", ("verify", "x.nnexp", "--sample", "1", "--bisect"))
    assert_laid_out(tmp_path, "import", ("import", "x.nnexp"))
    members = Members(exported.content)
    members.shift(0)
    (tmp_path / "y.nnexp").write_bytes(members.put_together())
    assert_laid_out(tmp_path, "verify", ("verify", "y.nnexp"))
    assert_laid_out(tmp_path, "import", ("import", "y.nnexp"))


@pytest.mark.slow
def test_a_budget_is_kept_over_the_cores(exported: Exported, tmp_path: Path) -> None:
    done = inside(tmp_path, "verify", str(exported.file), "--budget", "5min")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 runs, " in done.stdout.splitlines()[-1]
    short = inside(tmp_path, "verify", str(exported.file), "--budget", "0.01s")
    assert short.returncode == 1
    assert "nothing was shown: none of 3 runs ended" in short.stdout


def test_a_paper_gets_the_numbers_of_compare_and_the_line_that_checks_them(
    exported: Exported, tmp_path: Path
) -> None:
    out = tmp_path / "a_b.nnexp"
    typed = ("export", "--sweep", exported.sweep, "--out", str(out), "--latex", "--bibtex")
    done = inside(exported.folder, *typed, "--by", "reg,seed")
    assert done.returncode == 0, done.stderr
    table = out.with_suffix(".tex").read_text("utf-8")
    entry = out.with_suffix(".bib").read_text("utf-8")
    compared = inside(exported.folder, "compare", "--by", "reg,seed", "--format", "json").stdout
    for setting in json.loads(compared)["settings"]:
        assert f"& 1 & {100 * setting['mean']:.2f} &" in table
    digest = re.search(r"digest +([0-9a-f]{64})", done.stdout)
    assert digest is not None
    for text in (table, entry):
        assert r"\texttt{python -m nnexp verify a\_b.nnexp}" in text
        assert digest[1] in text
        assert text.count("{") == text.count("}")
    assert entry.startswith(f"@misc{{nnexp-{digest[1][:8]},")


def test_results_of_an_earlier_version_travel_and_say_which_version_verifies_them(
    tmp_path: Path,
) -> None:
    restore(tmp_path)
    done = inside(tmp_path, "export", "401148c4", "--out", "old.nnexp")
    assert done.returncode == 0, done.stderr
    done = inside(tmp_path, "verify", "old.nnexp")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "was made by nnexp 0.1" in line
    assert "To verify it: git checkout " in line
    done = inside(tmp_path, "import", "old.nnexp", "--experiment", "theirs")
    assert done.returncode == 0, done.stderr
    assert len(listed(tmp_path, "--experiment", "theirs")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("processor", PROCESSORS)
def test_kernels_for_another_processor_reproduce_it(
    exported: Exported, tmp_path: Path, processor: str
) -> None:
    environment = compiling_for(processor, tmp_path / "cache")
    done = nnexp("verify", str(exported.file), cwd=tmp_path, env=environment, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3 runs, " in done.stdout.splitlines()[-1]
