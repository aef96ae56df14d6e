"""Whatever is typed ends in a checked config or in one line; never in a traceback, never half."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.cli import COMMANDS
from nnexp.config.arguments import (
    FLAGS,
    GROUPS,
    given_keys,
    printable,
    quoted_texts,
)
from nnexp.config.check_arguments import HYDRA_KEYS, check_arguments
from nnexp.config.command import overrides_of
from nnexp.config.compose import config_dir, register, resolve, schema_keys, to_yaml
from nnexp.config.messages import one_line
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.runner.launcher import Request, register_launcher
from tests.inside import inside
from tests.record.stored import restore

SECRET = "geheim-ich-sag-es-nicht"
CASES = [100, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]

KEYS = [*schema_keys(), *GROUPS, *HYDRA_KEYS]
CHOICES = sorted({path.stem for path in config_dir().rglob("*.yaml")})
FRAGMENTS = [
    *(
        "",
        "0",
        "1",
        "-1",
        "1e308",
        "1e-320",
        "nan",
        "inf",
        "-inf",
        "0x10",
        "1_000",
        "007",
        "½",
        "٣",
    ),
    *("true", "no", "null", "None", "[]", "[30]", "[[30]]", "[30", "{a:1}", "{", "'", '"', "\\"),
    *("range(3)", "choice(1,2)", "interval(0,1)", "glob(*)", "sort(1,2)", "shuffle(1,2)", "1,2,3"),
    *(
        "${oc.env:NNEXP_SECRET}",
        "${",
        "$(id)",
        "`id`",
        "; id",
        "| id",
        "../../etc/passwd",
        "~",
        "*",
    ),
    *(
        "\x00",
        "\x1b[2J",
        "\u202e",
        "\u2028",
        "\udc80",
        "\ud800",
        "%00",
        "a b",
        "a=b",
        "=",
        ":",
        "@",
    ),
    *(
        "_target_",
        "int(x)",
        "str(1)",
        "float(nan)",
        "json_str({})",
        "extend_list(1)",
        "1k",
        "50k",
        "0k",
    ),
]

values = (
    st.sampled_from([*FRAGMENTS, *CHOICES])
    | st.integers().map(str)
    | st.floats().map(str)
    | st.text(max_size=10)
    | st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join)
)
keys = (
    st.sampled_from(KEYS) | st.text(max_size=8) | st.sampled_from(["hydra.run.dir", "+a", "~reg"])
)
overrides = st.builds("{}={}".format, keys, values)
arguments = st.lists(
    overrides | st.sampled_from([*FLAGS, "--experimental-rerun", "-x"]) | st.text(max_size=10),
    min_size=1,
    max_size=4,
)


@pytest.fixture
def hydra() -> Iterator[None]:
    """Hydra, ready to compose this program's config."""
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    register()
    register_launcher(Request())
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_dir()), version_base="1.3"):
        yield
    GlobalHydra.instance().clear()


def without_flags(typed: Sequence[str]) -> list[str]:
    """The overrides of a line: without flags and the values that follow them."""
    words, values_left = [], 0
    for word in typed:
        if values_left:
            values_left -= 1
        elif word.startswith("-") and not word[1:2].isdigit():
            flag, equals, _ = word.partition("=")
            values_left = 0 if equals else FLAGS.get(flag, 0)
        else:
            words.append(word)
    return words


def ask(typed: Sequence[str]) -> Config:
    """The config that overrides ask for, through every check that the program makes."""
    from hydra import compose
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    check_arguments(typed, schema_keys(), COMMANDS)
    words = quoted_texts(without_flags(typed))
    try:
        return resolve(compose("config", overrides=words), given_keys(words))
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(error)) from error


@pytest.mark.usefixtures("hydra")
@pytest.mark.parametrize("cases", CASES)
def test_any_line_asks_for_a_checked_config_or_is_refused_in_one_line(
    cases: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_SECRET", SECRET)
    accepted = 0

    @settings(max_examples=cases)
    @given(arguments | st.lists(overrides, min_size=1, max_size=1))
    def check(typed: list[str]) -> None:
        nonlocal accepted
        try:
            config = ask(typed)
        except UserError as error:
            said = printable(str(error))
            assert len(said.splitlines()) == 1
            assert SECRET not in said
            said.encode()
        else:
            accepted += 1
            assert SECRET not in to_yaml(config)
            # What is recorded as the command asks for the same numbers again.
            again = ask(overrides_of(config))
            assert overrides_of(again) == overrides_of(config)

    check()
    assert accepted


@pytest.mark.parametrize(
    "cases", [40, pytest.param(400, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
def test_a_line_as_typed_records_one_whole_run_or_none(
    cases: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_SECRET", SECRET)
    restore(tmp_path)
    connection = sqlite3.connect(tmp_path / "mlflow.db")
    there = {path.name for path in tmp_path.iterdir()} | {".nnexp"}

    def states() -> list[str]:
        return [row[0] for row in connection.execute("SELECT status FROM runs")]

    @settings(max_examples=cases)
    @given(st.lists(overrides, min_size=1, max_size=2))
    def check(typed: list[str]) -> None:
        keys_typed = {word.partition("=")[0] for word in typed}
        if "tracking.uri" in keys_typed or any("\0" in word for word in typed):
            return  # No shell passes a zero byte; other stores have their own tests.
        small = ("tracking.artifacts=none", "size=100", "train.epochs=0", "model.hidden=[3]")
        words = [w for w in small if w.partition("=")[0] not in keys_typed]
        if any(
            word.startswith(("train.epochs=", "size=", "data.", "experiment=")) for word in typed
        ):
            return  # A long training is no test of what is typed.
        before = len(states())
        done = inside(tmp_path, *words, *typed)
        after = states()
        assert set(after) <= {"FINISHED", "FAILED"}
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        if done.returncode == 2:
            assert len(done.stderr.splitlines()) == 1
            assert len(after) == before
        else:
            assert done.returncode in (0, 1), done.stderr
            assert len(after) in (before, before + 1)
        assert {path.name for path in tmp_path.iterdir()} <= there

    check()
    connection.close()
