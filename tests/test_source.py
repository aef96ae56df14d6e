"""The digest of the numeric source: of what it says, not of how it is written down."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import nnexp
from nnexp import source
from nnexp.source import (
    NUMERIC_PACKAGES,
    SourceChanged,
    confirm,
    file_digests,
    sha256_of_package,
    source_sha256,
)

PACKAGE = Path(nnexp.__file__).parent
ROOT = PACKAGE.parent

SNIPPET = '''
"""What this is."""

from dataclasses import dataclass

RATE = 0.1
"""What is said of it."""


@dataclass(frozen=True)
class Step:
    """One step."""

    eta: float = -1e-3
    name: str | None = None

    def __call__(self, w: "Array", *g: float, **rest: object) -> list[float]:
        # A comment.
        spread = {**rest, "σ": f"{self.eta:>{len(g)}.3f}{w!r}" "", b"x": ...}
        return [w - self.eta * x for x in g if x not in spread] or [1j, True, None, 10**400]
'''

GOLDEN = "21371ba25446a926c71c07207b3723431eee99ed107f38b17efcad04269bcb20"

SAME = {
    "comment": SNIPPET.replace("# A comment.", "# Another."),
    "docstrings": SNIPPET.replace('    """One step."""\n\n', "").replace('"""What this is."""', ""),
    "text below a constant": SNIPPET.replace('"""What is said of it."""', ""),
    "line breaks": SNIPPET.replace("[w - self.eta * x", "[\n            w - (self.eta * x)\n"),
    "quotes": SNIPPET.replace('"σ"', "'\\u03c3'"),
    "numbers": SNIPPET.replace("-1e-3", "-0.001"),
    "line ends": SNIPPET.replace("\n", "\r\n"),
}
OTHER = {
    "number": SNIPPET.replace("0.1", "0.2"),
    "type of a number": SNIPPET.replace("True, None", "1, None"),
    "sign": SNIPPET.replace("w - self", "w + self"),
    "name": SNIPPET.replace("RATE", "RATES"),
    "order": SNIPPET.replace("self.eta * x", "x * self.eta"),
    "argument": SNIPPET.replace("frozen=True", ""),
    "empty text": SNIPPET.replace("frozen=True", "''"),
    "returned nothing": SNIPPET.replace("None, 10", "10"),
    "text of an expression": SNIPPET.replace('"σ"', '"s"'),
    "unfinished": SNIPPET + "\ndef f(",
}


def digest(text: str) -> str:
    return source.digest_of(text.encode())


@pytest.mark.parametrize("name", SAME)
def test_how_it_is_written_does_not_count(name: str) -> None:
    assert SAME[name] != SNIPPET
    assert digest(SAME[name]) == digest(SNIPPET)


@pytest.mark.parametrize("name", OTHER)
def test_what_it_says_counts(name: str) -> None:
    assert OTHER[name] != SNIPPET
    assert digest(OTHER[name]) != digest(SNIPPET)


def test_it_is_as_it_always_was() -> None:
    """Fingerprints of recorded runs hold it: another way to write trees down is another version."""
    assert digest(SNIPPET) == GOLDEN


def pythons() -> list[str]:
    """Other Pythons on this machine that could run the program."""
    names = [f"python3.{minor}" for minor in (11, 12, 13, 14)]
    places = [Path.home() / ".pyenv" / "versions", Path("/opt"), Path("/usr/local")]
    found = [str(p) for place in places for n in names for p in place.glob(f"*/bin/{n}")]
    return [*found, *filter(None, map(shutil.which, names))]


def test_every_python_finds_the_same() -> None:
    code = (
        "import sys; from nnexp import source; print(source.source_sha256());"
        "print(source.digest_of(sys.stdin.buffer.read()))"
    )
    tried = 0
    for python in pythons():
        done = subprocess.run(
            [python, "-c", code],
            input=SNIPPET.encode(),
            env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            check=False,
        )
        if b"Error: command not found" in done.stderr or done.returncode == 127:
            continue  # A stub of pyenv's, for a version that is not chosen.
        assert done.returncode == 0, (python, done.stderr)
        assert done.stdout.decode().split() == [source_sha256(), GOLDEN], python
        tried += 1
    print(f"{tried} Pythons")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package, free to be changed."""
    ignore = shutil.ignore_patterns("mnist", "__pycache__")
    return shutil.copytree(PACKAGE, tmp_path / "nnexp", ignore=ignore)


def test_it_is_of_the_numeric_packages_wherever_they_lie(copied: Path) -> None:
    before = sha256_of_package(copied)
    assert before == source_sha256()
    for path in sorted(copied.rglob("*.py")):
        original = path.read_bytes()
        path.write_bytes(original + b"\n# a comment\n")
        assert sha256_of_package(copied) == before, path
        path.write_bytes(original + b"\nadded = 1\n")
        numeric = path.relative_to(copied).parts[0] in NUMERIC_PACKAGES
        assert (sha256_of_package(copied) != before) == numeric, path
        path.write_bytes(original)
    (copied / "nn" / "new.py").write_text("")
    assert sha256_of_package(copied) != before


@pytest.mark.parametrize("engine", ["compiled", "numpy"])
def test_what_was_imported_is_confirmed(engine: str) -> None:
    confirm(file_digests(), engine, since="since then")


def test_a_change_is_named(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PACKAGE", copied)
    confirm(file_digests(), "numpy", since="since then")
    (copied / "nn" / "costs.py").write_text("RATE = 1\n")
    (copied / "data" / "idx.py").unlink()
    said = "nn, kernel, data, train changed since then: data/idx.py, nn/costs.py"
    with pytest.raises(SourceChanged, match=said):
        confirm(file_digests(), "numpy", since="since then")


def test_another_source_than_expected_is_named() -> None:
    with pytest.raises(SourceChanged, match=r"since then: nn/costs\.py$"):
        confirm({**file_digests(), "nn/costs.py": "0" * 64}, "numpy", since="since then")


def test_without_a_compiler_the_rest_is_confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = source.import_module

    def refusing(name: str) -> object:
        if name.startswith("nnexp.kernel"):
            raise RuntimeError("this compiler refuses this Python")
        return real(name)

    monkeypatch.setattr(source, "import_module", refusing)
    confirm(file_digests(), "numpy", since="since then")
    with pytest.raises(RuntimeError, match="refuses"):
        confirm(file_digests(), "compiled", since="since then")
