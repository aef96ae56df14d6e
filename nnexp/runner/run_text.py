"""The last lines on the screen: what came out, what the time went to, where it is, what to type."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping

from rich.table import Table

from nnexp.config.command import command_of
from nnexp.config.extensions import names
from nnexp.config.plurals import some
from nnexp.config.schema import Config, TrackingConfig
from nnexp.record.labels import unlike
from nnexp.record.store import Store
from nnexp.redact import redact


def result_table(final: Mapping[str, float]) -> Table:
    """The short table at the end of a run, from its final values, by set."""
    sets = [
        (name, label)
        for name, label in (("train", "training"), ("validation", "validation"), ("test", "test"))
        if {f"{name}/cost", f"{name}/data_cost"} & final.keys()
    ]
    table = Table(show_header=True, box=None, pad_edge=False)
    table.add_column("")
    for _, label in sets:
        table.add_column(label, justify="right")
    rows = (
        ("cost", "cost", "{:.4f}"),
        ("cost without penalty", "data_cost", "{:.4f}"),
        ("accuracy", "accuracy", "{:.2%}"),
        *((name, name, "{:.4f}") for name in names("monitor.metrics")),
    )
    penalty = final.get("train/penalty", 0.0)
    for label, key, form in rows:
        if key == "data_cost" and not penalty:
            continue
        cells = []
        for name, _ in sets:
            value = final.get(f"{name}/{key}")
            if value is None and key == "cost" and f"{name}/data_cost" in final:
                value = final[f"{name}/data_cost"] + penalty
            cells.append("" if value is None else form.format(value))
        if any(cells):
            table.add_row(label, *cells)
    return table


def summary_lines(final: Mapping[str, float]) -> list[str]:
    """Best epoch and gap, in words."""
    lines = []
    if final.get("best/epoch"):
        kept = ", whose weights are kept" if "best/test_accuracy" in final else ""
        lines.append(
            f"best validation accuracy {final['best/validation_accuracy']:.2%} "
            f"in epoch {final['best/epoch']:.0f}{kept}"
        )
    if "best/test_accuracy" in final:
        lines.append(f"test accuracy of those weights {final['best/test_accuracy']:.2%}")
    if "gap/final" in final:
        lines.append(f"gap, training - test accuracy: {100 * final['gap/final']:.2f} points")
    if "gap/best" in final:
        lines.append(f"gap, best training - best test: {100 * final['gap/best']:.2f} points")
    return lines


def time_lines(final: Mapping[str, float], watch: Stopwatch) -> list[str]:
    """How long a run took; of one that took longer to start and to record than to train, what."""
    training = final.get("time/train_seconds", 0.0)
    total = f"{watch.seconds:.1f} s in all, {training:.1f} s of it training"
    if training > watch.seconds / 2:
        return [total]
    spent = {"measuring": final.get("time/evaluate_seconds", 0.0), **watch.laps}
    lines = [f"{total}, {', '.join(f'{seconds:.1f} s {what}' for what, seconds in spent.items())}"]
    if watch.laps.get(DRAWING, 0.0) > max(training, 0.5):
        lines.append("tracking.artifacts=light leaves figures and model for show to make")
    return lines


def kept_labels(
    config: Config, store: Store, tags_of_runs: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """That runs recorded before keep the labels they have, and what changes them."""
    ids = [run_id[:8] for run_id, tags in tags_of_runs.items() if unlike(config, tags)]
    if not ids:
        return []
    asked = dict.fromkeys(what for tags in tags_of_runs.values() for what in unlike(config, tags))
    uri = option_of(store)
    lines = ["recorded before, under other labels (name, note, tags), which stay; to change them:"]
    changes = [what for what in asked if what != "note"]
    if changes:
        lines.append(f"  {shlex.join(['python', '-m', 'nnexp', 'tag', *ids, *changes])}{uri}")
    if "note" in asked:
        note = shlex.quote(redact(config.tracking.note or ""))
        lines += [f"  python -m nnexp note {run_id} {note}{uri}" for run_id in ids]
    return lines


def kept_artifacts(config: Config, params: Mapping[str, str]) -> list[str]:
    """That a run recorded before without artifacts stays so, where it was asked for with some."""
    asked = config.tracking.artifacts
    if asked not in ("light", "all") or params.get("tracking.artifacts") != "none":
        return []
    return [
        f"recorded before with tracking.artifacts=none, which {asked} does not change; "
        "tracking.reuse=false trains and records it anew"
    ]


def option_of(store: Store) -> str:
    """` --tracking-uri URI` where a store is not the one that a command would take by itself."""
    return "" if _is_default(store) else f" --tracking-uri {shlex.quote(store.shown)}"


def command_there(config: Config, store: Store) -> str:
    """The line that repeats a run where it is recorded: with its experiment and its store."""
    return recorded_there(command_of(config), "run", config.tracking.experiment, store)


def recorded_there(command: str, kind: str, experiment: str, store: Store) -> str:
    """A recorded line with what makes it find the experiment and the store that it stands in.

    The line of a sweep names its experiment already, those of forks and ensembles their runs.
    """
    if kind not in ("run", "sweep"):
        return command if "--tracking-uri" in command else command + option_of(store)
    if kind == "run" and experiment != TrackingConfig().experiment:
        command += " " + shlex.quote(f"tracking.experiment={experiment}")
    return command + _override_of(store)


def _override_of(store: Store) -> str:
    """` tracking.uri=URI` where training would take another store by itself."""
    return "" if _is_default(store) else " " + shlex.quote(f"tracking.uri={store.shown}")


def recorded_lines(
    config: Config,
    store: Store,
    kind: str,
    run_id: str,
    command: str,
    *,
    compared: bool = False,
    waiting: int = 0,
) -> list[str]:
    """The last lines on the screen: id, place, how to compare, to look, to repeat.

    `compared`: there are settings with several seeds each. `waiting`: how many runs the store has
    not received.
    """
    uri = option_of(store)
    place = f"{store.shown}, experiment {config.tracking.experiment}"
    lines = ["", f"{kind:<10} {run_id}", place_line(kind, place, waiting)]
    if kind != "run":
        words = [*(["compare"] if compared else []), "runs", "report"]
        titles = {"runs": "table"}
        lines += [
            f"{titles.get(word, word):<10} python -m nnexp {word} --sweep {run_id[:8]}{uri}"
            for word in words
        ]
        # The line that is recorded does not name the store, which may move.
        command += _override_of(store)
    return [*lines, f"look       python -m nnexp ui{uri}", f"repeat     {command}"]


def place_line(kind: str, place: str, waiting: int) -> str:
    """Where something is recorded, or will be once the store answers."""
    if not waiting:
        return f"recorded   {place}"
    if kind in ("run", "fork"):
        return f"not yet    {place}: kept here, sent at the next start"
    runs = f"{some(waiting, 'run')} {'is' if waiting == 1 else 'are'}"
    return f"recorded   {place}; {runs} kept here, sent at the next start"


def _is_default(store: Store) -> bool:
    from nnexp.record.store_address import resolve_uri

    return store.uri == resolve_uri(None)


DRAWING = "figures and model"
"""What the making of artifacts is called among the times of a run."""


class Stopwatch:
    """Seconds since it was made, by a clock that never jumps."""

    def __init__(self) -> None:
        self._start = self._lap = time.perf_counter()
        self.laps: dict[str, float] = {}
        """Seconds by what they went to, in order."""

    def lap(self, what: str = "") -> None:
        """What was done since the lap before; without a word, it is not kept."""
        now = time.perf_counter()
        if what:
            self.laps[what] = now - self._lap
        self._lap = now

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._start
