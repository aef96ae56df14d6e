"""Training again what a file of results claims, over the cores, and comparing bit for bit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np

from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset
from nnexp.errors import NnexpError
from nnexp.record.checkpoint import CheckpointFile
from nnexp.record.environment import cores
from nnexp.record.events import Begun, Logged
from nnexp.record.log import RunLog
from nnexp.record.log_folder import RUNS
from nnexp.record.stages import Stage
from nnexp.runner.executors import Pool
from nnexp.runner.sweep_progress import SweepProgress
from nnexp.runner.worker import Broken, Finished, Note, Progress, Stopped, Task
from nnexp.study.exchange.history import by_metric
from nnexp.study.exchange.manifest import Run
from nnexp.study.exchange.results import Results
from nnexp.study.recorded import data_of
from nnexp.study.verification import Trained, Verdict, judge, values_of
from nnexp.study.verify import check_version, train_again
from nnexp.terminal import Console
from nnexp.train.engines import check_engine, compile_ahead
from nnexp.train.plan import check_data
from nnexp.train.work import work

WORTH = 2e11
"""Estimated multiply-adds from which on other processes are started: some ten seconds' work."""


@dataclass(frozen=True)
class Claim:
    """A run of a file, ready to be trained again."""

    run: Run
    config: Config
    dataset: Dataset

    @property
    def work(self) -> float:
        """Estimated multiply-adds."""
        return work(self.config, self.dataset)


def claims_of(results: Results, runs: Sequence[Run], data_root: str | None) -> list[Claim]:
    """Some runs of a file, each checked for whether it can be trained here.

    Raises:
        UserError: other data, an engine or a version that is not here.
    """
    claims = []
    for run in runs:
        config = results.config(run)
        if data_root is not None:
            config = replace(config, data=replace(config.data, root=data_root))
        check_version(run.id, run.tags, results.environment(run))
        dataset = data_of(run.id, config, run.tag("data"))
        check_data(config, dataset)
        check_engine(config, trains=False)
        claims.append(Claim(run, config, dataset))
    return claims


def sampled(runs: Sequence[Run], n: int | None, seed: int) -> list[Run]:
    """`n` of some runs, drawn; all of them, in a drawn order, if there are no more."""
    order = np.random.default_rng(seed).permutation(len(runs))
    return [runs[k] for k in order[:n]]


def reproduce(
    results: Results, claims: Sequence[Claim], budget: float | None, console: Console
) -> Iterator[Verdict]:
    """Train claims again, and judge each as it ends; with a budget in seconds, as far as it goes.

    Raises:
        NnexpError: a run cannot be trained here.
    """
    compile_ahead([c.config for c in claims], console.say)
    whole = sum(claim.work for claim in claims)
    alone = budget is None and (len(claims) == 1 or whole < WORTH or cores() == 1)
    here = ((claim, train_again([Stage(claim.config)], claim.dataset)) for claim in claims)
    for claim, again in here if alone else _side_by_side(claims, budget, console):
        yield judged(results, claim.run, again)


def judged(results: Results, run: Run, again: Trained) -> Verdict:
    """A run of a file against what came of training it again."""
    curves = by_metric(results.history(run)).items()
    theirs = {name: steps for name, steps in curves if not name.startswith("time/")}
    return judge(run.id, run.tags, results.environment(run), theirs, again)


def _side_by_side(
    claims: Sequence[Claim], budget: float | None, console: Console
) -> Iterator[tuple[Claim, Trained]]:
    """Train in worker processes, as sweeps do; what is in hand when time is up is dropped."""
    until = None if budget is None else monotonic() + budget
    amount = {k: claim.work for k, claim in enumerate(claims)}
    epochs = {k: claim.config.train.epochs for k, claim in enumerate(claims)}
    # The longest first; with a budget in the order that was drawn, so that the first are a sample.
    order = sorted(amount, key=lambda k: -amount[k]) if budget is None else list(amount)
    with (
        TemporaryDirectory() as folder,
        SweepProgress(len(claims), amount, epochs, 0, cores(), console) as board,
    ):
        tasks = [_task(k, claims[k].config, Path(folder)) for k in order]
        with closing(Pool(tasks, cores()).messages()) as messages:
            for message in messages:
                if until is not None and monotonic() > until:
                    return
                match message:
                    case Progress(k, epoch):
                        board.progress(k, epoch)
                    case Note(k, text):
                        board.note(k, f"{claims[k].run.name}: {text}")
                    case Finished(k, place):
                        board.ended(k, "", failed=False)  # The verdict is said instead.
                        yield claims[k], _trained(RunLog(place).logged)
                    case Broken(k, reason):
                        raise NnexpError(f"{claims[k].run.name}: {reason}")
                    case Stopped(error):
                        raise error if isinstance(error, NnexpError) else NnexpError(str(error))


def _task(k: int, config: Config, folder: Path) -> Task:
    fresh = replace(config, tracking=replace(config.tracking, resume=False))
    begun = Begun("", "", "", 0, {}, {}, {}, {})
    file = CheckpointFile(folder, f"{k:032x}")
    return Task(k, fresh, begun, "none", folder / RUNS / str(k), file)


def _trained(logged: Logged) -> Trained:
    """What a worker's log says of a run."""
    values = values_of((point.name, point.step, point.value) for point in logged.points)
    ended = logged.ended
    return Trained(values, ended.tags.get("nnexp.weights_sha256", "") if ended else "")
