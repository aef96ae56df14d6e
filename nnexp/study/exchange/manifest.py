"""`manifest.json`: what a file of results says of its runs and sweeps, all but the histories.

The models are the schema: what is not as they say is refused. A manifest is written in one form
only (sorted keys, ASCII), so that equal content is equal bytes.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from nnexp.config.arguments import printable
from nnexp.errors import UserError

FORMAT, VERSION = "nnexp results", 1

DEEPEST = 12
"""Levels of objects in a manifest, and some more."""

_KEY = re.compile(r"[\w.\-:/ ]{1,250}")


def key(name: str) -> str:
    """A name such as MLflow takes for parameters, tags and metrics.

    Raises:
        ValueError: it would not.
    """
    if not _KEY.fullmatch(name) or posixpath.normpath(name) != name or name[0] in "./":
        raise ValueError(f"no name that can be recorded: {printable(name)[:80]!r}")
    return name


Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(max_length=250)]
Key = Annotated[Name, AfterValidator(key)]
"""The name of a parameter, tag or metric."""
Text = Annotated[str, StringConstraints(max_length=8000)]
Milliseconds = Annotated[int, Field(ge=0, le=2**53)]


class Model(BaseModel):
    """Exact types, no other keys, never changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Chosen(Model):
    """What was exported, as it was asked for."""

    kind: Literal["runs", "sweep", "experiment", "report"]
    names: tuple[Name, ...]
    where: Text | None
    """The filter that left runs out, if there was one."""


class Run(Model):
    """A finished run: all that is recorded of it but its history and its artifacts."""

    id: Id
    name: Name
    experiment: Name
    start_time: Milliseconds
    end_time: Milliseconds
    params: dict[Key, Text]
    tags: dict[Key, Text]
    artifacts: dict[Name, Sha256]
    """SHA-256 of the artifacts that its record is sealed with, those that stayed behind too."""
    values: Annotated[int, Field(ge=0)]
    """How many values its `history.csv` holds."""

    @property
    def place(self) -> tuple[str, str, int, str]:
        """What runs are sorted by."""
        return self.experiment, self.name, self.start_time, self.id

    def tag(self, name: str) -> str:
        """The tag `nnexp.NAME`; empty where there is none."""
        return self.tags.get(f"nnexp.{name}", "")


class Asked(Model):
    """A run that a sweep was asked for, and what became of it."""

    name: Name
    fingerprint: Sha256
    status: Literal["FINISHED", "FAILED", "KILLED", "RUNNING", "MISSING"]
    run: Id | None
    """The run in this file; None where it is not in it."""


class Sweep(Model):
    """A sweep with everything that it was asked for, so that a run taken out is seen."""

    id: Id
    name: Name
    experiment: Name
    command: Text
    key: Sha256
    """SHA-256 of the experiment and the sorted fingerprints of all runs it was asked for."""
    start_time: Milliseconds
    asked: tuple[Asked, ...]


class JudgedClaim(Model):
    """What came of a claim, judged from the runs of the file alone."""

    name: Name
    outcome: Literal["holds", "does not hold", "not resolved", "not recorded"]
    n: Annotated[int, Field(ge=0)]
    """Seeds, of the side with fewer."""
    mean: float | None
    low: float | None
    high: float | None
    p: float | None


class Claims(Model):
    """A file of claims, and what came of each."""

    name: Name
    """Of the file, without the ending."""
    text: Annotated[str, StringConstraints(max_length=200_000)]
    """The file itself, as docs/claims.md describes it."""
    judged: tuple[JudgedClaim, ...]


class ComparedSetting(Model):
    """A setting of a comparison."""

    name: Text
    n: Annotated[int, Field(ge=1)]
    mean: float | None
    low: float | None
    high: float | None
    """The 95 % interval of the mean; None of a single run."""


class Compared(Model):
    """What `compare` says of the runs of the file."""

    by: tuple[Name, ...]
    metric: Key
    settings: tuple[ComparedSetting, ...]


class Manifest(Model):
    """The whole."""

    format: Literal["nnexp results"]
    version: Literal[1]
    made_by: Name
    """The program that wrote the file, and its version."""
    chosen: Chosen
    data: dict[Sha256, dict[Name, Sha256]]
    """By the digest of a data set, the SHA-256 of its unzipped files; never the data."""
    runs: Annotated[tuple[Run, ...], Field(min_length=1)]
    """In the order of `place`."""
    sweeps: tuple[Sweep, ...]
    claims: tuple[Claims, ...] = ()
    comparison: Compared | None = None

    def bytes(self) -> bytes:
        """The one form in which it is written: what a file need not have is left out."""
        return canonical(self.model_dump(mode="json", exclude_defaults=True))


def canonical(content: Any) -> bytes:
    """JSON with sorted keys, in ASCII."""
    text = json.dumps(content, sort_keys=True, indent=1, ensure_ascii=True, allow_nan=False)
    return (text + "\n").encode("ascii")


def read_manifest(content: bytes, shown: str) -> Manifest:
    """A manifest from the bytes of a file.

    Raises:
        UserError: it is none, or of a later version, or not written in the one form.
    """
    plain = plain_json(content, f"{shown}: manifest.json")
    if (
        isinstance(plain, dict)
        and plain.get("format") == FORMAT
        and plain.get("version") != VERSION
    ):
        raise UserError(
            f"{shown}: version {printable(str(plain.get('version')))[:20]} of the format; allowed: "
            f"{VERSION}, or a newer nnexp"
        )
    with refused(f"{shown}: manifest.json"):
        found = Manifest.model_validate_json(content)
    if found.bytes() != content:
        raise UserError(f"{shown}: manifest.json is not written as an export writes it")
    return found


@contextmanager
def refused(what: str) -> Iterator[None]:
    """Say in a line that begins with `what` where something is not as a model says.

    Raises:
        UserError: something is not.
    """
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = printable(".".join(map(str, first["loc"])))[:160]
        raise UserError(f"{what}: {where}: {first['msg']}") from error


def plain_json(content: bytes, shown: str) -> Any:
    """JSON of bounded depth, without repeated keys.

    Raises:
        UserError: it is not.
    """
    try:
        found = json.loads(content, object_pairs_hook=_once, parse_constant=_no_constant)
        if _deeper(found, DEEPEST):
            raise ValueError(f"deeper than {DEEPEST} levels")
    except (ValueError, RecursionError) as error:
        reason = printable(" ".join(str(error).split()))[:160]
        raise UserError(f"{shown}: no JSON that an export writes ({reason})") from error
    return found


def _once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    if not levels:
        return True
    inner = value.values() if isinstance(value, dict) else value
    return any(_deeper(part, levels - 1) for part in inner)
