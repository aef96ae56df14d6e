"""Files of other versions of the program: what made them is named, and trains them again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nnexp.errors import NnexpError, UserError
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.other_version import Made, check_same, overrides_in, program_of
from tests.inside import inside
from tests.record.stored import restore

COMMIT = "ee1e069a9b2905c2dab118310dc3887a9c5e3308"
"""What the stored record of version 0.1.0 was made by."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old")
    restore(folder)
    done = inside(folder, "export", "401148c4", "--out", "old.nnexp")
    assert done.returncode == 0, done.stderr
    return folder / "old.nnexp"


def refused(old: Path, *typed: str) -> str:
    done = inside(old.parent, "verify", "old.nnexp", "--with-version", *typed)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_a_source_that_cannot_be_had_is_said_in_one_line(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "no git repository; allowed: " in refused(old, "--source", str(tmp_path))
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "empty")], check=True)
    line = refused(old, "--source", str(tmp_path / "empty"))
    assert f"holds no commit {COMMIT} (nnexp 0.1.0 (commit {COMMIT[:12]})); allowed: " in line
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "--with-version: git is not installed; allowed: --source index" in refused(old)
    assert not list((tmp_path / "cache").rglob("venv"))


@pytest.mark.slow
def test_packages_that_cannot_be_had_are_said_in_one_line(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert "the environment cannot be made (" in refused(old, "--source", "index")
    assert not list(tmp_path.rglob("venv"))


def test_a_python_that_cannot_be_had_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"no python3\.99 here; allowed: install it, or uv"):
        program_of(Made("0.1.0", "", "3.99"), "index", print)


def has_commit() -> bool:
    """A shallow clone has not."""
    there = ["git", "cat-file", "-e", COMMIT]
    folder = Path(__file__).parent
    return subprocess.run(there, cwd=folder, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not has_commit(), reason="this clone has not the commit")
def test_a_file_of_the_first_version_is_verified_by_it(
    old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for told in ("making an environment for nnexp 0.1.0", "training with nnexp 0.1.0"):
        done = inside(old.parent, "verify", "old.nnexp", "--with-version")
        assert done.returncode == 0, done.stdout + done.stderr
        assert told in done.stdout
        assert f"with nnexp 0.1.0 (commit {COMMIT[:12]})): 1 of 1 run, " in done.stdout
    assert [path.name for path in (tmp_path / "nnexp" / "versions").iterdir()] == [
        f"{COMMIT[:12]}-python3.11"
    ]


def run_of(command: str) -> Run:
    return Run(
        id="0" * 32,
        name="x",
        experiment="x",
        start_time=0,
        end_time=0,
        params={},
        tags={"nnexp.command": command},
        artifacts={},
        values=0,
    )


def test_the_command_of_a_run_is_its_config() -> None:
    typed = "python -m nnexp reg=l2 size=1k 'model.hidden=[30, 20]' data.root='/a b/c' seed=3"
    assert overrides_in(run_of(typed)) == [
        *("reg=l2", "size=1k", "model.hidden=[30, 20]", "data.root=/a b/c", "seed=3")
    ]


@pytest.mark.parametrize(
    "command",
    [
        "",
        "rm -rf x",
        "python -m nnexp --experimental-rerun x",
        "python -m nnexp hydra.run.dir=/tmp/x",
        "python -m nnexp tracking.notify=x",
        "python -m nnexp sweep.executor=dask",
        "python -m nnexp experiment=book",
        "python -m nnexp seed=${oc.env:SECRET}",
        "python -m nnexp +x=1",
        "python -m nnexp verify x.nnexp",
        "python -m nnexp 'seed=1",
    ],
)
def test_a_command_that_is_more_than_a_config_is_refused(command: str) -> None:
    with pytest.raises(UserError, match=r"its command is .*; allowed: python -m nnexp with"):
        overrides_in(run_of(command))


@pytest.mark.parametrize(
    ("params", "tags", "said"),
    [
        ({"train.eta": "0.25"}, {}, "its command gives another train.eta"),
        ({}, {"nnexp.source": "0"}, "its source is not that of the commit"),
        ({}, {"nnexp.data": "0"}, "was trained on other data"),
    ],
)
def test_what_comes_out_as_another_run_is_no_proof(
    params: dict[str, str], tags: dict[str, str], said: str
) -> None:
    ours = {"train.eta": "0.5", "tracking.uri": "here", "data.root": "/here"}
    claimed = {"nnexp.source": "1", "nnexp.data": "1"}
    run = run_of("").model_copy(update={"params": ours, "tags": claimed})
    there = {"train.eta": "0.5", "tracking.uri": "there"}
    check_same(run, there, claimed)
    with pytest.raises(NnexpError, match=said):
        check_same(run, there | params, claimed | tags)


def test_what_a_file_says_of_its_maker_is_taken_only_in_its_form() -> None:
    said = {"nnexp": "0.1.0; rm", "git": {"commit": "--upload-pack=x"}, "python": "../3.11"}
    assert Made.of(said) == Made("", "", "")
    assert Made.of({"git": [1], "python": 3}) == Made("", "", "")
    assert str(Made.of({"nnexp": "0.2.0.dev0", "git": {"commit": COMMIT}, "python": "3.12.1"})) == (
        f"nnexp 0.2.0.dev0 (commit {COMMIT[:12]})"
    )
