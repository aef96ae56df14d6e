"""`verifications.json`: who trained a file's runs again, where, when, and what came of it.

It stands beside what was exported: neither the file's digest nor its signature is of it. Each entry
names the digest of the file that it is about, and may be signed by who made it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import Field, TypeAdapter

from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.study.exchange.archive import LOG, Archive, archived, write_asked
from nnexp.study.exchange.manifest import (
    Model,
    Name,
    Sha256,
    Text,
    canonical,
    plain_json,
    refused,
)
from nnexp.study.exchange.signature import key_digest, sign, signing_key

MOST_ENTRIES = 1_000

Count = Annotated[int, Field(ge=0)]


class Entry(Model):
    """One verification."""

    digest: Sha256
    """Of the file that was verified."""
    who: Name
    at: Name
    """Date and time, UTC, in ISO 8601."""
    program: Name
    where: Text
    """Processor, system, and the versions of what computes."""
    outcome: Literal["reproduced", "differs"]
    reproduced: Count
    """Runs that came out bit for bit,"""
    tried: Count
    """of so many that were trained again,"""
    runs: Count
    """of so many in the file."""
    values: Count
    """Values that were compared and are equal, weights aside."""
    public_key: Text
    """One line, as OpenSSH writes it; empty if the entry is not signed."""
    signature: Text
    """In hexadecimal, of the entry without it; empty if the entry is not signed."""

    @property
    def message(self) -> bytes:
        """What is signed."""
        said = self.model_dump(mode="json", exclude={"public_key", "signature"})
        return b"nnexp verification\n" + canonical(said)

    def signed(self, key: Ed25519PrivateKey) -> Entry:
        """The same entry, signed."""
        public, signature = sign(key, self.message)
        return self.model_copy(update={"public_key": public, "signature": signature})

    def __str__(self) -> str:
        signer = "not signed"
        if self.public_key:
            key = signing_key(self.public_key, self.signature, self.message)
            signer = f"key {key_digest(key)}"
        what = f"{self.reproduced} of {self.runs} runs, {self.values:,} values and all weights"
        if self.outcome == "differs":
            what = f"{self.tried - self.reproduced} of {self.tried} runs differ"
        return printable(
            f"{self.outcome} by {self.who} ({signer}) at {self.at}: {what}; on {self.where}"
        )


_ENTRIES = TypeAdapter(list[Entry])


def now() -> str:
    """Date and time as entries have them."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def entries_of(archive: Archive) -> list[Entry]:
    """All verifications in a file, in the order in which they were added.

    Raises:
        UserError: they are damaged.
    """
    if LOG not in archive:
        return []
    content = archive.read(LOG)
    plain_json(content, f"{archive.shown}: {LOG}")
    with refused(f"{archive.shown}: {LOG}"):
        return _ENTRIES.validate_json(content)


def log_problems(archive: Archive) -> Iterator[str]:
    """Entries that are not what who made them has said."""
    try:
        found = entries_of(archive)
    except UserError as error:
        yield str(error).removeprefix(f"{archive.shown}: ")
        return
    for number, entry in enumerate(found, 1):
        which = f"{LOG}: entry {number}, by {printable(entry.who)}"
        if entry.digest != archive.digest:
            yield f"{which}: is of another file"
        try:
            str(entry)
        except InvalidSignature:
            yield f"{which}: its signature is not of what it says"
        except ValueError:
            yield f"{which}: its signature is damaged"


def add_entry(archive: Archive, path: Path, entry: Entry) -> None:
    """Write the file again with one more entry; all else stays as it is.

    Raises:
        UserError: it cannot be written, or holds as many as a file may hold.
    """
    found = [*entries_of(archive), entry]
    if len(found) > MOST_ENTRIES:
        raise UserError(f"--add-to-log: {path} holds {MOST_ENTRIES} entries, which is the most")
    members = {name: archive.read(name) for name in archive.names}
    members[LOG] = canonical(json.loads(_ENTRIES.dump_json(found)))
    write_asked(path, archived(members), "--add-to-log")
