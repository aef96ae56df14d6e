"""A server whose administrator does not let somebody write: refused before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException, get_error_code

from nnexp.record.store_errors import denial, trouble_of
from nnexp.runner import run_under_way
from tests.inside import inside
from tests.runner.served import Lies, Proxy, honest
from tests.runner.typed import recorded

TINY = ("size=50", "train.epochs=1", "model.hidden=[5]", "data.n_validation=20",
        "tracking.artifacts=none")  # fmt: skip
ONE_LINE = "nnexp: MLFLOW_TRACKING_USERNAME: the tracking server does not let this user do that ("


def to(*endings: str) -> Lies:
    """What MLflow's logins answer to a user without the permission for such requests."""
    return lambda verb, path: (403, b"Permission denied") if path.endswith(endings) else None


WRITES = to("runs/create", "runs/update", "runs/delete", "runs/log-batch", "runs/log-inputs")


@pytest.mark.parametrize("words", [(), ("-m", "seed=0,1"), ("search", "train.eta=0.1,1")])
def test_nothing_of_what_a_server_denies_is_trained_or_kept_to_be_sent(
    words: tuple[str, ...],
    served: tuple[Path, int],
    way: Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before: exit code 1, the answer as it came, and a run that every later start would send."""
    monkeypatch.setattr(run_under_way, "train", None)
    before = len(recorded(served[0]))
    way.lies = WRITES
    denied = inside(tmp_path, *words, *TINY, way.address)
    assert denied.returncode == 2
    (line,) = denied.stderr.splitlines()
    assert line.startswith(f"{ONE_LINE}mlflow/runs/create); allowed: ")
    assert not list((tmp_path / ".nnexp" / "runs").glob("*"))
    way.lies = honest
    assert len(recorded(served[0])) == before
    healthy = inside(tmp_path, "doctor", "--tracking-uri", way.address.partition("=")[2])
    assert healthy.returncode == 0
    assert "sent" not in healthy.stdout


def test_what_is_recorded_stays_and_may_be_looked_at_by_whoever_may_only_read(
    served: tuple[Path, int], way: Proxy, tmp_path: Path
) -> None:
    store = ("--tracking-uri", way.address.partition("=")[2])
    done = inside(tmp_path, *TINY, "tracking.experiment=read", way.address)
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.split("\nrun ")[1].split()[0]
    file = tmp_path / "read.nnexp"
    exported = inside(tmp_path, "export", "--experiment", "read", "--out", str(file), *store)
    assert exported.returncode == 0, exported.stderr
    way.lies = WRITES
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for words in (("tag", run_id, "a=b"), ("note", run_id, "text"), ("delete", run_id),
                  ("import", str(file), "--experiment", "nnexp")):  # fmt: skip
        denied = inside(elsewhere, *words, *store)
        assert denied.returncode == 2, words
        assert denied.stderr.startswith(ONE_LINE), words
        assert len(denied.stderr.splitlines()) == 1, words
    assert not list((elsewhere / ".nnexp" / "runs").glob("*"))
    assert inside(elsewhere, "show", run_id, *store).returncode == 0


def answered(status: int) -> MlflowException:
    """As MLflow's client tells of an answer that is no JSON."""
    text = f"API request to endpoint /api/2.0/mlflow/runs/search failed with error code {status}"
    return MlflowException(f"{text} != 200. Response body: ''", error_code=get_error_code(status))


def test_a_password_that_was_changed_meanwhile_is_no_store_that_does_not_answer(
    served: tuple[Path, int],
) -> None:
    from nnexp.record.store import open_store

    store = open_store(f"http://127.0.0.1:{served[1]}", reading=True)
    assert trouble_of(store, answered(401)) == (
        "the tracking server does not take this name and password any more"
    )
    assert trouble_of(store, answered(403)).startswith("the tracking server does not let this user")
    assert "MLFLOW_TRACKING_PASSWORD" in denial(answered(401))
    assert "(mlflow/runs/search)" in denial(answered(403))


@pytest.mark.parametrize("words", [(), ("-m", "seed=0,1")])
def test_the_last_lines_do_not_call_recorded_what_waits(
    words: tuple[str, ...], way: Proxy, tmp_path: Path
) -> None:
    """The permission is taken away while it is trained, and given back."""
    request = (*words, *TINY, "tracking.experiment=waits", way.address)
    way.lies = to("runs/update")
    done = inside(tmp_path, *request)
    assert done.returncode == 0, done.stderr
    place = f"{way.address.partition('=')[2]}, experiment waits"
    assert f"\nrecorded   {place}\n" not in done.stdout
    assert "the tracking server does not let this user do that (mlflow/runs/update); " in (
        done.stdout
    )
    kept = "kept here, sent at the next start\n"
    if words:
        (line,) = (line for line in done.stdout.splitlines() if line.startswith("recorded   "))
        assert line.startswith(f"recorded   {place}; ")
        assert f" runs are {kept}" in f"{line}\n"
    else:
        assert f"\nnot yet    {place}: {kept}" in done.stdout
    way.lies = honest
    again = inside(tmp_path, *request)
    assert again.returncode == 0, again.stderr
    assert f"\nrecorded   {place}\n" in again.stdout
    assert "that the store had not received before" in again.stdout


def test_ui_names_the_pages_of_a_server(way: Proxy, tmp_path: Path) -> None:
    done = inside(tmp_path, *TINY, "tracking.experiment=seen", way.address)
    assert done.returncode == 0, done.stderr
    address = way.address.partition("=")[2]
    said = inside(tmp_path, "ui", "--tracking-uri", address)
    assert said.returncode == 0, said.stderr
    assert f"  seen: {address}/#/experiments/" in said.stdout
