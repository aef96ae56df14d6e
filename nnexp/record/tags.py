"""Reading tags, where a record may be foreign or damaged, and looking for runs by them."""

from __future__ import annotations

from collections.abc import Mapping


def number(tags: Mapping[str, str], name: str, otherwise: int = 0) -> int:
    """A tag's whole number; `otherwise` where there is none."""
    try:
        return int(tags.get(name, otherwise))
    except ValueError:
        return otherwise


def finished_run(mark: str) -> str:
    """MLflow's filter for the finished runs of a fingerprint."""
    return (
        f"tags.`nnexp.fingerprint` = '{mark}' and tags.`nnexp.kind` = 'run' "
        "and attributes.status = 'FINISHED'"
    )
