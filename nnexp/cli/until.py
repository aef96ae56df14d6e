"""`compare … --until resolved`: further seeds of what is not decided, judged at any number of them.

Everything that is recorded of the settings counts, wherever it was trained, and what is trained
here is recorded as the runs of one sweep per experiment. So the record is the state of the
question: a command that was stopped goes on where it was, one that is repeated finds its runs.
"""

from __future__ import annotations

import hashlib
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace

import pandas as pd
from rich.markup import escape

from nnexp.cli.run_options import experiments, read
from nnexp.config.command import changed
from nnexp.config.compose import from_params
from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.extension_files import check_loaded
from nnexp.record.store import Store, experiment_id, open_store
from nnexp.record.sweep import find_parent
from nnexp.runner.executors import at_once
from nnexp.runner.sweep import SweepFailed, run_sweep
from nnexp.runner.sweep_progress import clock
from nnexp.runner.sweep_state import Series
from nnexp.study.compare import Comparison
from nnexp.study.grouping import columns_by, config_keys, setting_names
from nnexp.study.ledger import COUNTED
from nnexp.study.rounds import Run, asked, next_round, undecided
from nnexp.terminal import new_console

START_SECONDS = 3.0
"""About so long a round takes beside its training, mostly to start processes."""

Ask = Callable[[pd.DataFrame], Comparison]


@dataclass(frozen=True)
class Ended:
    """How it ended."""

    frame: pd.DataFrame
    """All runs that count."""
    recorded: pd.DataFrame
    """All runs of their experiments."""
    lines: tuple[str, ...]
    failed: int


class _Study:
    """A question with what is recorded for it."""

    def __init__(
        self, options: Namespace, by: Sequence[str], ask: Ask, chosen: pd.DataFrame
    ) -> None:
        self.options, self.by, self.ask = options, by, ask
        self.store: Store = open_store(options.tracking_uri)
        self.chosen = set(chosen["run_id"])
        self.key = _key(options, by)
        self.trained_by = changed(Config(), options.trained_by).sweep
        self.width = at_once(self.trained_by)
        self.look()

    def look(self) -> None:
        """Read what is recorded now."""
        names = experiments(self.store, self.options)
        everything = Namespace(**{**vars(self.options), "where": None})
        self.recorded = read(self.store, everything, names, COUNTED)
        frame = self.recorded.drop(columns="epochs", errors="ignore")
        self.frame = _same_settings(frame, self.chosen)
        self.found = self.ask(self.frame)
        self.open = undecided(self.found, every=self.options.pairs)

    @property
    def names(self) -> pd.Series[str]:
        """Of each run its setting."""
        return setting_names(self.frame, columns_by(self.frame, self.by))

    def parent(self, experiment: str) -> str | None:
        """The sweep that this question's runs are recorded under."""
        number = experiment_id(self.store, experiment)
        return find_parent(self.store, number, self.key, ended=True)

    def trained(self, experiment: str) -> int:
        """How many runs this question has had trained, now or before."""
        parent = self.parent(experiment)
        return int((self.frame["sweep"] == parent).sum()) if parent else 0

    @property
    def spent(self) -> int:
        """`trained` in all experiments."""
        return sum(self.trained(str(name)) for name in self.frame["experiment"].unique())

    def next_round(self) -> list[Run]:
        """Which runs to train next; none where all is decided or the budget is used up."""
        return self._runs(self.width, self.options.budget - self.spent)

    @property
    def next_seed(self) -> int:
        """How many runs the next seed takes: less than that is no round."""
        return len(self._runs(1, sys.maxsize))

    def _runs(self, width: int, most: int) -> list[Run]:
        names, failed = self.names, self.frame["status"] == "FAILED"
        broken = {
            str(name): set(map(int, group))
            for name, group in self.frame[failed].groupby(names[failed])["seed"]
        }
        return next_round(self.open, broken, width=width, most=most)

    def config(self, run: Run) -> tuple[str, Config]:
        """The experiment and config of a further run: those of the setting's first one."""
        name, seed = run
        rows = self.frame[(self.names == name) & (self.frame["status"] == "FINISHED")]
        first = rows.iloc[-1]
        found = self.store.client.get_run(str(first["run_id"]))
        check_loaded(str(first["run_id"]), found.data.tags)
        config = from_params(found.data.params)
        level = "light" if config.tracking.artifacts == "auto" else config.tracking.artifacts
        experiment = str(first["experiment"])
        tracking = replace(
            config.tracking, uri=self.store.uri, experiment=experiment, artifacts=level, reuse=True
        )
        return experiment, replace(config, seed=seed, tracking=tracking, sweep=self.trained_by)


def train_until(
    options: Namespace, arguments: Sequence[str], by: Sequence[str], ask: Ask, chosen: pd.DataFrame
) -> Ended:
    """Train seeds in rounds until the comparison is decided or the budget is used up.

    `chosen` are the recorded runs that the options choose.

    Raises:
        UserError: the question cannot be judged so, or a setting cannot be trained here.
    """
    study, console = _Study(options, by, ask, chosen), new_console(stderr=True)
    _check(study)
    before, failed = study.spent, 0
    for line in _cost(study):
        console.print(escape(line), highlight=False)
    number = 0
    while runs := study.next_round():
        number += 1
        console.print(escape(_round(study, number, runs)), highlight=False)
        try:
            lost = _train(study, runs, arguments)
        except KeyboardInterrupt:
            console.print("\nthe same command goes on", highlight=False)
            raise
        failed += lost
        study.look()
        if lost == len(runs):
            break
    trained = study.spent - before
    lines = tuple(_ending(study, trained, number, failed))
    return Ended(study.frame, study.recorded, lines, failed)


def _train(study: _Study, runs: Sequence[Run], arguments: Sequence[str]) -> int:
    """Train a round, a sweep per experiment; how many runs failed."""
    sweeps: dict[str, list[Config]] = {}
    for run in runs:
        experiment, config = study.config(run)
        sweeps.setdefault(experiment, []).append(config)
    failed, console = 0, new_console(stderr=True)
    # Standard output is the table's alone.
    with redirect_stdout(sys.stderr):
        for experiment, configs in sweeps.items():
            series = Series(
                study.key, f"until resolved: {', '.join(study.by)}", study.trained(experiment)
            )
            try:
                run_sweep(configs, _command(arguments), console, series=series)
            except SweepFailed as error:
                failed += sum(run.status != "FINISHED" for run in error.result.runs)
    return failed


def _same_settings(everything: pd.DataFrame, chosen: set[str]) -> pd.DataFrame:
    """The runs that were chosen, and every other of the same config but its seed."""
    keys = [k for k in config_keys() if k in everything and k != "seed"]
    if "experiment" in everything:
        keys.append("experiment")
    texts = everything[keys].astype(str).agg("\n".join, axis=1)
    wanted = set(texts[everything["run_id"].isin(chosen)])
    return everything[texts.isin(wanted)].reset_index(drop=True)


def _check(study: _Study) -> None:
    found, typed = study.found, "--until resolved"
    if found.mixed:
        raise UserError(
            f"{typed}: runs of one setting differ in {', '.join(found.mixed)}; allowed: settings "
            "that are one config each (add the key to --by, or narrow with --sweep or --where)"
        )
    if len(found.settings) < 2:
        raise UserError(f"{typed}: there is one setting; allowed: two or more")
    if any(not isinstance(seed, int) for s in found.settings for seed in s.values):
        raise UserError(f"{typed}: a setting has several runs of one seed; narrow with --where")


def _cost(study: _Study) -> list[str]:
    """What is open, and what it may cost."""
    left, found = max(study.options.budget - study.spent, 0), study.found
    if not study.open:
        return []
    if not left:
        return [f"not decided: {_open(study)}; the {some(study.options.budget, 'run')} are used up"]
    settings = {s.name for pair in study.open for s in pair}
    took = study.frame[study.names.isin(settings) & (study.frame["status"] == "FINISHED")]
    column = "time/train_seconds" if "time/train_seconds" in took else "seconds"
    seconds = float(took[column].mean())
    rounds = left // max(study.width, len(settings))
    time = clock(seconds * left / study.width + START_SECONDS * rounds)
    used = f", {study.spent} of {study.options.budget} used before" if study.spent else ""
    return [
        f"not decided: {_open(study)} of {len(asked(found, every=study.options.pairs))}",
        f"at most {some(left, 'run')}{used}: about {time} if all are needed (a recorded run took "
        f"{seconds:.1f} s; {study.width} at once)",
    ]


def _round(study: _Study, number: int, runs: Sequence[Run]) -> str:
    seeds = ", ".join(map(str, dict.fromkeys(seed for _, seed in runs)))
    labels = {s.name: s.label for s in study.found.settings}
    which = list(dict.fromkeys(labels[name] for name, _ in runs))
    told = ", ".join(which[:3]) + (f" and {len(which) - 3} more" if len(which) > 3 else "")
    seeds = f"seeds {seeds}" if "," in seeds else f"seed {seeds}"
    return f"round {number}: {some(len(runs), 'run')}, {seeds} of {told}; {_open(study)} open"


def _ending(study: _Study, trained: int, rounds: int, failed: int) -> list[str]:
    said = f"not decided: {_open(study)}" if study.open else "decided"
    after = f"{some(trained, 'run')} trained in {some(rounds, 'round')}"
    after = after if rounds else "nothing was trained"
    after += f", {failed} failed" if failed else ""
    left = study.options.budget - study.spent
    more = "; a larger --budget goes on" if study.open and not failed else ""
    if more and left > 0:
        more = f", too few for the next seed, which takes {some(study.next_seed, 'run')}{more}"
    lines = [f"{said}; {after}; budget {study.options.budget}, left {left}{more}"]
    names = map(str, study.frame["experiment"].unique())
    parents = [(name, study.parent(name)) for name in names] if study.spent else []
    where = ", ".join(f"experiment {name}, sweep {p[:8]}" for name, p in parents if p)
    return [*lines, *([f"recorded   {where}"] if where else [])]


def _open(study: _Study) -> str:
    """How many comparisons are open."""
    return some(len(study.open), "comparison")


def _key(options: Namespace, by: Sequence[str]) -> str:
    """What makes two questions the same: all but the budget and what is printed."""
    asked = ("metric", "against", "alpha", "within", "pairs", "experiment", "sweep", "where")
    content = {"by": list(by), **{name: getattr(options, name) for name in asked}}
    return hashlib.sha256(f"until {json.dumps(content, sort_keys=True)}".encode()).hexdigest()


def _command(arguments: Sequence[str]) -> list[str]:
    """The command for the record, which lies where it says: without the address."""
    typed, skip = ["compare"], False
    for argument in arguments:
        if not skip and not argument.startswith("--tracking-uri"):
            typed.append(argument)
        skip = argument == "--tracking-uri"
    return typed
