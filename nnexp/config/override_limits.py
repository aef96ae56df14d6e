"""Overrides as Hydra reads them, looked at before it acts on them.

Hydra writes every combination of a sweep into memory before anything else, and takes numbers that
Python cannot; both would end late, or never.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, RangeSweep
from hydra.core.plugins import Plugins

from nnexp.config.arguments import cut
from nnexp.config.messages import kind_of
from nnexp.errors import UserError

_SWEEPER = "hydra._internal.core_plugins.basic_sweeper.BasicSweeper"

MAX_RUNS = 100_000
"""Runs of a sweep: a day's work of the smallest ones."""


def check_readable(overrides: Iterable[str]) -> None:
    """Refuse what makes Hydra's parser stumble; what it refuses itself is left to it.

    Raises:
        UserError: one line that names the key.
    """
    parser = OverridesParser.create()
    for argument in overrides:
        key, _, value = argument.partition("=")
        try:
            override = parser.parse_override(argument)
        except (ValueError, ArithmeticError, RecursionError) as error:
            allowed = kind_of(key) or "key=value"
            raise UserError(f"{key}={cut(value)}: cannot be read; allowed: {allowed}") from error
        except Exception:
            continue  # Hydra's own refusal, which it words when it comes to it.
        if override.is_interval_sweep():
            raise UserError(
                f"{cut(argument)}: an interval; allowed: values such as 1,2,3 or range(5); "
                "python -m nnexp search takes ranges"
            )


@contextmanager
def bounded_sweeps() -> Iterator[None]:
    """Let Hydra write down no sweep of more than `MAX_RUNS`, wherever its values are from."""
    # Hydra loads its plugins once more than an import of ours would.
    sweeper: Any = Plugins.instance().class_name_to_class[_SWEEPER]
    split = sweeper.split_arguments

    def checked(overrides: list[Override], max_batch_size: int | None) -> Any:
        _check_count(overrides)
        return split(overrides, max_batch_size)

    sweeper.split_arguments = staticmethod(checked)
    try:
        yield
    finally:
        sweeper.split_arguments = staticmethod(split)


def _check_count(overrides: Sequence[Override]) -> None:
    sweeps = [o for o in overrides if o.is_sweep_override() and o.is_discrete_sweep()]
    # What is typed takes the place of a preset's values; Hydra writes down these, too.
    last = {o.get_key_element(): o for o in overrides}
    sweeping = [o for o in sweeps if last[o.get_key_element()] is o]
    total = max([math.prod(map(_values, sweeping)), *map(_values, sweeps)])
    if total > MAX_RUNS:
        asked = " ".join(cut(o.input_line or o.key_or_group) for o in sweeping)
        count = f"{total:,}" if total < 10**15 else "no end of"
        raise UserError(f"{asked}: {count} runs; allowed: at most {MAX_RUNS:,} in a sweep")


def _values(override: Override) -> int:
    """How many values a sweep has, without making them."""
    value = override._value
    if not isinstance(value, RangeSweep):
        return sum(1 for _ in override.sweep_iterator())
    start, stop, step = value.start, value.stop, value.step
    assert start is not None
    assert stop is not None
    if not all(isinstance(n, int) or math.isfinite(n) for n in (start, stop, step)) or not step:
        raise UserError(
            f"{cut(override.input_line or '')}: allowed: finite numbers, and a step other than 0"
        )
    if isinstance(start, int) and isinstance(stop, int) and isinstance(step, int):
        return max(0, -((start - stop) // step))
    try:
        return max(0, math.ceil((stop - start) / step))
    except OverflowError:
        return 10**18
