"""nnexp itself, through the engine that a run uses. A run of a sweep is the same."""

from __future__ import annotations

from benchmarks.work import TASKS, Ready, Task, Work
from nnexp.config.schema import (
    Config,
    DataConfig,
    DropoutConfig,
    InitConfig,
    ModelConfig,
    RegConfig,
    TrainConfig,
)
from nnexp.data.dataset import load_dataset
from nnexp.train.engine import DropoutStreams
from nnexp.train.engines import engine_of
from nnexp.train.examples import TrainingExamples, evaluated_sets, laid_out
from nnexp.train.plan import initial_parameters, problem_of, randomness_of
from nnexp.train.streams import stream


def run(work: Work) -> Ready:
    """One run, as `nnexp.train.loop` trains and measures it."""
    config, dataset = _config(work, TASKS[work.task]), load_dataset(DataConfig())
    engine_type, problem = engine_of(config), problem_of(config, dataset)
    randomness = randomness_of(config, problem.sizes, engine_type.permutation)
    examples = TrainingExamples(engine_type, config, dataset, randomness)
    sets = evaluated_sets(engine_type, config, dataset, examples.images)
    engine = engine_type(
        problem,
        initial_parameters(config, problem.sizes),
        DropoutStreams(stream(0, "dropout"), stream(0, "dropout_input")),
        laid_out(engine_type, dataset).dense,
    )

    def epoch() -> None:
        engine.epoch(*examples.next_epoch())

    def evaluate() -> list[int]:
        engine.penalty_sums()
        parts = [part for part in (sets.train, sets.validation) if part is not None]
        return [sum(engine.measure(part.layout, part.rows).correct for part in parts)]

    return Ready(1, epoch, evaluate)


def _config(work: Work, task: Task) -> Config:
    name = "l1" if task.l1 else "maxnorm" if task.max_norm < 1e9 else "l2"
    penalty = task.l1 or task.decay
    return Config(
        reg=RegConfig(name, penalty * work.n, max_norm=min(task.max_norm, 1e9)),
        data=DataConfig(n_train=work.n),
        model=ModelConfig(list(work.hidden), "relu" if task.relu else "sigmoid"),
        init=InitConfig("he" if task.relu else "scaled"),
        dropout=DropoutConfig(hidden=task.dropout),
        train=TrainConfig(
            epochs=1, batch_size=task.batch, eta=task.eta, momentum=task.momentum, dtype="float32"
        ),
    )
