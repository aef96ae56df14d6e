"""What is said while recorded runs are trained again: of a run, and of a file."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.record.check_seals import Checked
from nnexp.study.exchange.log import entries_of
from nnexp.study.exchange.manifest import Manifest
from nnexp.study.exchange.results import Results, absent
from nnexp.study.exchange.signature import Signer
from nnexp.study.verification import Verdict

DIFFERING = 5
"""Differing values that are printed per run."""

SHOWN = 20
"""Runs that are not in a file, machines, and verifications, that are named one by one."""


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
        then, here = verdict.places or ("", "")
        where = printable(f", recorded on {then}, repeated on {here}") if verdict.places else ""
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
    for number, difference in enumerate(verdict.differences[:DIFFERING]):
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


def introduce(results: Results, signer: Signer | None, *, signed: bool) -> None:
    """What a file holds, who made it, who has verified it, and what it does not hold."""
    manifest = results.manifest
    count = some(len(manifest.runs), "run")
    print(printable(f"{results.shown}: {count}, exported by {manifest.made_by}"))
    print(f"digest {results.digest}")
    if signed:
        print(printable(f"signed by {signer}" if signer else "not signed"))
    lacking = list(absent(manifest))
    for line in lacking[:SHOWN]:
        print(printable(line))
    if len(lacking) > SHOWN:
        print(f"and {len(lacking) - SHOWN} more that are not in the file")
    if manifest.chosen.where is not None:
        print(printable(f"runs were left out by --where {manifest.chosen.where}"))


def tell_log(results: Results) -> None:
    """Who has verified the file before, the last ones."""
    lines = log_lines(results, ())
    if len(lines) > SHOWN:
        print(f"{len(lines) - SHOWN} earlier verifications")
    for line in lines[-SHOWN:]:
        print(line)


def log_lines(results: Results, problems: Sequence[str]) -> list[str]:
    """The verifications that are in a file; none of one that was changed."""
    return [] if problems else [str(entry) for entry in entries_of(results.archive)]


def tell_conclusions(manifest: Manifest) -> None:
    """What the file concludes, once it was drawn from its runs again and came out so."""
    for claims in manifest.claims:
        outcomes = [j.outcome for j in claims.judged]
        said = [f"{o} {outcomes.count(o)}" for o in dict.fromkeys(outcomes)]
        print(printable(f"claims {claims.name}, judged from the file's runs: {', '.join(said)}"))
    if (compared := manifest.comparison) is not None:
        by, n = ", ".join(compared.by), len(compared.settings)
        print(printable(f"comparison by {by}, {compared.metric}: {n} settings, as the file says"))
