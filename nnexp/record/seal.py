"""One digest over all that is recorded of a finished run, made when it ends.

It is over parameters, the whole history, the tags that matter and the artifacts that there were.
A run carries it as a tag, with a short digest of every part, so that a change can be named; and
the store's folder keeps both in a file that is only ever appended to, so that a tag changed in the
store does not pass. Artifacts that are added later are no part of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import struct
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from nnexp.record.contents import stored
from nnexp.record.events import checked_line, unchecked

TAG, PARTS = "nnexp.record_sha256", "nnexp.record_parts"

SEALED = (
    "command",
    "data",
    "environment",
    "epochs",
    "fingerprint",
    "fingerprint_version",
    "fork_at",
    "fork_of",
    "parts",
    "schema",
    "source",
    "weights_sha256",
)
"""The tags `nnexp.…` that belong to the record of a run."""

SHORT = 8
"""Hexadecimal digits by which a part that differs is named."""

MOST = 5000
"""Characters of a parameter that are looked at: MLflow may cut longer ones."""

KEPT = "records.jsonl"

Parts = Mapping[str, str]
"""SHA-256 by part: `metric train/cost`, `artifact curves.csv`, …"""

Value = tuple[str, int, float]
"""Metric, step, value."""


@dataclass(frozen=True)
class Seal:
    """The digest of a record, and short ones of its parts."""

    sha256: str
    parts: Parts

    @property
    def tags(self) -> dict[str, str]:
        """As tags of the run."""
        text = json.dumps(self.parts, separators=(",", ":"), ensure_ascii=True)
        return {TAG: self.sha256, PARTS: text}

    @property
    def artifacts(self) -> list[str]:
        """Names of the artifacts that it covers."""
        kind = "artifact "
        return [part.removeprefix(kind) for part in self.parts if part.startswith(kind)]


def parts_of(
    params: Mapping[str, str],
    tags: Mapping[str, str],
    values: Iterable[Value],
    artifacts: Mapping[str, str],
) -> dict[str, str]:
    """The parts of a record with their digests; `artifacts` are SHA-256 by name."""
    found = {f"artifact {name}": digest for name, digest in artifacts.items()}
    for name in SEALED:
        if (said := tags.get(f"nnexp.{name}")) is not None:
            found[f"tag nnexp.{name}"] = _sha256(said.encode())
    groups: dict[str, list[tuple[str, str]]] = {}
    for key, text in params.items():
        groups.setdefault(key.partition(".")[0], []).append((key, text[:MOST]))
    for group, pairs in groups.items():
        found[f"parameters {group}"] = _sha256(json.dumps(sorted(pairs)).encode())
    curves: dict[str, set[tuple[int, bytes]]] = {}
    for name, step, value in values:
        bits = struct.pack("<d", math.nan if value != value else stored(value))
        curves.setdefault(name, set()).add((step, bits))
    for name, points in curves.items():
        content = b"".join(struct.pack("<q", step) + bits for step, bits in sorted(points))
        found[f"metric {name}"] = _sha256(content)
    return found


def sealed(parts: Parts) -> Seal:
    """The digest over all parts."""
    text = json.dumps(dict(sorted(parts.items())), separators=(",", ":"), ensure_ascii=True)
    short = {name: digest[:SHORT] for name, digest in sorted(parts.items())}
    return Seal(_sha256(text.encode()), short)


def seal_of_tags(tags: Mapping[str, str]) -> Seal | None:
    """What a run's tags say; None if they say nothing, as those of older runs."""
    if TAG not in tags:
        return None
    try:
        parts = json.loads(tags.get(PARTS, "{}"))
    except ValueError:
        parts = {}
    known = parts if isinstance(parts, dict) else {}
    return Seal(tags[TAG], {str(name): str(digest) for name, digest in known.items()})


def note_seal(folder: Path, run_id: str, seal: Seal) -> None:
    """Keep the digest of a run's record in the store's folder."""
    body = json.dumps({"run": run_id, "sha256": seal.sha256, "parts": dict(seal.parts)})
    # In one call, so that lines of two processes do not mix; a line cut short is ignored.
    with open(folder / KEPT, "ab", buffering=0) as file:
        file.write(checked_line(body))


def kept_seals(folder: Path, ids: Collection[str]) -> dict[str, Seal]:
    """The digests that the store's folder keeps of some runs: the last one of each."""
    wanted, found = {f'{{"run": "{run_id}"'.encode() for run_id in ids}, {}
    try:
        with open(folder / KEPT, "rb") as lines:
            for line in lines:
                # A run's id has 32 characters, and lines are many.
                if line[:42] not in wanted:
                    continue
                if (body := unchecked(line.rstrip(b"\n"))) is not None:
                    content = json.loads(body)
                    found[str(content["run"])] = Seal(content["sha256"], content["parts"])
    except OSError:
        return found  # There is none, or it cannot be read: the tags are what is left.
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
