"""The Python interface: `nnexp.run`, `nnexp.sweep`, `nnexp.search`, `nnexp.load`.

What they train is what the command of the same words trains: the same config, refusals, record and
launcher. Results come from the record (`nnexp.results`).
"""

from __future__ import annotations

import io
import os
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

from nnexp.errors import NnexpError, UserError
from nnexp.output import unfailing_output
from nnexp.redact import redact
from nnexp.results import Run, Sweep

if TYPE_CHECKING:
    from nnexp.config.schema import Config
    from nnexp.hydra_app import Trained
    from nnexp.runner.run_progress import Screen
    from nnexp.search_result import Search
    from nnexp.selection.plan import Asked

Override: TypeAlias = str | Mapping[str, Any]

_TURN = [threading.RLock()]
"""Whose turn it is: Hydra, standard output and the main module are one for all threads."""

if hasattr(os, "register_at_fork"):
    # In a process that is forked meanwhile nobody is at work who could let go.
    os.register_at_fork(after_in_child=lambda: _TURN.__setitem__(0, threading.RLock()))


def run(*overrides: Override, quiet: bool = False, **keys: Any) -> Run:
    """Train one run, or show it if it is recorded already: `python -m nnexp [key=value …]`.

    Threads take turns: what trains side by side is a `sweep`, or processes.

    Args:
        overrides: `"key=value"` as on the command line, or a mapping of dotted keys to values.
        quiet: print nothing.
        keys: further keys; those with dots in a mapping, or as `**{"train.eta": 0.1}`.

    Returns:
        The recorded run with its `metrics`, `curves`, `weights` and `predict`.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        NnexpError: the run failed; it is recorded as FAILED, with the reason.

    >>> run("cost=crossentropy", "reg=l2", seed=3)
    >>> run({"train.epochs": 100, "model.hidden": [100]}, size="1k").curves["test/accuracy"].plot()
    """
    arguments = overrides_of(overrides, keys, several=False)
    trained = _train(arguments, quiet=quiet, may_sweep=False)
    return Run.of_result(trained.runs[0])


def sweep(*overrides: Override, quiet: bool = False, **keys: Any) -> Sweep:
    """Train every combination that is not recorded yet: `python -m nnexp -m [key=value …]`.

    Args:
        overrides: as for `run`; several values are separated by commas.
        quiet: print nothing.
        keys: further keys; a range, list or tuple is one value for each run. (A list of numbers
            for `model.hidden` is a single network; a list of lists is several.)

    Returns:
        The runs, with `table`, `curves` and `compare`. Runs that failed are among them; a warning
        says how many.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.

    >>> sweep("size=1k,50k", "reg=none,l2", seed=range(5)).compare(by=["size", "reg"])
    >>> sweep({"reg.lmbda": [0.1, 1, 10]}, "reg=l2", size="1k").table
    """
    from nnexp.runner.sweep import SweepFailed

    arguments = ["-m", *overrides_of(overrides, keys, several=True)]
    try:
        trained = _train(arguments, quiet=quiet)
    except SweepFailed as error:
        warnings.warn(str(error), stacklevel=2)
        return Sweep.of_result(error.result)
    if trained.sweep is None:  # Another launcher trained them one by one.
        return Sweep("", tuple(Run.of_result(result) for result in trained.runs))
    return Sweep.of_result(trained.sweep)


def search(
    *overrides: Override,
    trials: int = 40,
    sampler: str = "tpe",
    metric: str | None = None,
    budget: float | None = None,
    finalists: int = 4,
    seeds: int = 8,
    fresh: int = 5,
    width: int = 4,
    prune: bool = True,
    quiet: bool = False,
    **keys: Any,
) -> Search:
    """Choose the best setting on validation data: `python -m nnexp search KEY=RANGE …`.

    Args:
        overrides: as for `run`; a range such as `"train.eta=log(0.01,3)"`, or several values, is
            searched over.
        trials: settings to try.
        sampler: `tpe` (needs Optuna), `random` or `grid`.
        metric: what is chosen by; `validation/accuracy` unless given.
        budget: seconds of training, added over processes, after which no more trials are begun.
        finalists: settings that race over further seeds.
        seeds: seeds of the race, at most.
        fresh: seeds that the chosen setting is trained with at the end.
        width: trials that are asked for at once; part of what is searched.
        prune: give up trials that fall behind before their last epoch.
        quiet: print nothing.
        keys: further keys, as for `sweep`.

    Returns:
        The chosen values, the trials, and the chosen setting trained with fresh seeds.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        NnexpError: every trial failed.

    >>> search("reg=l2", {"reg.lmbda": "log(0.001,10)"}, size="1k", trials=30).best
    """
    from nnexp.selection.plan import Asked

    typed = overrides_of(overrides, keys, several=True)
    asked = Asked(
        typed, trials, None, metric, budget, sampler, finalists, seeds, fresh, width, prune
    )
    return _searched(asked, quiet=quiet)


def load(run_id: str, tracking_uri: str | None = None) -> Run:
    """A recorded run by its id, or the beginning of it.

    Raises:
        UserError: there is no such run.

    >>> load("3f2a91c0").predict(images)
    """
    from nnexp.config.compose import from_params
    from nnexp.record.store import open_store
    from nnexp.study.lookup import find_run

    store = open_store(tracking_uri, reading=True)
    found = find_run(store, run_id)
    tags, status = found.data.tags, str(found.info.status)
    if tags.get("nnexp.kind") != "run":
        raise UserError(f"RUN_ID {run_id}: is no run of this program; allowed: see nnexp runs")
    config, reason = from_params(found.data.params), tags.get("nnexp.reason", "")
    return Run(str(found.info.run_id), config, dict(found.data.metrics), status, reason, store.uri)


def overrides_of(
    positional: Iterable[Override], keywords: Mapping[str, Any], *, several: bool
) -> list[str]:
    """Overrides as they are typed. `several`: whether a list or range is one value for each run.

    Raises:
        UserError: an argument that is no override.
    """
    typed: list[str] = []
    for argument in positional:
        if isinstance(argument, Mapping):
            typed += [_override(key, value, several) for key, value in argument.items()]
        elif isinstance(argument, str) and not argument.startswith("-"):
            typed.append(argument)
        else:
            raise UserError(f"{argument!r}: allowed: 'key=value', or a mapping of keys to values")
    return [*typed, *(_override(key, value, several) for key, value in keywords.items())]


def _override(key: str, value: Any, several: bool) -> str:
    if isinstance(value, range) and several and len(value):
        ends = (value.stop,) if not value.start and value.step == 1 else (value.start, value.stop)
        step = () if value.step == 1 else (value.step,)
        return f"{key}=range({','.join(map(str, (*ends, *step)))})"
    if isinstance(value, list | tuple | range) or (several and _is_several(value)):
        value = list(value)
        if not _is_one(key, value):
            if not several:
                shown = ",".join(_typed(key, v) for v in value[:2]) + (",..." if value[2:] else "")
                raise UserError(f"{key}={shown}: allowed: one value; nnexp.sweep takes several")
            return f"{key}={','.join(_typed(key, v) for v in value)}"
    return f"{key}={_typed(key, value)}"


def _is_several(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | Mapping)


def _is_one(key: str, values: Sequence[Any]) -> bool:
    """Whether a list is one value, as it is of keys whose own values are lists."""
    if key == "monitor.metrics":
        return all(isinstance(v, str) and not v.startswith("[") for v in values)
    return key == "model.hidden" and not any(isinstance(v, Iterable) for v in values)


def _typed(key: str, value: Any) -> str:
    """A value as Hydra's grammar reads it."""
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple | range):
        return "[" + ",".join(_typed(key, v) for v in value) + "]"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, PathLike):
        return str(fspath(value))
    raise UserError(f"{key}={value!r}: allowed: numbers, texts, true or false, lists of these")


def run_on(config: Config, screen: Screen) -> Run:
    """Train a run or find it recorded, as `run` does, shown on a screen of the caller's own.

    What else there is to say, such as that the store does not answer, goes to standard error.

    Raises:
        UserError, NnexpError: as `run`.
    """
    from nnexp.config.check import check
    from nnexp.runner.run import run_single
    from nnexp.terminal import new_console

    with _at_work():
        check(config)
        return Run.of_result(run_single(config, new_console(stderr=True), screen))


def _train(arguments: list[str], *, quiet: bool, may_sweep: bool = True) -> Trained:
    from nnexp.hydra_app import train

    with _at_work(quiet):
        return train(arguments, may_sweep=may_sweep)


def _searched(asked: Asked, *, quiet: bool) -> Search:
    from nnexp.search_result import Search
    from nnexp.selection.search import search_all
    from nnexp.terminal import new_console

    with _at_work(quiet):
        command = asked.command()
        (searched,) = search_all(asked, command, new_console())
    return Search(searched, command)


@contextmanager
def _at_work(quiet: bool = False) -> Iterator[None]:
    silence = redirect_stdout(io.StringIO()) if quiet else nullcontext()
    try:
        with _TURN[0], silence, unfailing_output(), _workers_without_main():
            yield
    except NnexpError as error:
        # A message may quote an address; a notebook is kept and shown around.
        error.args = (redact(str(error)), *error.args[1:])
        raise


@contextmanager
def _workers_without_main() -> Iterator[None]:
    """Keep worker processes from importing the caller's script.

    A spawned process imports the main module again; without an `if __name__ == "__main__"` it
    would start the sweep once more in every worker. Ours need nothing of it.
    """
    main = sys.modules["__main__"]
    kept = {name: getattr(main, name) for name in ("__file__", "__spec__") if hasattr(main, name)}
    for name in kept:
        setattr(main, name, None)
    try:
        yield
    finally:
        for name, value in kept.items():
            setattr(main, name, value)
