"""`--help`: at once, with examples, whatever else is on the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp import __version__
from nnexp.cli import COMMANDS
from tests.cli.command import nnexp, start
from tests.inside import inside

HEAVY = {"mlflow", "matplotlib", "hydra", "omegaconf", "pandas", "numpy", "scipy", "rich"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("-h",),
        ("cost=quadratic", "--help"),
        ("--help", "reg=l2", "no_such_key=1"),
        ("-m", "seed=0,1", "-h"),
    ],
)
def test_help_shows_examples_whatever_else_is_typed(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    done = nnexp(*arguments, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "examples" in done.stdout
    assert "python -m nnexp cost=crossentropy reg=l2" in done.stdout
    for command in COMMANDS:
        assert command in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_examples_of_the_help_are_accepted(tmp_path: Path) -> None:
    """Each is composed and printed; the sweeps are counted, not trained."""
    page = nnexp("--help", cwd=tmp_path).stdout
    lines = page.partition("\nexamples\n")[2].partition("\n\n")[0].splitlines()
    typed = [line.strip().removeprefix("python -m nnexp ") for line in lines]
    single = [t for t in typed if "=" in t and not t.startswith("-m")]
    assert single
    for words in single:
        done = nnexp(*words.split(), "--cfg", "job", cwd=tmp_path)
        assert done.returncode == 0, f"{words}: {done.stderr}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_help_page_with_an_example(command: str, tmp_path: Path) -> None:
    done = inside(tmp_path, command, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"example:\n  python -m nnexp {command}" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_help_imports_nothing_that_takes_time(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from nnexp.__main__ import main\n"
        "code = main(['--help'])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
        "sys.exit(code)\n"
    )
    process = start("-c", program, cwd=tmp_path, python=())
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "examples" in out
    loaded = set(err.split())
    assert "nnexp" in loaded
    assert not loaded & HEAVY


def test_version_is_printed(tmp_path: Path) -> None:
    assert nnexp("--version", cwd=tmp_path).stdout == f"nnexp {__version__}\n"
