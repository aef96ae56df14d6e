"""The verdict on a file whose runs were trained again: said, for programs, its log, and a badge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nnexp import __version__
from nnexp.cli.verification_text import SHOWN, log_lines, plain
from nnexp.config.arguments import printable
from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.environment import environment
from nnexp.study.environment_differences import place
from nnexp.study.exchange.log import Entry, now
from nnexp.study.exchange.paper import GREEN, GREY, RED, badge
from nnexp.study.exchange.results import Results, absent
from nnexp.study.exchange.signature import Signer
from nnexp.study.verification import Verdict

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


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
