"""The results of a report inside its page, so that anyone who has the page can check them."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.errors import UserError
from nnexp.record.check_seals import AT_ONCE
from nnexp.record.store import Store
from nnexp.report.report_data import Material
from nnexp.study.exchange.archive import archived
from nnexp.study.exchange.gather import gather, sweeps_of
from nnexp.study.exchange.manifest import Chosen

MOST_BYTES = 8_000_000
"""A page that is sent by mail or opened on a phone should not be much larger."""


@dataclass(frozen=True)
class Carried:
    """A file of results inside a page."""

    content: bytes
    """Empty where the page carries none."""
    digest: str = ""
    why: str = ""
    """Why it carries none."""
    whole: bool = False
    """Whether the records of all runs were found to be what was recorded."""


def carried(store: Store, material: Material) -> Carried:
    """The results behind a report as a file of them, without weights."""
    if len(material.kept) > AT_ONCE:
        return Carried(b"", why=f"of more than {AT_ONCE} runs a page carries none")
    chosen = Chosen(kind="report", names=material.names, where=material.where)
    try:
        sweeps = sweeps_of(store, material.kept)
        gathered = gather(store, material.kept, sweeps, chosen, weights=False, whole=material.whole)
    except UserError as error:
        return Carried(b"", why=str(error))
    content = archived(gathered.members)
    if len(content) > MOST_BYTES:
        why = f"they take more than {MOST_BYTES // 1_000_000} MB"
        return Carried(b"", why=why, whole=True)
    return Carried(content, gathered.digest, whole=True)
