"""`python -m nnexp verify FILE`: train again what a file of results, or a report's page, claims."""

from __future__ import annotations

import argparse
import re
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nnexp.commands.import_file import tell_problems
from nnexp.commands.verdicts import say
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.check import Checked
from nnexp.record.environment import environment
from nnexp.record.seal import TAG
from nnexp.study.exchange.archive import SUFFIX
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.page import PAGE, results_in_page
from nnexp.study.exchange.reproduce import Claim, claims_of, reproduce, sampled
from nnexp.study.exchange.results import Results, absent, open_results, problems
from nnexp.study.exchange.signature import read_public, signature_problem, signer_of
from nnexp.study.surroundings import place, source_change
from nnexp.study.verify import Verdict
from nnexp.terminal import console

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SHOWN = 20
"""Runs that are not in a file, and machines, that are named one by one."""

_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def add_file_options(parser: argparse.ArgumentParser) -> None:
    """The options that `verify` takes with a file."""
    parser.add_argument(
        "--sample", type=int, metavar="N", help="of a file: only N runs of it, drawn by lot"
    )
    parser.add_argument(
        "--budget", metavar="TIME", help="of a file: as many runs as end in TIME, such as 10min"
    )
    parser.add_argument(
        "--sample-seed", type=int, metavar="SEED", help="draws the same runs as another verify did"
    )
    parser.add_argument(
        "--signer", metavar="FILE.pub", help="the file must be signed with this public key"
    )


def is_file(text: str) -> bool:
    """Whether an argument of `verify` names a file rather than a run."""
    return text.endswith((SUFFIX, *PAGE)) or "/" in text or Path(text).is_file()


def refuse_file_options(options: argparse.Namespace) -> None:
    """Refuse the options of files where there is none.

    Raises:
        UserError: one was given.
    """
    for name in ("sample", "budget", "sample_seed", "signer"):
        if getattr(options, name) is not None:
            raise UserError(f"--{name.replace('_', '-')}: allowed with a FILE")


def verify_file(options: argparse.Namespace) -> int:
    """Verify one file; 0 if all that was trained again agrees, 1 if not."""
    budget, seed = _checked(options)
    expected = read_public(Path(options.signer)) if options.signer is not None else None
    path = Path(options.run_ids[0])
    if path.name.endswith(PAGE):
        results, whole = results_in_page(path)
        wrong = [] if whole else ["the page around the results that it carries"]
        return _verify(results, options, budget, seed, expected, wrong)
    with open_results(path) as results:
        return _verify(results, options, budget, seed, expected, [])


def _verify(
    results: Results,
    options: argparse.Namespace,
    budget: float | None,
    seed: int,
    expected: Ed25519PublicKey | None,
    wrong: list[str],
) -> int:
    """Verify results of which some things may be known to be wrong already."""
    unsigned = signature_problem(results, expected)
    found = [*wrong, *([unsigned] if unsigned else []), *problems(results)]
    _introduce(results, signed=not unsigned)
    if found:
        tell_problems(results.shown, found)
        print(f"NOT verified: {results.shown} is not what was exported; nothing was trained")
        return 1
    everything = results.manifest.runs
    drawn = options.sample is not None or budget is not None
    chosen = sampled(everything, options.sample, seed) if drawn else list(everything)
    if drawn:
        print(f"{len(chosen)} of {len(everything)} runs, drawn with --sample-seed {seed}")
    claims = claims_of(results, chosen, options.data_root)
    _warn(results, claims)
    return _conclude(results, claims, _train(results, claims, budget))


def _train(results: Results, claims: Sequence[Claim], budget: float | None) -> list[Verdict]:
    names = {claim.run.id: claim.run for claim in claims}
    verdicts = []
    for verdict in reproduce(results, claims, budget, console()):
        run = names[verdict.run_id]
        verdict = replace(verdict, record=Checked(sealed=TAG in run.tags), places=None)
        verdicts.append(verdict)
        count = f"[{len(verdicts)}/{len(claims)}] " if len(claims) > 1 else ""
        say(verdict, printable(f"{count}{run.id[:8]} {run.name}"))
    return verdicts


def _conclude(results: Results, claims: Sequence[Claim], verdicts: Sequence[Verdict]) -> int:
    good = [verdict for verdict in verdicts if verdict.verified]
    whole = len(results.manifest.runs)
    here, then = place(environment()), _places(results, [claim.run for claim in claims])
    if len(good) < len(verdicts):
        print(f"NOT reproduced: {len(verdicts) - len(good)} of {len(verdicts)} runs differ")
        print(printable(f"trained again on this machine ({here}); recorded on {then}"))
        return 1
    if not good:
        print(f"nothing was shown: none of {whole} runs ended in the time that was given")
        return 1
    values = sum(verdict.compared - 1 for verdict in good)
    print(
        printable(
            f"reproduced on this machine ({here}): {len(good)} of {whole} run"
            f"{'s' if whole > 1 else ''}, {values:,} values and all weights, bit for bit; "
            f"recorded on {then}"
        )
    )
    return 0


def _places(results: Results, runs: Sequence[Run]) -> str:
    """Where runs were recorded, each place once."""
    known = (results.environment(run) for run in runs)
    places = list(dict.fromkeys(place(found) for found in known if found))
    more = f" and {len(places) - SHOWN} other places" if len(places) > SHOWN else ""
    return "; ".join(places[:SHOWN]) + more if places else "a machine that is not named"


def _introduce(results: Results, *, signed: bool) -> None:
    """What the file holds, who made it, and what it does not hold."""
    manifest = results.manifest
    runs = len(manifest.runs)
    count = f"{runs} run{'s' if runs > 1 else ''}"
    print(printable(f"{results.shown}: {count}, exported by {manifest.made_by}"))
    print(f"digest {results.digest}")
    if signed:
        signer = signer_of(results)
        print(printable(f"signed by {signer}" if signer else "not signed"))
    lacking = list(absent(manifest))
    for line in lacking[:SHOWN]:
        print(printable(line))
    if len(lacking) > SHOWN:
        print(f"and {len(lacking) - SHOWN} more that are not in the file")
    if manifest.chosen.where is not None:
        print(printable(f"runs were left out by --where {manifest.chosen.where}"))


def _warn(results: Results, claims: Sequence[Claim]) -> None:
    """Say before training what source the runs were trained with, if it is not this one."""
    notes: dict[str, int] = {}
    for claim in claims:
        if note := source_change(results.environment(claim.run), claim.run.tags):
            notes[note] = notes.get(note, 0) + 1
    for note, count in notes.items():
        print(f"{count} of {len(claims)} runs were trained with another {printable(note)}")


def _checked(options: argparse.Namespace) -> tuple[float | None, int]:
    """The budget in seconds and the seed of the lot.

    Raises:
        UserError: options that do not go together.
    """
    if len(options.run_ids) != 1:
        raise UserError(f"{shlex.join(options.run_ids)}: allowed: one FILE at a time")
    for name in ("sweep", "epochs", "tolerance"):
        if getattr(options, name) is not None:
            raise UserError(f"--{name}: allowed with a RUN_ID, not with a FILE")
    if options.sample is not None and options.sample < 1:
        raise UserError(f"--sample {options.sample}: allowed: at least 1")
    seed = options.sample_seed
    if seed is not None and (seed < 0 or (options.sample is None and options.budget is None)):
        raise UserError(f"--sample-seed {seed}: allowed: 0 and more, with --sample or --budget")
    # A lot that whoever made the file can foresee would be none.
    return _budget(options.budget), secrets.randbelow(2**32) if seed is None else seed


def _budget(text: str | None) -> float | None:
    if text is None:
        return None
    parts = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|min|h)", text.strip())
    if parts is None or not float(parts[1]):
        raise UserError(f"--budget {text}: allowed: a time such as 90s, 10min or 2h")
    return float(parts[1]) * _SECONDS[parts[2]]
