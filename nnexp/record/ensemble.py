"""Ensemble runs: what several recorded networks say together, as one run of its own kind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from nnexp.config.run_names import setting_name
from nnexp.config.schema import Config
from nnexp.record.clock import now
from nnexp.record.description import owner_tags, params_of
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where
from nnexp.record.untrained_runs import recorded_at_once

ERRORS = "errors.csv"


def key_of(members: Sequence[str], masks: int) -> str:
    """What an ensemble is made of: another one has another key."""
    text = "\n".join([*sorted(members), f"masks {masks}"])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def recorded_ensemble(store: Store, experiment_id: str, key: str) -> str | None:
    """The id of the finished run of an ensemble, if it is recorded."""
    condition = (
        f"tags.`nnexp.kind` = 'ensemble' and tags.`nnexp.ensemble_key` = '{key}' "
        "and attributes.status = 'FINISHED'"
    )
    return next((str(r.info.run_id) for r in runs_where(store, [experiment_id], condition)), None)


def record_ensemble(
    store: Store,
    experiment_id: str,
    config: Config,
    members: Sequence[str],
    masks: int,
    curves: Mapping[str, Sequence[tuple[int, float]]],
    errors: str,
    command: str,
) -> str:
    """Record an ensemble whole, or not at all; one that is recorded already is left as it is.

    Args:
        store, experiment_id: where.
        config: what the members have in common.
        members: their run ids.
        masks: how many masks of dropout were sampled of each.
        curves: of each metric its values, by the number of networks (or masks).
        errors: the content of `errors.csv`.
        command: the line that made it.

    Returns:
        The id of its run.
    """
    key = key_of(members, masks)
    known = recorded_ensemble(store, experiment_id, key)
    if known is not None:
        return known
    stamp = now()
    tags = {
        "nnexp.kind": "ensemble",
        "nnexp.ensemble_key": key,
        "nnexp.members": " ".join(members),
        "nnexp.command": command,
        "mlflow.source.name": "nnexp",
        **owner_tags(),
    }
    params = {name: value for name, value in params_of(config).items() if name != "seed"}
    name = f"{setting_name(config)} ensemble of {len(members)}"
    with recorded_at_once(store, experiment_id, name, stamp, tags) as run_id:
        values = [MetricPoint(m, v, k, stamp) for m, points in curves.items() for k, v in points]
        log(store, run_id, values, {**params, "n_networks": str(len(members))})
        with TemporaryDirectory() as folder:
            path = Path(folder) / ERRORS
            path.write_text(errors, encoding="utf-8")
            store.client.log_artifact(run_id, str(path))
    return run_id
