"""The test set of a search: locked while a setting is chosen, opened once for the chosen one."""

from __future__ import annotations

from collections.abc import Mapping

from nnexp.config.arguments import cut
from nnexp.errors import UserError

KEY, NEVER, AT_THE_END = "monitor.test", "never", "end"


def locked(values: Mapping[str, str]) -> dict[str, str]:
    """Values of a config whose run never looks at test data: of trials and of the race."""
    return {**values, KEY: NEVER}


def opened(values: Mapping[str, str]) -> dict[str, str]:
    """Values of a config whose run is tested at its end: of the chosen setting, fresh seeds."""
    return {**values, KEY: AT_THE_END}


def refuse_opening(override: str) -> None:
    """Refuse to be told to look at test data while choosing.

    Raises:
        UserError: the override asks for it.
    """
    key, _, value = override.partition("=")
    if key == KEY and value != NEVER:
        raise UserError(
            f"{cut(override)}: a search never looks at test data; allowed: {KEY}={NEVER}"
        )
