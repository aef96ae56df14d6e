"""What a run's log says, all in all: the sum of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from nnexp.record.events import Begun, DamagedLog, Ended, Event, Tagged, Values, WentOn
from nnexp.record.sending import MetricPoint


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
