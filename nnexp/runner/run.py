"""One run: trained, shown and recorded; gone on with where it was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from importlib import import_module
from multiprocessing import current_process

from nnexp.atomic_files import named
from nnexp.config.plurals import some
from nnexp.config.run_names import run_name
from nnexp.config.schema import Config
from nnexp.data.dataset import Dataset, dataset_of
from nnexp.kernel.cache import cache_folder
from nnexp.memory import address_space
from nnexp.own_calls import check_own
from nnexp.record.check_seals import warnings_of
from nnexp.record.checkpoint import CheckpointFile, Checkpoints, run_key
from nnexp.record.fingerprint import fingerprint
from nnexp.record.left_logs import Left, finished_logs, settle
from nnexp.record.log_folder import RUNS
from nnexp.record.projection_state import state_of
from nnexp.record.stale import mark_stale
from nnexp.record.store import Store, experiment_id, import_client, open_store
from nnexp.record.store_sql import final_values
from nnexp.record.sweep import Recorded, find_finished
from nnexp.runner.figure_process import FigureProcess
from nnexp.runner.run_claims import Claims, alone, claims
from nnexp.runner.run_progress import RunProgress, Screen, header
from nnexp.runner.run_text import Stopwatch
from nnexp.runner.run_under_way import Result, UnderWay
from nnexp.signals import held_stops
from nnexp.source import SourceChanged, confirm, file_digests, source_sha256
from nnexp.terminal import Console
from nnexp.train.engines import check_engine, compile_ahead, engine_of
from nnexp.train.examples import laid_out
from nnexp.train.plan import check_data
from nnexp.verbosity import LOGGER


def run_single(config: Config, console: Console, screen: Screen | None = None) -> Result:
    """Train one run, record it in MLflow, and show what came out.

    A run that is recorded already is shown instead (`tracking.reuse`), one that was interrupted is
    gone on with (`tracking.resume`). It is shown on `screen`, by default as the command does; what
    else there is to say goes to the console.

    Raises:
        UserError: the request cannot be carried out; nothing was recorded.
        RunFailed: training diverged; the run is recorded as FAILED with the reason.
        SourceChanged: the numeric source did, since this program was started.
    """
    watch = Stopwatch()
    screen = screen or RunProgress(console)
    artifacts = _artifacts(config)
    # First of all: what it imports takes as long as a short training. Processes of a
    # `multiprocessing.Pool` may have none of their own; they draw themselves.
    beside = artifacts == "all" and not current_process().daemon
    with FigureProcess(config) if beside else nullcontext() as figures:
        dataset = _ready(config)
        LOGGER.debug("data %s: SHA-256 %s", dataset.name, dataset.digest)
        dry, tracking = config.sweep.dry_run, config.tracking
        store = open_store(tracking.uri, reading=dry)
        experiment = experiment_id(store, tracking.experiment, create=not dry)
        mark = fingerprint(config, dataset)
        LOGGER.debug("store %s, experiment %s", store.shown, tracking.experiment)
        LOGGER.debug("fingerprint %s, source %s", mark, source_sha256())
        if dry:
            return _dry_run(config, dataset, find_finished(store, experiment, mark), console)
        key = run_key(store, experiment, mark, swept=False)
        file = CheckpointFile(store.folder, key)
        checkpoints = Checkpoints(file, console.say)
        with (
            alone(store, f"run-{key[:16]}", "this very run", console),
            claims(store.folder, experiment) as ours,
        ):
            tidy(store, experiment, console)
            screen.begins(config, dataset)
            if tracking.reuse:
                _claim(ours, store, experiment, mark, console)
                if (found := _found(config, store, experiment, mark, screen, console)) is not None:
                    # A process that was killed right after its run was recorded has left it.
                    file.remove()
                    return found
            _confirm_source(config)
            with named(cache_folder()):  # The compiler does not say what it could not write.
                compile_ahead([config], console.say)
            folder = store.folder / RUNS / key[:32]
            run = UnderWay(
                config, dataset, store, experiment, folder, checkpoints, artifacts, figures,
                console, screen,
            )  # fmt: skip
            return run.carry_out(watch)


def _claim(ours: Claims, store: Store, experiment: str, mark: str, console: Console) -> None:
    """Wait while a sweep trains this very run."""
    ours.wait(
        mark,
        lambda: find_finished(store, experiment, mark) is not None,
        lambda: console.say("this very run is being trained by a sweep: waiting"),
    )


def _found(
    config: Config, store: Store, experiment: str, mark: str, screen: Screen, console: Console
) -> Result | None:
    """The run as it is recorded, shown; or as it was trained, if the store does not have it yet."""
    # Looked at first: what arrives meanwhile is found in the store.
    waiting = finished_logs(store, experiment).get(mark)
    if (found := find_finished(store, experiment, mark)) is not None:
        final = final_values(store, found.run_id, found.metrics)
        screen.found(config, store, found.run_id, final)
        warn_of_changes(store, [found.run_id], console)
        return Result(found.run_id, config, dict(found.metrics))
    if waiting is None:
        return None
    console.say(f"this run has been trained; it is kept in {store.folder} until the store takes it")
    return Result(state_of(waiting.folder).run_id, config, waiting.logged.final)


def _artifacts(config: Config) -> str:
    """What `tracking.artifacts` comes to for a single run; a dry run writes none."""
    level = config.tracking.artifacts
    return "none" if config.sweep.dry_run else "all" if level == "auto" else level


def _ready(config: Config) -> Dataset:
    """The data, read and laid out for training while MLflow is imported.

    Raises:
        UserError: the data cannot be read, or is not what the config asks for.
    """
    if address_space() is not None:
        # A thread that gets no memory to begin with leaves this one waiting for it for ever.
        dataset = dataset_of(config)
        _check(config, dataset)
        return dataset
    # NumPy imports it when `np.ma` is first asked for, as both threads do: one that asks while the
    # other is at it can end in a RecursionError.
    import_module("numpy.ma")
    # A stop raised within an import would leave the import lock locked: the other thread, which
    # imports too, would wait for it for ever, and this one for that.
    with held_stops(), ThreadPoolExecutor(1) as pool:
        loading = pool.submit(dataset_of, config)
        laying = pool.submit(lambda: laid_out(engine_of(config), loading.result()))
        import_client()
        dataset = loading.result()
        _check(config, dataset)
        with named(cache_folder()):  # As in compiling ahead: it compiles what lays out.
            laying.result()
    return dataset


def _check(config: Config, dataset: Dataset) -> None:
    """Refuse what cannot be trained, before anything is recorded."""
    check_data(config, dataset)
    check_engine(config)
    check_own(config, dataset)


def _confirm_source(config: Config) -> None:
    """What will train must be what the fingerprint is of."""
    try:
        confirm(file_digests(), config.train.engine, since="since this program was started")
    except SourceChanged as error:
        raise SourceChanged(f"{error}; start it again to train with the new source") from error


def _dry_run(config: Config, dataset: Dataset, found: Recorded | None, console: Console) -> Result:
    console.say(*header(config, dataset))
    state = f"recorded as {found.run_id[:8]}" if found is not None else "not recorded yet"
    console.say(f"{run_name(config)}: {state}", "dry run: nothing was trained")
    return Result(found.run_id if found else "", config, dict(found.metrics) if found else {})


def warn_of_changes(store: Store, reused: Sequence[str], console: Console) -> None:
    """Say of reused runs whether their records are still what was recorded."""
    console.say(*(f"warning: {line}" for line in warnings_of(store, reused)))


def tidy(store: Store, experiment: str, console: Console) -> None:
    """Deliver what is left from earlier, and mark runs that nobody works on as KILLED."""
    found: dict[str, list[Left]] = {}
    for left in settle(store):
        found.setdefault(left.became, []).append(left)
    if sent := found.get("sent"):
        arrived = some(len(sent), "run")
        console.say(f"delivered {arrived} that the store had not received before")
    if waits := found.get("waits"):
        console.say(f"{some(len(waits), 'run')} still to be delivered ({waits[0].said})")
    for left in found.get("refused", ()):
        console.say(f"the store does not know the run in {left.folder}: kept there")
    killed = [left.run_id for left in found.get("killed", ())]
    for left in found.get("killed", ()):
        if left.renewed:
            console.say(f"the store had {left.what} no more: made again from its log")
    for run_id in (*killed, *mark_stale(store, experiment)):
        console.say(f"run {run_id} was left unfinished by a process that is gone: KILLED")
