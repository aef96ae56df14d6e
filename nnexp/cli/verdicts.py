"""What is printed of a run that was trained again."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnexp.config.arguments import printable
from nnexp.record.check_seals import Checked
from nnexp.study.verification import Verdict

SHOWN = 5
"""Differing values that are printed per run."""


def changed(record: Checked) -> str:
    """That a record has been changed, and where."""
    return f"the record is not what was recorded: {printable(', '.join(record.differences))}"


def warn_of_source(changes: Sequence[str]) -> None:
    """Say before training what source runs were trained with; of each run one, empty if ours."""
    for change, count in Counter(filter(None, changes)).items():
        print(f"{count} of {len(changes)} runs were trained with another {printable(change)}")


def plain(verdict: Verdict, name: str) -> dict[str, Any]:
    """One for a program: docs/schemas/verify.json."""
    return {
        "run_id": verdict.run_id,
        "name": name,
        "verified": verdict.verified,
        "values": verdict.compared - (verdict.weights_agree is not None),
        "weights_agree": verdict.weights_agree,
        "differences": [asdict(difference) for difference in verdict.differences],
        "record_changed": list(verdict.record.differences),
        "changed_since": list(verdict.surroundings),
    }


def say(verdict: Verdict, title: str, tolerance: float | None = None) -> None:
    """Print one, and the first differences if there are any."""
    if verdict.verified:
        how = "identical" if tolerance is None else f"within {tolerance:g}"
        values = f"{verdict.compared - bool(verdict.weights_agree):,} values"
        weights = " and the weights" if verdict.weights_agree else ""
        places = ", recorded on {}, repeated on {}".format(*verdict.places or ("", ""))
        where = printable(places) if verdict.places else ""
        print(f"{title}: {how}: {values}{weights}{where}", flush=True)
        if verdict.farthest is not None:
            print(f"  farthest: {printable(str(verdict.farthest))}", flush=True)
        if not verdict.record.sealed:
            print("  recorded without a digest of the record", flush=True)
        return
    if verdict.record.differences and not verdict.differences:
        again = "" if verdict.weights_agree is False else ", though trained again it is the same"
        print(f"{title}: DIFFERS: {changed(verdict.record)}{again}", flush=True)
        return
    print(f"{title}: DIFFERS: {len(verdict.differences)} of {verdict.compared} values")
    for number, difference in enumerate(verdict.differences[:SHOWN]):
        print(f"  {'first: ' if number == 0 else ''}{printable(str(difference))}")
    if verdict.weights_agree is False:
        print("  weights: SHA-256 differs")
    if verdict.record.differences:
        print(f"  {changed(verdict.record)}")
    for change in verdict.surroundings:
        print(f"  changed since: {printable(change)}")
    if not verdict.surroundings:
        print("  nothing in the recorded environment differs from this one")
    sys.stdout.flush()
