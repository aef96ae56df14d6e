"""Sweeps as they are typed: what is recorded, what is refused, what is reused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.command import start as typed_apart
from tests.runner.typed import by_setting, client, histories, nnexp, recorded, start

TINY = ("size=100", "train.epochs=2")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sweep")
    done = nnexp(folder, "-m", *TINY, "reg=none,l2", "dropout=off,half", "seed=range(2)")
    assert done.returncode == 0, done.stderr
    (folder / "screen.txt").write_text(done.stdout)
    return folder


def test_every_combination_is_a_run_under_one_parent(swept: Path) -> None:
    runs, parents = recorded(swept), recorded(swept, "sweep")
    assert len(runs) == 8
    assert len(parents) == 1
    assert parents[0].info.status == "FINISHED"
    seen = {
        (r.data.params["reg.name"], r.data.params["dropout.hidden"], r.data.params["seed"])
        for r in runs
    }
    assert len(seen) == 8
    for run in runs:
        assert run.data.tags["nnexp.sweep"] == parents[0].info.run_id
        assert run.data.tags["mlflow.parentRunId"] == parents[0].info.run_id


def test_nothing_is_said_beside_the_sweeps_own_lines(tmp_path: Path) -> None:
    # Fresh processes: those forked off one that has used MLflow know what it was told there.
    done = typed_apart("-m", *TINY, "seed=0,1", cwd=tmp_path)
    _, said = done.communicate(timeout=240)
    assert done.returncode == 0, said
    assert said == ""


def test_a_run_of_a_sweep_has_the_bits_of_the_run_alone(swept: Path, tmp_path: Path) -> None:
    together = by_setting(swept)
    done = nnexp(tmp_path, *TINY, "reg=l2", "dropout=half", "seed=1", "tracking.artifacts=light")
    assert done.returncode == 0, done.stderr
    (alone,) = by_setting(tmp_path).items()
    assert together[alone[0]] == alone[1]


def test_runs_of_one_process_have_data_of_their_own(tmp_path: Path) -> None:
    # Which images are drawn depends on how many are kept for validation.
    tiny = (*TINY, "data.subset=random", "model.hidden=[3]", "tracking.artifacts=light")
    together, apart = tmp_path / "together", tmp_path / "apart"
    together.mkdir(), apart.mkdir()
    typed = ("-m", *tiny, "data.n_validation=100,200", "sweep.workers=1")
    assert nnexp(together, *typed).returncode == 0
    for count in (100, 200):
        assert nnexp(apart, *tiny, f"data.n_validation={count}").returncode == 0
    alone = by_setting(apart)
    assert by_setting(together) == alone
    assert len({str(bits) for bits in alone.values()}) == 2


@pytest.mark.slow
def test_the_basic_launcher_gives_the_same_bits(swept: Path, tmp_path: Path) -> None:
    typed = ("-m", "hydra/launcher=basic", *TINY, "seed=0,1", "tracking.artifacts=light")
    done = nnexp(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    together = by_setting(swept)
    alone = by_setting(tmp_path)
    assert len(alone) == 2
    for command, bits in alone.items():
        assert together[command] == bits


def test_models_are_written_in_silence(tmp_path: Path) -> None:
    done = nnexp(tmp_path, "-m", *TINY, "seed=0,1", "tracking.artifacts=all")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(list(tmp_path.glob("mlartifacts/*/artifacts/model/MLmodel"))) == 2


def test_the_same_sweep_again_trains_nothing(swept: Path) -> None:
    before = [r.info.run_id for r in recorded(swept)]
    done = nnexp(swept, "-m", *TINY, "reg=none,l2", "dropout=off,half", "seed=range(2)")
    assert done.returncode == 0, done.stderr
    assert "8 recorded already, 0 to train" in done.stdout
    assert [r.info.run_id for r in recorded(swept)] == before
    assert len(recorded(swept, "sweep")) == 1


@pytest.mark.slow
def test_a_larger_sweep_reuses_what_is_recorded(swept: Path) -> None:
    done = nnexp(swept, "-m", *TINY, "reg=l2", "seed=range(3)")
    assert done.returncode == 0, done.stderr
    assert "2 recorded already, 1 to train" in done.stdout
    reused = [line for line in done.stdout.splitlines() if line.startswith("reused: ")]
    assert [("seed0" in line, "seed1" in line) for line in reused] == [(True, False), (False, True)]
    # Its id finds those too.
    said = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)
    assert said["table"] == f"python -m nnexp runs --sweep {said['sweep'][:8]}"


@pytest.mark.parametrize("typed", [("-m", "seed=0,1"), ()])
def test_dry_run_trains_and_records_nothing(tmp_path: Path, typed: tuple[str, ...]) -> None:
    done = nnexp(tmp_path, *typed, *TINY, "sweep.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "dry run: nothing was trained" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_dry_run_in_a_store_leaves_it_as_it_is(swept: Path) -> None:
    before = [e.name for e in client(swept).search_experiments()]
    typed = ("-m", *TINY, "reg=none", "seed=0,1,2", "sweep.dry_run=true")
    known = nnexp(swept, *typed)
    assert known.stdout.count("recorded as ") == 2
    assert known.stdout.count("to be trained") == 1
    fresh = nnexp(swept, *typed, "tracking.experiment=fresh")
    assert fresh.returncode == 0, fresh.stderr
    assert fresh.stdout.count("to be trained") == 3
    assert [e.name for e in client(swept).search_experiments()] == before


def test_an_impossible_combination_is_refused_before_anything_trains(tmp_path: Path) -> None:
    done = nnexp(tmp_path, "-m", "size=100,1k", "train.batch_size=10,200", "train.epochs=1")
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "train.batch_size=200" in line
    assert "size=100" in line
    assert not (tmp_path / "mlflow.db").exists()


def test_a_run_that_diverges_disturbs_no_other(tmp_path: Path) -> None:
    typed = ("-m", *TINY, "model.activation=relu", "cost=loglikelihood", "train.dtype=float32")
    done = nnexp(tmp_path, *typed, "train.eta=0.1,1e30", "seed=0,1")
    assert done.returncode == 1
    states = {
        (r.data.params["train.eta"], r.data.params["seed"]): (
            r.info.status,
            r.data.tags.get("nnexp.reason", ""),
        )
        for r in recorded(tmp_path)
    }
    assert len(states) == 4
    for (eta, _), (status, reason) in states.items():
        assert status == ("FINISHED" if eta == "0.1" else "FAILED")
        assert ("diverged" in reason) == (eta != "0.1")
    assert "failed: " in done.stdout
    assert done.stderr.count("\n") == 1
    alone = tmp_path / "alone"
    alone.mkdir()
    nnexp(alone, *typed[1:], "train.eta=0.1", "seed=1", "tracking.artifacts=light")
    (expected,) = recorded(alone)
    (ours,) = [
        r
        for r in recorded(tmp_path)
        if (r.data.params["train.eta"], r.data.params["seed"]) == ("0.1", "1")
    ]
    assert histories(tmp_path, ours.info.run_id) == histories(alone, expected.info.run_id)


@pytest.mark.slow
def test_failed_runs_are_tried_again_only_when_asked(tmp_path: Path) -> None:
    typed = ("-m", *TINY, "model.activation=relu", "cost=loglikelihood", "train.eta=0.1,1e30")
    assert nnexp(tmp_path, *typed).returncode == 1
    again = nnexp(tmp_path, *typed)
    assert again.returncode == 1
    assert "2 recorded already, 0 to train" in again.stdout
    listed = nnexp(tmp_path, "sweeps").stdout
    (command,) = re.findall(r"python -m nnexp (sweeps --go-on \w+ --retry failed)", listed)
    retried = nnexp(tmp_path, *command.split())
    assert retried.returncode == 1
    assert "1 recorded already, 1 to train" in retried.stdout
    assert len(recorded(tmp_path)) == 2
    assert len(recorded(tmp_path, "superseded")) == 1


@pytest.mark.slow
def test_two_sweeps_at_once_on_a_fresh_store_both_finish(tmp_path: Path) -> None:
    both = [start(tmp_path, "-m", *TINY, f"model.hidden=[{n}]", "seed=range(4)") for n in (10, 11)]
    said = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(by_setting(tmp_path)) == 8
    assert len(recorded(tmp_path, "sweep")) == 2


@pytest.mark.slow
def test_two_processes_asked_for_one_sweep_train_it_once(tmp_path: Path) -> None:
    both = [start(tmp_path, "-m", *TINY, "seed=range(4)") for _ in range(2)]
    said = [process.communicate(timeout=240)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(by_setting(tmp_path)) == 4
    assert len(recorded(tmp_path, "sweep")) == 1
