"""What a sweep was asked for, kept with its parent: names, fingerprints and configs of its runs.

So going on needs no preset, which may change. Configs are written as what all runs share and what
each has of its own, so that the file of a thousand runs stays small.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nnexp.config.compose import flatten, from_params
from nnexp.config.schema import Config
from nnexp.errors import UserError

ASKED = "asked.json"
"""The artifact of a sweep that lists the runs it was asked for."""


def asked_text(names: Mapping[str, str], configs: Mapping[str, Config] | None = None) -> str:
    """What a sweep was asked for: names and configs of its runs, by fingerprint."""
    runs: list[dict[str, object]] = [{"name": names[m], "fingerprint": m} for m in names]
    content: dict[str, object] = {"runs": runs}
    if configs:
        settings = [flatten(configs[mark]) for mark in names]
        shared = {k: v for k, v in settings[0].items() if all(s[k] == v for s in settings)}
        for run, setting in zip(runs, settings, strict=True):
            run["config"] = {k: v for k, v in setting.items() if k not in shared}
        content["shared"] = shared
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def asked_configs(path: Path) -> list[Config]:
    """The configs of the runs that a sweep was asked for; none where it has recorded none.

    Raises:
        UserError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "shared" not in content:
            return []
        params = [{**content["shared"], **run["config"]} for run in content["runs"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{ASKED}: is damaged ({type(error).__name__}: {error})") from error
    return [from_params(run) for run in params]
