"""The log of verifications: added to a file, shown, and never believed where it was changed."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nnexp.study.exchange.archive import LOG, SUMS
from nnexp.study.exchange.log import log_problems
from tests.inside import inside
from tests.study.exchange.conftest import Exported
from tests.study.exchange.members import Members, opened


@pytest.fixture(scope="module")
def verified(exported: Exported, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with two verifications: Ada's, and Bob's, who signs."""
    folder = tmp_path_factory.mktemp("verified")
    file = folder / "results.nnexp"
    file.write_bytes(exported.content)
    assert inside(folder, "export", "--make-key", "bob").returncode == 0
    for who in (("Ada",), ("Bob, bob@example.org", "--sign", "bob")):
        typed = ("verify", "results.nnexp", "--sample", "1", "--add-to-log", *who)
        done = inside(folder, *typed, "--badge", "badge.svg")
        assert done.returncode == 0, done.stdout + done.stderr
    return file


def test_who_has_verified_is_shown_and_the_digest_stays(
    verified: Path, exported: Exported, tmp_path: Path
) -> None:
    with zipfile.ZipFile(verified) as archive, zipfile.ZipFile(exported.file) as before:
        names = [name for name in archive.namelist() if name != LOG]
        assert {n: archive.read(n) for n in names} == {n: before.read(n) for n in before.namelist()}
        digest = hashlib.sha256(archive.read(SUMS)).hexdigest()
    for typed in (("verify", str(verified), "--sample", "1"), ("import", str(verified))):
        done = inside(tmp_path, *typed)
        assert done.returncode == 0, done.stderr
        assert digest in done.stdout
        ada, bob = [line for line in done.stdout.splitlines() if "reproduced by " in line]
        assert ada.startswith("reproduced by Ada (not signed) at 20")
        assert ": 1 of 3 runs, " in ada
        assert bob.startswith("reproduced by Bob, bob@example.org (key SHA256:")
        assert bob.split("; on ")[1]


def test_a_badge_says_what_came_of_it_and_fetches_nothing(verified: Path) -> None:
    text = (verified.parent / "badge.svg").read_text("utf-8")
    assert "<title>reproduced: 1 of 3 runs</title>" in text
    assert text.replace('xmlns="http://www.w3.org/2000/svg"', "").count("http") == 0


def test_a_verification_that_failed_can_be_noted_too(exported: Exported, tmp_path: Path) -> None:
    members = Members(exported.content)
    members.shift(0)
    members.seal()
    (tmp_path / "x.nnexp").write_bytes(members.put_together())
    typed = ("--run", members.runs[0]["id"][:8], "--add-to-log", "Ada", "--badge", "x.svg")
    done = inside(tmp_path, "verify", "x.nnexp", *typed)
    assert done.returncode == 1
    assert "differs by Ada (not signed)" in done.stdout
    assert "1 of 1 runs differ" in done.stdout
    assert "not reproduced: 1 of 1 runs differ" in (tmp_path / "x.svg").read_text("utf-8")


Change = Callable[[list[dict[str, Any]]], object]

CHANGES: list[tuple[Change, str]] = [
    (lambda log: log[1].update(reproduced=3), "entry 2, by Bob, bob@example.org: its signature"),
    (lambda log: log[1].update(who="Eve"), "its signature is not of what it says"),
    (lambda log: log[1].update(signature="00"), "its signature is not of what it says"),
    (lambda log: log[1].update(public_key="x"), "its signature is damaged"),
    (lambda log: log[0].update(digest="0" * 64), "entry 1, by Ada: is of another file"),
    (lambda log: log[0].update(tried=-1), "0.tried: Input should be greater"),
    (lambda log: log[0].pop("where"), "0.where: Field required"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES)
def test_an_entry_that_was_changed_is_named(verified: Path, change: Change, named: str) -> None:
    members = Members(verified.read_bytes())
    log = json.loads(members.files[LOG])
    change(log)
    members.files[LOG] = json.dumps(log).encode()
    (problem,) = log_problems(opened(members.put_together()).archive)
    assert named in problem


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--sign", "key"), "--sign: allowed with --add-to-log NAME"),
        (("--add-to-log", " "), "a name on one line"),
        (("--badge", "none/x.svg"), "a file in a folder that is there"),
        (("--run", "zz"), "--run zz: no run of the file; allowed: one of "),
        (("--run", "a", "--sample", "1"), "--run a: allowed without --sample"),
        (("--source", "."), "--source .: allowed with --with-version"),
        (("--epoch", "1"), "--epoch: allowed with --bisect"),
        (("--bisect", "--epoch", "0"), "at least 1"),
        (("--bisect", "--against", "none.json"), "--against none.json: no such file"),
    ],
)
def test_options_that_cannot_be_are_refused_in_one_line(
    exported: Exported, tmp_path: Path, typed: tuple[str, ...], said: str
) -> None:
    done = inside(tmp_path, "verify", str(exported.file), *typed)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line
