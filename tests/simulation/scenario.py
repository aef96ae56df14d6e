"""Commands at once on a simulated machine, stopped and started again, and what must hold then."""

from __future__ import annotations

import gzip
import io
import traceback
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nnexp.config.schema import Config
from nnexp.data.dataset import dataset_of
from nnexp.error_boundary import UNFORESEEN, _foreseen
from nnexp.record.check_seals import check_records
from nnexp.record.checkpoint import SUFFIX
from nnexp.record.events import Begun, DamagedLog, Logged, decode
from nnexp.record.fingerprint import fingerprint
from nnexp.record.log import RunLog
from nnexp.record.log_folder import HALF, RECORDED, REFUSED, RUNS, recorded_log
from nnexp.record.processes import HEARTBEAT_MINUTES
from nnexp.record.store import experiment_id
from nnexp.record.sweep import TRIAL, sweep_key
from nnexp.runner.run import run_single, tidy
from nnexp.runner.sweep import run_sweep
from nnexp.selection.session import session
from nnexp.study.doctor import Doctor
from nnexp.terminal import Console
from tests.simulation.machine import Machine
from tests.simulation.store import Kept
from tests.simulation.world import Died
from tests.small import configured

STARTS = 3
"""How often a command is started, until it is done, before the end."""

Curves = tuple[tuple[str, int, str], ...]
"""Metric, step and value of all values but times, sorted."""


def config_of(eta: float, artifacts: str) -> Config:
    """One neuron, a few epochs."""
    neuron = {"data.name": "neuron", "data.n_train": 1, "data.n_validation": 0, "size": "1"}
    trained = {"model.hidden": [], "train.batch_size": 1, "train.epochs": 4, "train.eta": eta}
    recorded = {"tracking.artifacts": artifacts, "sweep.workers": 2}
    return configured({**neuron, **trained, **recorded})


def mark_of(config: Config) -> str:
    """The fingerprint of a run."""
    return fingerprint(config, dataset_of(config))


@dataclass(frozen=True)
class Command:
    """What a user types: a run, a sweep, a search, `doctor`, or what settles what others left."""

    name: str
    configs: tuple[Config, ...] = ()
    given_up: tuple[Config, ...] = ()
    """What a search trains for two epochs only."""

    def carry_out(self, machine: Machine, *, again: bool = False) -> int:
        """As the program does; with `again`, runs that failed are trained again. The exit code."""
        console = Console(file=io.StringIO(), width=200)
        if self.name == "run":
            run_single(self.configs[0], console)
        elif self.name == "sweep":
            run_sweep(self.configs, ["-m", "train.eta=…"], console, retry_failed=again)
        elif self.name == "search":
            return self._search(console)
        elif self.name == "doctor":
            store = machine.store
            findings = list(Doctor(store, [experiment_id(store, "nnexp")]).findings())
            machine.world.note("; ".join(finding.text for finding in findings) or "all is well")
            return int(any(finding.left for finding in findings))
        else:
            store = machine.store
            tidy(store, experiment_id(store, "nnexp"), console)
        return 0

    def _search(self, console: Console) -> int:
        """What a search asks for: all for two epochs, some of them no longer, the others whole.

        A trial whose process dies twice has failed for good. The exit code.
        """
        everything = (*self.configs, *self.given_up)
        tags = [{TRIAL: str(k)} for k in range(len(everything))]
        key = sweep_key("search", [mark_of(config) for config in everything])
        more = {"nnexp.total": str(len(everything))}
        first = everything[0]
        with session(first, key, "search", "train/cost", more, console) as (found, ending):
            rows = found.train_until("trials", everything, tags, 2)
            for config, tag in list(zip(everything, tags, strict=True))[len(self.configs) :]:
                found.give_up(config, tag, 2)
            runs = found.train("the best", self.configs, tags[: len(self.configs)])
            assert all(row[2]["step"] == 2 for row in rows if row is not None)
            ending["nnexp.chosen"] = "the first"
            assert len(found.died) >= sum(run.status == "FAILED" for run in runs)
        return int(any(run.status == "FAILED" for run in runs))

    def __str__(self) -> str:
        configs = (*self.configs, *self.given_up)
        return f"{self.name} {', '.join(str(c.train.eta) for c in configs)}"


def curves_of(values: Iterable[tuple[str, int, float]]) -> Curves:
    """Values as they are compared: all but times, bit by bit."""
    return tuple(sorted((n, s, repr(v)) for n, s, v in values if not n.startswith("time/")))


def _logged(path: Path) -> Logged | None:
    """What the log of a recorded run says."""
    first, *others = map(decode, gzip.decompress(path.read_bytes()).splitlines())
    if not isinstance(first, Begun):
        return None
    logged = Logged(first)
    for event in others:
        logged.take(event)
    return logged


@dataclass
class Scenario:
    """Commands at once on one machine."""

    machine: Machine
    expected: Mapping[str, Curves]
    """What each run comes to when nothing disturbs it, by fingerprint."""
    wrong: list[str] = field(default_factory=list)
    """What does not hold."""
    promised: set[str] = field(default_factory=set)
    """Fingerprints of the runs that an exit code of 0 has vouched for."""

    def play(self, commands: Sequence[Command]) -> None:
        """Let them happen: at once and with faults, then one by one and undisturbed."""
        world = self.machine.world
        for command in commands:
            self._start(command, STARTS)
        world.go()
        world.calm()
        world.trace.append("calm")
        lost = self.promised - self._recorded().keys() - self._on_disk()
        self.wrong += [f"exit code 0, and {mark[:8]} is lost" for mark in lost]
        for command in [*commands, Command("settle"), Command("doctor")]:
            if world.boot:
                # What another boot had in hand is taken for alive so long.
                self.machine.disk.date()
                world.now += HEARTBEAT_MINUTES * 60
            self._start(command, 1, calm=True)
            world.go()
        self._check(commands)

    def _start(self, command: Command, times: int, *, calm: bool = False) -> None:
        """Start a command, and again if it does not come to a good end."""
        codes: list[int] = []

        def ended() -> None:
            if times > 1 and codes != [0]:
                self._start(command, times - 1)

        process = self.machine.world.start(
            str(command), lambda: codes.append(self._carry_out(command, calm=calm))
        )
        process.at_end.append(ended)

    def _carry_out(self, command: Command, *, calm: bool) -> int:
        """The exit code of a command; what it says must be true."""
        world, code, said = self.machine.world, 0, ""
        try:
            code = command.carry_out(self.machine, again=calm)
        except Died:
            raise
        except KeyboardInterrupt:
            code = 143
        except Exception as error:
            code, said = _foreseen(error)
            if code == UNFORESEEN:
                self.wrong.append("".join(traceback.format_exception(error)))
        if world.me is not None and world.me.dead:
            raise Died
        world.note(f"exit code {code} {said}")
        with world.looking_on():
            if code == 0:
                self.promised |= set(map(mark_of, command.configs))
                self.wrong += [
                    f"{command}: exit code 0, and {mark[:8]} is neither recorded nor on disk"
                    for mark in map(mark_of, command.configs)
                    if mark not in self._recorded() and mark not in self._on_disk()
                ]
            elif calm and not (command.name == "search" and code == 1):
                self.wrong.append(f"{command}: exit code {code} {said}, undisturbed")
        return code

    def _recorded(self) -> Counter[str]:
        """How often each run is recorded whole in the store, by fingerprint."""
        return Counter(
            kept.tags["nnexp.fingerprint"]
            for kept in self._runs("FINISHED")
            if self._is_whole(kept)
        )

    def _on_disk(self) -> set[str]:
        """The fingerprints of the runs whose logs are whole: `doctor` can make them from those."""
        folder = self.machine.store.folder
        found = set()
        for read, paths in (
            (lambda path: RunLog(path).logged, (folder / RUNS).glob("*")),
            (_logged, (folder / RECORDED).glob("*.gz")),
        ):
            for path in paths:
                try:
                    logged = read(path)
                except (DamagedLog, OSError):
                    continue
                mark = logged.begun.tags.get("nnexp.fingerprint", "") if logged else ""
                values = curves_of((p.name, p.step, p.value) for p in logged.points) if mark else ()
                if logged and logged.whole and values == self.expected.get(mark):
                    found.add(mark)
        return found

    def _runs(self, status: str, kind: str = "run") -> list[Kept]:
        return [
            kept
            for kept in self.machine.kept.runs.values()
            if kept.status == status and kept.tags.get("nnexp.kind") == kind and not kept.deleted
        ]

    def _is_whole(self, kept: Kept) -> bool:
        """Whether a run's values are all there, each once."""
        values = curves_of((name, step, value) for name, step, _, value in kept.values)
        return values == self.expected[kept.tags["nnexp.fingerprint"]]

    def _check(self, commands: Sequence[Command]) -> None:
        marks = {mark_of(config): config for c in commands for config in c.configs}
        finished = Counter(kept.tags["nnexp.fingerprint"] for kept in self._runs("FINISHED"))
        searched = {mark_of(c) for command in commands if command.given_up for c in command.configs}
        others = {
            mark_of(c) for command in commands if not command.given_up for c in command.configs
        }
        failed = {kept.tags["nnexp.fingerprint"] for kept in self._runs("FAILED")}
        for mark, config in marks.items():
            has_failed = not finished[mark] and mark in (failed & searched) - others
            if finished[mark] != 1 and not has_failed:
                self.wrong.append(
                    f"train.eta={config.train.eta} is FINISHED {finished[mark]} times"
                )
        self._check_finished()
        for kept in self.machine.kept.runs.values():
            if kept.status == "RUNNING" and not kept.deleted:
                self.wrong.append(f"{kept.tags['nnexp.kind']} {kept.run_id[:8]} is RUNNING")
        for command in commands:
            if command.name in ("sweep", "search"):
                self._check_parent(command)
        folder = self.machine.store.folder
        left = [path for path in (folder / RUNS).glob("*") if HALF not in path.name]
        left += [*folder.glob(f"*{SUFFIX}*"), *folder.glob(f"{REFUSED}/*")]
        self.wrong += [f"left: {path.relative_to(folder)}" for path in left]

    def _check_finished(self) -> None:
        runs = {kept.run_id: kept for kept in self._runs("FINISHED")}
        store = self.machine.store
        for run_id, kept in runs.items():
            if not self._is_whole(kept):
                self.wrong.append(f"run {run_id[:8]} is FINISHED and not whole")
            logged = _logged(recorded_log(store.folder, run_id))
            values = curves_of((p.name, p.step, p.value) for p in logged.points) if logged else ()
            if values != self.expected[kept.tags["nnexp.fingerprint"]]:
                self.wrong.append(f"the log of run {run_id[:8]} is not whole")
        for run_id, checked in check_records(store, list(runs)):
            if not checked.sealed or checked.differences:
                self.wrong.append(f"the record of run {run_id[:8]}: {checked or 'no seal'}")

    def _check_parent(self, command: Command) -> None:
        parents = [
            kept
            for kept in self._runs("FINISHED", "sweep")
            if kept.tags["nnexp.total"] == str(len(command.configs) + len(command.given_up))
        ]
        if len(parents) != 1:
            self.wrong.append(f"{command}: has {len(parents)} finished parents")
