"""Runs that nobody trains: opened, filled and closed in one go, or taken back.

Of this kind are ensembles (what several recorded networks say together), curves from elsewhere
(published or imported, to be laid beside ours), and the means over seeds (`nnexp.record.summary`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from nnexp.config.run_names import setting_name
from nnexp.config.schema import Config
from nnexp.record.clock import now
from nnexp.record.description import owner_tags, params_of
from nnexp.record.sending import MetricPoint, log
from nnexp.record.store import Store
from nnexp.record.sweep import runs_where, take_back

Curves = Mapping[str, Sequence[tuple[int, float]]]
"""By metric, pairs of step and value."""

Values = Iterable[tuple[str, int, float]]
"""Metric, step and value."""

ERRORS = "errors.csv"


def record_at_once(
    store: Store,
    experiment_id: str,
    name: str,
    tags: Mapping[str, str],
    values: Values,
    params: Mapping[str, str],
    files: Mapping[str, str] | None = None,
) -> str:
    """Record a run that nobody trains; its id.

    It is FINISHED if all of it has been taken, and else in the bin. `files` are texts by name.
    """
    stamp, tags = now(), {"mlflow.source.name": "nnexp", **tags}
    run = store.client.create_run(experiment_id, start_time=stamp, tags=tags, run_name=name)
    run_id = str(run.info.run_id)
    try:
        log(store, run_id, [MetricPoint(m, v, step, stamp) for m, step, v in values], params)
        for file, text in (files or {}).items():
            store.client.log_text(run_id, text, file)
        store.client.set_terminated(run_id, "FINISHED", end_time=now())
    except BaseException:
        # What went wrong first is what is told.
        with suppress(Exception):
            take_back(store, run_id, "FAILED")
        raise
    return run_id


def values_of(curves: Curves) -> list[tuple[str, int, float]]:
    """The values of curves, one after another."""
    return [(metric, step, v) for metric, points in curves.items() for step, v in points]


def params_without_seed(config: Config) -> dict[str, str]:
    """The parameters of what runs have in common that differ in their seeds."""
    return {key: value for key, value in params_of(config).items() if key != "seed"}


def record_ensemble(
    store: Store,
    experiment_id: str,
    config: Config,
    members: Sequence[str],
    masks: int,
    curves: Curves,
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
    # What it is made of: another one has another key.
    text = "\n".join([*sorted(members), f"masks {masks}"])
    key = hashlib.sha256(text.encode()).hexdigest()[:32]
    where = (
        f"tags.`nnexp.kind` = 'ensemble' and tags.`nnexp.ensemble_key` = '{key}' "
        "and attributes.status = 'FINISHED'"
    )
    for known in runs_where(store, [experiment_id], where):
        return str(known.info.run_id)
    tags = {
        "nnexp.kind": "ensemble",
        "nnexp.ensemble_key": key,
        "nnexp.members": " ".join(members),
        "nnexp.command": command,
        **owner_tags(),
    }
    params = {**params_without_seed(config), "n_networks": str(len(members))}
    name = f"{setting_name(config)} ensemble of {len(members)}"
    files = {ERRORS: errors}
    return record_at_once(store, experiment_id, name, tags, values_of(curves), params, files)


def is_metric_name(name: str) -> bool:
    """Whether MLflow takes a name for a metric."""
    from mlflow.utils.validation import (
        MAX_ENTITY_KEY_LENGTH,
        path_not_unique,
        validate_param_and_metric_name,
    )

    if len(name) > MAX_ENTITY_KEY_LENGTH or path_not_unique(name):  # type: ignore[no-untyped-call]
        return False
    return bool(validate_param_and_metric_name(name))  # type: ignore[no-untyped-call]


def record_curves(
    store: Store,
    experiment_id: str,
    name: str,
    curves: Curves,
    params: Mapping[str, str],
    source: str,
    final: Mapping[str, float],
) -> str:
    """Record curves from elsewhere as a run of kind `published`; one of that name is replaced.

    It is replaced when the new one is whole: if something fails, the old one is still there.
    """
    where = "tags.`nnexp.kind` = 'published'"
    known = runs_where(store, [experiment_id], where)
    before = [str(run.info.run_id) for run in known if run.info.run_name == name]
    tags = {"nnexp.kind": "published", "nnexp.source_note": source, "mlflow.note.content": source}
    values = values_of(curves)
    last = max((step for _, step, _ in values), default=0)
    values += [(metric, last, value) for metric, value in final.items() if metric not in curves]
    run_id = record_at_once(store, experiment_id, name, tags, values, params)
    for replaced in before:
        store.client.delete_run(replaced)
    return run_id
