"""What came of training again: of a run, said and for a program.

Of a file besides as an entry of its log, and as a badge.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp import __version__
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.check_seals import Checked
from nnexp.record.environment import environment
from nnexp.study.environment_differences import place
from nnexp.study.exchange.log import Entry, entries_of, now
from nnexp.study.exchange.manifest import Manifest, Run
from nnexp.study.exchange.paper import GREEN, GREY, RED, badge
from nnexp.study.exchange.results import Results, absent
from nnexp.study.exchange.signature import Signer
from nnexp.study.verification import Verdict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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


@dataclass(frozen=True)
class Verification:
    """A file, and what came of training its runs again."""

    results: Results
    signer: Signer | None
    problems: Sequence[str]
    """What was changed on the way; then nothing was trained."""
    verdicts: Sequence[Verdict] = ()
    programs: Sequence[str] = ()
    """Other versions of the program that runs were trained again with."""

    @property
    def good(self) -> list[Verdict]:
        """The runs that came out bit for bit."""
        return [verdict for verdict in self.verdicts if verdict.verified]

    @property
    def outcome(self) -> str:
        """In a word."""
        if self.problems:
            return "changed"
        if len(self.good) < len(self.verdicts):
            return "differs"
        return "reproduced" if self.verdicts else "nothing shown"

    @property
    def values(self) -> int:
        """Values that were compared in those, weights aside."""
        return sum(verdict.compared - 1 for verdict in self.good)

    @property
    def whole(self) -> int:
        """Runs in the file."""
        return len(self.results.manifest.runs)

    @cached_property
    def here(self) -> str:
        """This machine."""
        return ", ".join([place(environment()), *self.programs])

    @property
    def then(self) -> str:
        """Where the runs were recorded, each place once."""
        ids = {verdict.run_id for verdict in self.verdicts}
        runs = [run for run in self.results.manifest.runs if run.id in ids]
        known = (self.results.environment(run) for run in runs)
        places = list(dict.fromkeys(place(found) for found in known if found))
        more = f" and {len(places) - SHOWN} other places" if len(places) > SHOWN else ""
        return "; ".join(places[:SHOWN]) + more if places else "a machine that is not named"

    def conclude(self) -> None:
        """Say what came of it."""
        tried, good, runs = len(self.verdicts), len(self.good), some(self.whole, "run")
        if self.outcome == "differs":
            print(f"NOT reproduced: {tried - good} of {tried} runs differ")
            said = f"trained again on this machine ({self.here}); recorded on {self.then}"
        elif self.outcome == "nothing shown":
            said = f"nothing was shown: none of {self.whole} runs ended in the time that was given"
        else:
            values = f"{self.values:,} values and all weights, bit for bit"
            said = f"reproduced on this machine ({self.here}): {good} of {runs}, {values}"
            said += f"; recorded on {self.then}"
        print(printable(said))

    def plain(self) -> dict[str, Any]:
        """For a program: docs/schemas/verify.json."""
        names = {run.id: run.name for run in self.results.manifest.runs}
        manifest = self.results.manifest
        return {
            "verified": self.outcome == "reproduced",
            "runs": [plain(verdict, names[verdict.run_id]) for verdict in self.verdicts],
            "file": {
                "name": self.results.shown,
                "digest": self.results.digest,
                "made_by": manifest.made_by,
                "signed_by": str(self.signer) if self.signer else None,
                "outcome": self.outcome,
                "runs": self.whole,
                "reproduced": len(self.good),
                "values": self.values,
                "changed": list(self.problems),
                "not_in_the_file": list(absent(manifest)),
                "claims": [
                    {"name": j.name, "outcome": j.outcome}
                    for claims in manifest.claims
                    for j in claims.judged
                ],
                "log": log_lines(self.results, self.problems),
                "here": self.here,
                "recorded_on": self.then if self.verdicts else None,
            },
        }

    def entry(self, who: str, key: Ed25519PrivateKey | None) -> Entry:
        """For the file's own log.

        Raises:
            UserError: nothing that could be logged, or no name.
        """
        if self.outcome not in ("reproduced", "differs"):
            raise UserError(f"--add-to-log: {self.outcome}; allowed: once runs were trained again")
        made = Entry(
            digest=self.results.digest,
            who=who,
            at=now(),
            program=f"nnexp {__version__}",
            where=printable(self.here),
            outcome="reproduced" if self.outcome == "reproduced" else "differs",
            reproduced=len(self.good),
            tried=len(self.verdicts),
            runs=self.whole,
            values=self.values,
            public_key="",
            signature="",
        )
        return made if key is None else made.signed(key)

    def badge(self) -> bytes:
        """An SVG image."""
        count = f"{len(self.good)} of {self.whole} runs"
        tried = f"{len(self.verdicts) - len(self.good)} of {len(self.verdicts)} runs"
        label, text, colour = {
            "reproduced": ("reproduced", count, GREEN),
            "differs": ("not reproduced", f"{tried} differ", RED),
            "changed": ("results", "changed since export", RED),
        }.get(self.outcome, ("results", "not verified", GREY))
        return badge(label, text, colour)


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


def run_named(runs: Sequence[Run], prefix: str) -> Run:
    """The run of a file with an id that begins so.

    Raises:
        UserError: there is none, or there are several.
    """
    found = [run for run in runs if run.id.startswith(prefix.lower())] if prefix else []
    if len(found) != 1:
        how = "several runs" if found else "no run"
        there = ", ".join(run.id[:8] for run in runs[:SHOWN])
        raise UserError(f"--run {prefix}: {how} of the file; allowed: one of {there}")
    return found[0]


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that cannot be written before an hour is spent.

    Raises:
        UserError: its folder is not there.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UserError(f"{option} {path}: allowed: a file in a folder that is there")
