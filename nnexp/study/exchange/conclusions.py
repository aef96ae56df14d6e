"""What is concluded from the runs of a file: claims judged, settings compared.

Both are drawn from the file alone, by recording its runs in a store that is made for this and
vanishes: whoever reads the file draws them again and comes to the same. It is the last of what can
be found wrong with a file without training (`all_problems`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.study.claims import claims_in
from nnexp.study.claims_judged import Judged, judge
from nnexp.study.compare import compare
from nnexp.study.exchange.archive import MANIFEST, SUMS, archived, sums_of
from nnexp.study.exchange.gather import Gathered
from nnexp.study.exchange.log import log_problems
from nnexp.study.exchange.manifest import Claims, Compared, ComparedSetting, JudgedClaim, Manifest
from nnexp.study.exchange.recording import record_results
from nnexp.study.exchange.results import Results, problems, results_of
from nnexp.study.exchange.signature import signature_problem
from nnexp.study.frames import runs_of_ids

CLOSE = 1e-9
"""Relative: sums and quantiles of libraries may differ in the last digits between machines."""

Conclusion = JudgedClaim | ComparedSetting


def concluded(
    gathered: Gathered, claims: Mapping[str, str], by: Sequence[str], metric: str
) -> Gathered:
    """A file with what follows from its runs; `claims` are texts of files by name.

    Raises:
        UserError: what claims and `compare` refuse.
    """
    if not claims and not by:
        return gathered
    found = _drawn(results_of(archived(gathered.members), "export"), claims, by, metric)
    manifest = gathered.manifest.model_copy(update=found)
    members = {**gathered.members, MANIFEST: manifest.bytes()}
    return replace(gathered, manifest=manifest, members={**members, SUMS: sums_of(members)})


def conclusion_problems(results: Results) -> Iterator[str]:
    """What the file concludes from its runs and does not follow from them."""
    manifest = results.manifest
    compared = manifest.comparison
    if not manifest.claims and compared is None:
        return
    texts = {claims.name: claims.text for claims in manifest.claims}
    by, metric = (compared.by, compared.metric) if compared else ((), "")
    try:
        again = manifest.model_copy(update=_drawn(results, texts, by, metric))
    except UserError as error:
        yield f"what it concludes cannot be drawn from it: {error}"
        return
    theirs, ours = _lines(manifest), _lines(again)
    for name in sorted({*theirs, *ours}):
        said, found = theirs.get(name), ours.get(name)
        if said is None or found is None or not _agree(said, found):
            yield printable(f"{name}: the file says {_text(said)}, its runs say {_text(found)}")


def _drawn(
    results: Results, claims: Mapping[str, str], by: Sequence[str], metric: str
) -> dict[str, object]:
    """Fields of a manifest."""
    parsed = {name: claims_in(text, name, f"claims {name}") for name, text in claims.items()}
    # A store with the runs of the file and nothing else.
    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'mlflow.db'}")
        ids = [one.run_id for one in record_results(results, store, None)]
        judged = tuple(
            Claims(name=name, text=claims[name], judged=tuple(map(_judged, judge(store, c).judged)))
            for name, c in parsed.items()
        )
        comparison = _compared(store, ids, by, metric) if by else None
    return {"claims": judged, "comparison": comparison}


def _judged(j: Judged) -> JudgedClaim:
    return JudgedClaim(
        name=j.claim.name,
        outcome=j.outcome,
        n=j.n,
        mean=_finite(j.mean),
        low=_finite(j.low),
        high=_finite(j.high),
        p=None if j.p is None else _finite(j.p),
    )


def _compared(store: Store, ids: Sequence[str], by: Sequence[str], metric: str) -> Compared:
    found = compare(runs_of_ids(store, ids), by, metric)
    settings = tuple(
        ComparedSetting(
            name=found.named(s),
            n=s.summary.n,
            mean=_finite(s.summary.mean),
            low=_finite(s.summary.low) if s.summary.n > 1 else None,
            high=_finite(s.summary.high) if s.summary.n > 1 else None,
        )
        for s in found.settings
    )
    return Compared(by=tuple(by), metric=metric, settings=settings)


def _lines(manifest: Manifest) -> dict[str, Conclusion]:
    """Each conclusion by what it is of."""
    found: dict[str, Conclusion] = {
        f"claim {j.name}": j for claims in manifest.claims for j in claims.judged
    }
    settings = manifest.comparison.settings if manifest.comparison else ()
    return found | {f"comparison, {s.name}": s for s in settings}


def _agree(a: Conclusion, b: Conclusion) -> bool:
    return all(
        math.isclose(x, y, rel_tol=CLOSE, abs_tol=CLOSE)
        if isinstance(x, float) and isinstance(y, float)
        else x == y
        for (_, x), (_, y) in zip(a, b, strict=True)
    )


def _text(found: Conclusion | None) -> str:
    if found is None:
        return "nothing"
    parts = [] if found.mean is None else [f"{found.mean}"]
    if found.low is not None or found.high is not None:
        parts.append(f"interval {found.low} to {found.high}")
    outcome = "mean"
    if isinstance(found, JudgedClaim):
        outcome, p = found.outcome, found.p
        parts += [] if p is None else [f"p = {p}"]
    return f"{outcome} {', '.join(parts)} (n = {found.n})"


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def all_problems(
    results: Results, expected: Ed25519PublicKey | None, say: Callable[[str], None]
) -> list[str]:
    """What was changed on the way; `expected` is the key that the file must be signed with.

    `say` is told before what may take minutes.
    """
    unsigned = signature_problem(results, expected)
    found = [*([unsigned] if unsigned else []), *problems(results), *log_problems(results.archive)]
    if found:  # What was changed is not recorded, not even for a moment.
        return found
    manifest = results.manifest
    if manifest.claims or manifest.comparison:
        say(f"drawing again what the file concludes from {len(manifest.runs):,} runs")
    return list(conclusion_problems(results))
