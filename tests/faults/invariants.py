"""What must hold after a command during which something failed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tests.faults.trial import Case, Ended, Undisturbed

CODES = (0, 1, 2)


def broken(case: Case, usual: Undisturbed, found: Ended) -> Iterator[str]:
    """What does not hold, in words."""
    if not (case.tells and found.done.returncode == 1 and not found.done.stderr):
        yield from _said(found)
    yield from _kept(usual, found)
    yield from _files(usual, found)
    done = usual.after.finished
    if not (case.once and found.between.finished == done):
        yield from _again(case, usual, found)
    if found.doctor.returncode or not found.doctor.stdout.strip().endswith("all is well"):
        yield f"doctor: {found.doctor.stdout}{found.doctor.stderr}"


def _said(found: Ended) -> Iterator[str]:
    code, err = found.done.returncode, found.done.stderr
    if code not in CODES:
        yield f"exit code {code}"
    if "Traceback" in err + found.done.stdout:
        yield "a traceback"
    last = err.strip().splitlines()[-1:]
    if code and not (last and last[0].startswith("nnexp: ") and len(last[0]) > len("nnexp: ") + 9):
        yield f"exit code {code} without a line that says why"
    elif code and re.fullmatch(r"nnexp: \[Errno \d+\][\w /]+", last[0]):
        yield f"what failed is not named: {last[0]}"


def _kept(usual: Undisturbed, found: Ended) -> Iterator[str]:
    """What is FINISHED is whole, at once and in the end; nothing is there twice."""
    between, after, whole = found.between.finished, found.after.finished, usual.after.finished
    if strange := between - whole - usual.before.finished:
        yield f"FINISHED, but not whole: {_apart(strange, whole)}"
    if lost := usual.before.finished & whole - between:
        yield f"lost at once: {_apart(lost, between)}"
    # A curve that is imported again replaces the one before, which lies in the bin then.
    after = after - Counter(run for run in after - whole if _replaced_in(after, run))
    if after != whole:
        yield (
            f"recorded in the end: {_apart(after - whole, whole - after)}, "
            f"missing {(whole - after).total()}, too many {(after - whole).total()}"
        )
    left = {k: n for k, n in (found.after.other - usual.after.other).items() if "RUNNING" in k}
    if left:
        yield f"left in the end: {left}"


def _replaced_in(after: Counter[str], run: str) -> bool:
    name, stage, *rest = run.split("\n")
    return stage == "deleted" and "\n".join([name, "active", *rest]) in after


def _apart(one: Counter[str], other: Counter[str]) -> str:
    """The lines by which runs differ from the nearest of some others."""
    if not one or not other:
        return f"{one.total()} runs"
    lines = set(next(iter(one)).splitlines())
    near = min((set(run.splitlines()) for run in other), key=lambda run: len(run ^ lines))
    return (
        " | ".join(sorted(f"+{line}"[:150] for line in lines - near)[:6])
        + " / "
        + " | ".join(sorted(f"-{line}"[:150] for line in near - lines)[:6])
    )


def _files(usual: Undisturbed, found: Ended) -> Iterator[str]:
    """Files that were asked for are whole or not there; none is left over."""
    for name in found.files_between.keys() - usual.files.keys():
        yield f"left over: {name}"
    for name, whole in found.files_between.items():
        if not whole:
            yield f"half a file: {name}"
    if found.files != usual.files:
        yield f"files in the end: {sorted(found.files.items() ^ usual.files.items())}"


def _again(case: Case, usual: Undisturbed, found: Ended) -> Iterator[str]:
    if found.again.returncode:
        yield f"again: {found.again.returncode} {found.again.stdout[-500:]}{found.again.stderr}"
    elif case.prints and found.again.stdout != usual.done.stdout:
        yield "printed otherwise when typed again"
    said = found.done.stdout + found.done.stderr
    told = any(words in said for words in ("warning", "cannot be", "is not what was recorded"))
    if case.prints and not found.done.returncode and said != usual.done.stdout and not told:
        yield f"exit code 0, printed otherwise: {found.done.stdout[-300:]} {found.done.stderr}"
