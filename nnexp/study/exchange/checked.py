"""Everything about a file that can be found wrong without training."""

from __future__ import annotations

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nnexp.study.exchange.conclusions import conclusion_problems
from nnexp.study.exchange.log import log_problems
from nnexp.study.exchange.results import Results, problems
from nnexp.study.exchange.signature import signature_problem


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
