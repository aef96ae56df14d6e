"""Everything about a file that can be found wrong without training."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from nnexp.study.exchange.conclusions import conclusion_problems
from nnexp.study.exchange.log import log_problems
from nnexp.study.exchange.results import Results, problems
from nnexp.study.exchange.signature import signature_problem


def all_problems(results: Results, expected: Ed25519PublicKey | None) -> list[str]:
    """What was changed on the way; `expected` is the key that the file must be signed with."""
    unsigned = signature_problem(results, expected)
    found = [*([unsigned] if unsigned else []), *problems(results), *log_problems(results.archive)]
    # What was changed is not recorded, not even for a moment.
    return found or list(conclusion_problems(results))
