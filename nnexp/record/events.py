"""What a run's log says, line by line.

A line is an event as JSON (`[kind, {…}]`), a tab, and the CRC-32 of the JSON. Numbers round-trip:
floats are written with as many digits as they need.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import uuid4

from nnexp.errors import NnexpError
from nnexp.record.sending import MetricPoint


class DamagedLog(NnexpError):
    """A log that is not what was written."""


@dataclass(frozen=True)
class Begun:
    """The first event: what a run is recorded with from its beginning."""

    store: str
    """Name of the store that it is for (`Store.name`)."""
    experiment: str
    """MLflow's id."""
    name: str
    at: int
    """Milliseconds since 1970, as all times."""
    params: Mapping[str, str]
    tags: Mapping[str, str]
    data: Mapping[str, str]
    """Arguments of MLflow's `Dataset`; empty if there is none."""
    owner: Mapping[str, str]
    """Tags that tell which process is at work."""
    experiment_name: str = ""
    run_id: str = ""
    """Of a run that was opened before it had a log."""
    token: str = field(default_factory=lambda: uuid4().hex)
    """By which MLflow's run is found again."""


@dataclass(frozen=True)
class Values:
    """Metrics of an evaluated epoch."""

    step: int
    at: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class WentOn:
    """A process has taken up a run that was stopped."""

    at: int
    owner: Mapping[str, str]


@dataclass(frozen=True)
class Tagged:
    """Tags that came later."""

    tags: Mapping[str, str]


@dataclass(frozen=True)
class Ended:
    """How a run ended, what came out, and what was written of it: in one line, all or nothing."""

    status: str
    at: int
    step: int = 0
    values: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Bytes and SHA-256, by name."""
    whole: bool = True
    """Whether nothing more can come; a run that was stopped may be gone on with."""


Event = Begun | Values | WentOn | Tagged | Ended

_KINDS: Mapping[str, type[Event]] = {
    "begun": Begun,
    "values": Values,
    "went on": WentOn,
    "tagged": Tagged,
    "ended": Ended,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def checked_line(text: str) -> bytes:
    """A line that says whether it is whole: a text, a tab, and its CRC-32."""
    body = text.encode()
    return b"%b\t%08x\n" % (body, zlib.crc32(body))


def unchecked(line: bytes) -> bytes | None:
    """The inverse of `checked_line`, without the line's end; None of one that is not whole."""
    body, _, check = line.rpartition(b"\t")
    return body if check == b"%08x" % zlib.crc32(body) else None


def encode(event: Event) -> bytes:
    """An event as a line."""
    content = {f.name: getattr(event, f.name) for f in fields(event)}
    return checked_line(json.dumps([_NAMES[type(event)], content], separators=(",", ":")))


def decode(line: bytes) -> Event:
    """The inverse of `encode`; `line` without its end.

    Raises:
        DamagedLog: its checksum differs, or it is no event.
    """
    if (body := unchecked(line)) is None:
        raise DamagedLog("a checksum differs")
    try:
        name, content = json.loads(body)
        event: Any = _KINDS[name](**content)
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedLog(f"a line is no event ({type(error).__name__}: {error})") from error
    return event  # type: ignore[no-any-return]


@dataclass
class Logged:
    """What a log says, all in all."""

    begun: Begun
    rows: list[dict[str, float]] = field(default_factory=list)
    """The evaluated epochs, with their `step`."""
    stamps: list[int] = field(default_factory=list)
    """When they were measured."""
    tags: dict[str, str] = field(default_factory=dict)
    """Without those of the end."""
    owner: Mapping[str, str] = field(default_factory=dict)
    ended: Ended | None = None

    @property
    def points(self) -> list[MetricPoint]:
        """All values, in the order in which they came."""
        events = [
            (int(row["step"]), at, row) for row, at in zip(self.rows, self.stamps, strict=True)
        ]
        if self.ended is not None:
            events.append((self.ended.step, self.ended.at, dict(self.ended.values)))
        return [
            MetricPoint(name, value, step, at)
            for step, at, values in events
            for name, value in values.items()
            if name != "step"
        ]

    @property
    def latest(self) -> int:
        """When the last of it was measured; what comes is not earlier, though a clock was set."""
        return max([self.begun.at, *self.stamps[-1:]])

    @property
    def final(self) -> dict[str, float]:
        """The last value of every metric."""
        return {point.name: point.value for point in self.points}

    @property
    def whole(self) -> bool:
        """Whether nothing more can come."""
        return self.ended is not None and self.ended.whole

    def take(self, event: Event) -> None:
        """Go on by an event."""
        if isinstance(event, Values):
            self.rows.append({"step": event.step, **event.values})
            self.stamps.append(event.at)
        elif isinstance(event, WentOn):
            self.owner, self.ended = event.owner, None
        elif isinstance(event, Tagged):
            self.tags |= event.tags
        elif isinstance(event, Ended):
            self.ended = event
        else:
            raise DamagedLog("it begins twice")
