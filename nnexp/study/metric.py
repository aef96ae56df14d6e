"""What is known of a metric by its name: its unit, its bounds, which way is better."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nnexp.config.rounding import settled
from nnexp.study.bootstrap import UNBOUNDED, Interval

_LOWER = ("cost", "data_cost", "cost_network2", "test_data_cost", "train_seconds")
_CORRECT = ("correct", "test_correct")
_HIGHER = ("accuracy", *_CORRECT, "validation_accuracy", "test_accuracy")
_COUNTS = (*_CORRECT, "epoch", "epochs")


@dataclass(frozen=True)
class Metric:
    """A recorded metric by its name, such as `test/accuracy`."""

    name: str

    @property
    def scale(self) -> float:
        """Fractions are shown in percent, their differences in points."""
        return 100.0 if self.name.endswith("accuracy") or self.name.startswith("gap/") else 1.0

    @property
    def unit(self) -> str:
        """Of a value, with the space before it."""
        if self.scale == 1.0:
            return self.difference_unit
        return " points" if self.name.startswith("gap/") else " %"

    @property
    def difference_unit(self) -> str:
        """Of a difference between values, with the space before it."""
        if self.scale == 1.0:
            return " s" if self.name.endswith("_seconds") else ""
        return " points"

    @property
    def unit_behind(self) -> str:
        """The unit behind the title of a column or an axis: ` (%)`; of none nothing."""
        return f" ({self.unit.strip()})" if self.unit else ""

    @property
    def difference_title(self) -> str:
        """The title of a column of differences: `A - B (points)`."""
        unit = self.difference_unit.strip()
        return f"A - B ({unit})" if unit else "A - B"

    @property
    def lower_is_better(self) -> bool | None:
        """None where neither is better, as of a best epoch."""
        last = self.name.rpartition("/")[2]
        if self.name.startswith(("gap/", "time/")) or last in _LOWER:
            return True
        return False if last in _HIGHER else None

    @property
    def sign(self) -> float:
        """−1 where lower is better, else 1: times this, greater is better."""
        return -1.0 if self.lower_is_better else 1.0

    @property
    def tested(self) -> str:
        """The metric on test data that goes with one on validation data."""
        return f"test/{self.name.rpartition('/')[2].removeprefix('validation_')}"

    @property
    def superlative(self) -> str:
        """`lowest` where lower is better, else `highest`."""
        return "lowest" if self.lower_is_better else "highest"

    @property
    def bounds(self) -> Interval:
        """Between which values the metric, and so its mean, lies."""
        last = self.name.rpartition("/")[2]
        if self.scale != 1.0:
            return Interval(-1.0 if self.name.startswith("gap/") else 0.0, 1.0)
        if self.name.startswith("time/") or last in (*_LOWER, *_COUNTS, "penalty"):
            return Interval(0.0, math.inf)
        return UNBOUNDED

    def text(self, value: float, *, sign: bool = False) -> str:
        """A value in the metric's scale, without its unit; never a zero with a minus."""
        if not math.isfinite(value):
            return "-"
        form = ".2f" if self.scale != 1.0 else ".4g"
        return plain_zero(f"{settled(self.scale * value):{'+' if sign else ''}{form}}")

    def span(self, interval: Interval, *, sign: bool = False) -> str:
        """An interval: `0.21 to 0.34`; of an end without bound `0 or more`; without any, `-`."""
        low, high = (self.text(end, sign=sign) for end in interval)
        if math.isfinite(interval.low) and math.isfinite(interval.high):
            return f"{low} to {high}"
        if math.isfinite(interval.low):
            return f"{low} or more"
        return f"{high} or less" if math.isfinite(interval.high) else "-"

    def with_interval(self, mean: float, interval: Interval) -> str:
        """A mean with its interval: `96.03 (95.86 to 96.19)`; where there is none, alone."""
        if not (math.isfinite(interval.low) and math.isfinite(interval.high)):
            return self.text(mean)
        return f"{self.text(mean)} ({self.text(interval.low)} to {self.text(interval.high)})"

    def margin(self, value: float) -> str:
        """A difference as it was typed: `0.2 points`."""
        number = f"{self.scale * value:.6g}"
        unit = self.difference_unit
        return f"{number}{unit.removesuffix('s') if number == '1' and unit == ' points' else unit}"

    def change(self, value: float) -> str:
        """A difference with its sign and unit: `+0.21 points`."""
        return f"{self.text(value, sign=True)}{self.difference_unit}"

    def difference(self, value: float) -> str:
        """The size of a difference, with its unit: `0.21 points`."""
        return f"{self.text(value)}{self.difference_unit}"


def plain_zero(text: str) -> str:
    """`0.00` for `-0.00` and `+0.00`: what rounds to nothing has no sign."""
    bare = text.lstrip("+-−")
    return bare if bare and not bare.strip("0.") else text
