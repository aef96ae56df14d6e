"""The configs of a sweep's runs, kept with its parent: going on needs no preset, which may change.

They are written as what all runs share and what each has of its own, so that the file of a thousand
runs stays small.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from nnexp.config.compose import flatten, from_params
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.record.store import Store

FILE = "sweep.json"


def record_configs(store: Store, parent: str, configs: Sequence[Config]) -> None:
    """Record the configs of a sweep's runs as an artifact of its parent."""
    settings = [flatten(config) for config in configs]
    shared = {
        key: value
        for key, value in settings[0].items()
        if all(setting[key] == value for setting in settings)
    }
    own = [{k: v for k, v in setting.items() if k not in shared} for setting in settings]
    text = json.dumps({"shared": shared, "runs": own}, indent=1, ensure_ascii=False) + "\n"
    store.client.log_text(parent, text, FILE)


def read_configs(path: Path) -> list[Config]:
    """The configs that `record_configs` has written.

    Raises:
        UserError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        shared, own = dict(content["shared"]), [dict(run) for run in content["runs"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{FILE}: is damaged ({type(error).__name__}: {error})") from error
    return [from_params({**shared, **run}) for run in own]
