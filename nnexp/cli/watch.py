"""`python -m nnexp watch [SWEEP_ID]`: what is running, by whoever started it, as it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from nnexp.cli.options import Parser
from nnexp.cli.sparkline import sparkline
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.clock import now
from nnexp.record.store import open_store
from nnexp.record.store_errors import is_from_store, said_by_store
from nnexp.runner.run_text import option_of
from nnexp.runner.sweep_progress import clock
from nnexp.study.lookup import all_experiments, experiment_named, find_run
from nnexp.study.running import EndedRun, RunningRun, RunningSweep, Watched, mark_of
from nnexp.terminal import Console, new_console, plain_table, safe

REFRESH_SECONDS = 2.0
CURVE_COLUMNS = 12

Found = Sequence[RunningSweep | RunningRun]
Show = Callable[[Found, str], None]


def main(arguments: Sequence[str]) -> int:
    """Follow what is running until nothing is; 1 if a run or sweep among it failed."""
    parser = Parser(
        "watch",
        "Follow the runs and sweeps that are running, here or on a server, by whoever started "
        "them, until none is. Ctrl-C ends the watching only.",
        "python -m nnexp watch 3f2a91c0 --tracking-uri http://127.0.0.1:5000",
    )
    parser.add_argument(
        "sweep", nargs="?", metavar="SWEEP_ID", help="only this sweep, or run, by its id"
    )
    parser.add_argument(
        "--experiment", metavar="NAME", help="only this MLflow experiment (default: all)"
    )
    parser.add_argument("--once", action="store_true", help="print what is running now, and end")
    options = parser.parse_args(arguments)
    store = open_store(options.tracking_uri, reading=True)
    if options.sweep is not None:
        run = find_run(store, options.sweep)
        if run.data.tags.get("nnexp.kind") not in ("run", "sweep"):
            raise UserError(f"SWEEP_ID {options.sweep}: allowed: the id of a sweep, or a run")
        watched = Watched(store, [str(run.info.experiment_id)], str(run.info.run_id))
    elif options.experiment is not None:
        watched = Watched(store, [experiment_named(store, options.experiment)])
    else:
        watched = Watched(store, list(all_experiments(store)))
    console = new_console()
    try:
        return _once(watched, console) if options.once else _follow(watched, console)
    except KeyboardInterrupt as stop:
        if type(stop) is not KeyboardInterrupt:
            raise  # SIGTERM, SIGHUP
        return 130


def _once(watched: Watched, console: Console) -> int:
    found = watched.look()
    if found:
        console.print(picture(found, ""))
    else:
        _nothing(watched, console)
    return 0


def _nothing(watched: Watched, console: Console) -> bool:
    """Say that nothing is running, or how what was asked for has ended; whether that failed."""
    if watched.only is not None:
        line, failed = _outcome(watched, watched.only)
        console.say(line)
        return failed
    console.say("nothing is running here; python -m nnexp runs lists what is recorded")
    return False


def _follow(watched: Watched, console: Console) -> int:
    failed, any_seen = False, False
    following: set[str] = set()
    with _screen(console) as show:
        while True:
            try:
                found = watched.look()
                gone = following - {item.mark.run_id for item in found}
                ended = [_outcome(watched, run_id) for run_id in sorted(gone)]
            except Exception as error:
                if not is_from_store(error):
                    raise
                show([], f"the store does not answer ({said_by_store(error)}); trying again")
                time.sleep(REFRESH_SECONDS)
                continue
            show(found, "")
            for line, has_failed in ended:
                console.say(line)
                failed = failed or has_failed
            following = {item.mark.run_id for item in found if item.mark.alive}
            any_seen = any_seen or bool(found)
            if not following:
                break
            time.sleep(REFRESH_SECONDS)
    if not any_seen:
        failed = _nothing(watched, console)
    return int(failed)


def _outcome(watched: Watched, run_id: str) -> tuple[str, bool]:
    """How a run or sweep has ended, in a line, and whether it failed."""
    from mlflow.exceptions import MlflowException

    try:
        run = watched.store.client.get_run(run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        return f"{run_id[:8]}: is no longer recorded", False
    status, name = str(run.info.status), mark_of(run).shown
    metrics = {k: float(v) for k, v in run.data.metrics.items()}
    if run.data.tags.get("nnexp.kind") == "sweep":
        said = _counts(watched.sweep(run))
        look = f"python -m nnexp runs --sweep {run_id[:8]}"
        if status == "KILLED":
            look = f"python -m nnexp sweeps --go-on {run_id[:8]}"
    else:
        said, look = _result(metrics), f"python -m nnexp show {run_id[:8]}"
    reason = run.data.tags.get("nnexp.reason", "")
    parts = [status, *filter(None, (said, reason))]
    return f"{name}: {', '.join(parts)}; {look}{option_of(watched.store)}", status == "FAILED"


def _result(metrics: dict[str, float]) -> str:
    names = (("test/accuracy", "test"), ("validation/accuracy", "validation"))
    return ", ".join(f"{label} {metrics[name]:.2%}" for name, label in names if name in metrics)


def _counts(sweep: RunningSweep, *, left: bool = True) -> str:
    said = f"{sweep.done} of {sweep.total} done, {sweep.failed} failed, {sweep.missing} missing"
    if left and sweep.status == "RUNNING" and sweep.seconds_left is not None:
        said += f", about {clock(sweep.seconds_left)} left"
    return said


@contextmanager
def _screen(console: Console) -> Iterator[Show]:
    """What shows the state: a picture that changes, or a line per change where there is none."""
    if console.is_terminal:
        with Live(console=console, transient=True, auto_refresh=False) as live:
            yield lambda found, trouble: live.update(picture(found, trouble), refresh=True)
        return
    said: dict[str, str] = {}

    def lines(found: Found, trouble: str) -> None:
        news = {item.mark.run_id: _line(item) for item in found} if not trouble else {"": trouble}
        for key, line in news.items():
            if said.get(key) != line:
                print(printable(line), flush=True)
        said.update(news)
        if not trouble:
            said.pop("", None)

    yield lines


def _line(item: RunningSweep | RunningRun) -> str:
    """The state as a line, the same as long as nothing has changed."""
    if not item.mark.alive:
        return f"{item.mark.shown}: {_GONE}"
    if isinstance(item, RunningSweep):
        last = f"; {_last(item.last[0])}" if item.last else ""
        return f"{item.mark.shown}: {_counts(item, left=False)}{last}"
    parts = [f"epoch {item.epoch} of {item.epochs}"]
    parts += [f"cost {item.cost[-1]:.4g}"] if item.cost else []
    parts += [f"validation {item.accuracy:.2%}"] if item.accuracy is not None else []
    return f"{item.mark.shown}: {', '.join(parts)}"


_GONE = "left RUNNING by a process that is gone; the next start marks it KILLED"


def _last(run: EndedRun) -> str:
    said = _result(run.metrics)
    return f"{run.name}: {run.status if run.status != 'FINISHED' else said or 'FINISHED'}"


def picture(found: Found, trouble: str) -> Group:
    """The state for a terminal: each sweep with what ended last, then the single runs."""
    at, parts = now(), []
    for item in found:
        if isinstance(item, RunningSweep):
            state = _GONE if not item.mark.alive else _counts(item)
            since = f", since {_ago(at, item.mark.started)}"
            sign = f", sign of life {_ago(at, item.mark.heartbeat)} ago"
            parts.append(Text(printable(f"{item.mark.shown}: {state}{since}{sign}")))
            parts += [Text(printable(f"  {_last(run)}"), style="dim") for run in item.last]
    runs = [item for item in found if isinstance(item, RunningRun)]
    if trouble:
        parts.append(Text(printable(trouble), style="yellow"))
    return Group(*parts, *([_table(runs, at)] if runs else []))


def _table(runs: Sequence[RunningRun], at: int) -> Table:
    table = plain_table()
    table.add_column("run", ratio=1, overflow="fold")
    for title in ("epoch", "cost", "curve", "validation", "since", "sign of life"):
        table.add_column(title, justify="left" if title == "curve" else "right", no_wrap=True)
    for run in runs:
        cost = np.asarray(run.cost, dtype=float)
        curve = sparkline(cost, CURVE_COLUMNS) if len(cost) and np.isfinite(cost).all() else ""
        table.add_row(
            safe(run.mark.shown),
            f"{run.epoch}/{run.epochs}",
            f"{run.cost[-1]:.4g}" if run.cost else "",
            curve,
            "" if run.accuracy is None else f"{run.accuracy:.2%}",
            _ago(at, run.mark.started),
            f"{_ago(at, run.mark.heartbeat)} ago" if run.mark.alive else "gone",
        )
    return table


def _ago(at: int, then: int) -> str:
    return clock(max(at - then, 0) / 1000)
