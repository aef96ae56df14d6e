"""`python -m nnexp [key=value …]`: Hydra composes, then one run or a sweep is carried out."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnexp.cli import COMMANDS
from nnexp.config.arguments import config_dirs, flags_first, given_keys, printable, quoted_texts
from nnexp.config.check_arguments import check_arguments, check_one_preset
from nnexp.output import unfailing_output
from nnexp.redact import redact

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from nnexp.runner.run_under_way import Result
    from nnexp.runner.sweep import SweepResult

PRINTING = ("--cfg", "-c", "--info", "-i", "--hydra-help")
"""Flags with which Hydra prints, and nothing is trained."""

OF_SWEEPS = ("sweep.executor", "sweep.address", "sweep.workers")
"""Keys that say by what a sweep is trained."""


@dataclass(frozen=True)
class Trained:
    """What a request came to: runs trained one by one, or a sweep."""

    runs: list[Result]
    sweep: SweepResult | None


def run(
    arguments: Sequence[str],
    *,
    quiet: bool = False,
    retry_failed: bool = False,
    recorded_key: str | None = None,
) -> int:
    """Compose the config that the overrides ask for and train it; the exit code.

    If it is `quiet`, only the id of the run or sweep is printed.

    Raises: as `train`.
    """
    silence = redirect_stdout(io.StringIO()) if quiet else nullcontext()
    with unfailing_output(drop=True):
        with silence:
            trained = train(arguments, retry_failed=retry_failed, recorded_key=recorded_key)
        if quiet:
            ids = [trained.sweep.sweep_id] if trained.sweep else [r.run_id for r in trained.runs]
            print("\n".join(filter(None, ids)))
    return 0


def train(
    arguments: Sequence[str],
    *,
    retry_failed: bool = False,
    may_sweep: bool = True,
    recorded_key: str | None = None,
) -> Trained:
    """Compose the config that the overrides ask for and train it.

    With `retry_failed`, the failed runs of a sweep that was recorded before are trained again. With
    `recorded_key`, a sweep is trained only if it still is the one that has that key.
    Without `may_sweep`, a preset that sweeps is refused before anything is trained. May be called
    any number of times in a process, also where the caller uses Hydra too.

    Raises:
        UserError: the request cannot be carried out.
    """
    import hydra

    from nnexp.config.compose import config_dir, register
    from nnexp.config.messages import refusals
    from nnexp.config.override_limits import bounded_sweeps
    from nnexp.runner.launcher import Request, register_launcher

    prints = any(argument.partition("=")[0] in PRINTING for argument in arguments)
    arguments, typed = _checked(arguments, prints=prints)
    if recorded_key is None:  # A sweep that an earlier version took is gone on with as it was.
        check_one_preset(arguments)
        _tell_size(arguments)
    register()
    request = Request(
        arguments, retry_failed=retry_failed, may_sweep=may_sweep, recorded_key=recorded_key
    )
    register_launcher(request)
    jobs = _Jobs()
    compose = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="config")
    with (
        refusals(),
        _hydra_to_itself(["nnexp", *flags_first(typed)]),
        bounded_sweeps(),
        _redacted_output() if prints else nullcontext(),
    ):
        compose(jobs.train)()
    if jobs.raised:
        raise jobs.raised[0]
    return Trained(jobs.results, request.result)


def _checked(arguments: Sequence[str], *, prints: bool) -> tuple[Sequence[str], list[str]]:
    """The arguments, and as Hydra's grammar reads them.

    Raises:
        UserError: Hydra could not read them, or would do something else than was asked for.
    """
    from nnexp.config.compose import schema_keys
    from nnexp.config.override_limits import check_readable
    from nnexp.config.presets import check_config_dir

    check_arguments(arguments, schema_keys(), COMMANDS)
    if prints:
        # Before Hydra lays them out, quoted and folded, in all that it prints.
        arguments = [redact(argument) for argument in arguments]
    typed = quoted_texts(arguments)
    check_readable(argument for argument in typed if "=" in argument and argument[0] != "-")
    for folder in config_dirs(arguments):
        check_config_dir(folder, schema_keys())
    return arguments, typed


class _Jobs:
    """The runs that Hydra asks for, one after the other, and what came of them."""

    def __init__(self) -> None:
        from nnexp.terminal import new_console

        self.console = new_console()
        self.raised: list[BaseException] = []
        self.results: list[Result] = []

    def train(self, composed: DictConfig) -> str | None:
        """Train a composed run; its id."""
        from hydra.core.hydra_config import HydraConfig
        from hydra.types import RunMode

        from nnexp.config.command import overrides_of
        from nnexp.config.compose import resolve
        from nnexp.config.messages import RANGE
        from nnexp.runner.notify import notified, without_notify
        from nnexp.runner.run import run_single

        if any(isinstance(error, KeyboardInterrupt) for error in self.raised):
            return None  # Hydra's own launchers would go on with the next job.
        # Hydra would print a line of its own before raising what a job raised.
        try:
            hydra = HydraConfig.get()
            given = given_keys(hydra.overrides.task)
            config = resolve(composed, given)
            # A preset without `hydra.mode: MULTIRUN` trains one run, whatever it lists.
            listed = hydra.sweeper.params or {} if hydra.mode == RunMode.RUN else {}
            what = [f"hydra.sweeper.params ({', '.join(listed)}) of the preset"] if listed else []
            ranges = any(RANGE.match(str(value)) for value in listed.values())
            _tell_unused(given, what, "python -m nnexp search KEY=RANGE" if ranges else "-m")
            with notified([config], "run", overrides_of(config)) as ended:
                self.results.append(run_single(without_notify(config), self.console))
                ended(self.results[-1].run_id)
            return self.results[-1].run_id
        except BaseException as error:
            self.raised.append(error)
            return None


def _tell_size(arguments: Sequence[str]) -> None:
    """Say which of two numbers of images counts."""
    size, number = (
        next((a for a in reversed(arguments) if a.partition("=")[0] == key), "")
        for key in ("size", "data.n_train")
    )
    if size and number:
        line = printable(f"{size}: no effect, since {number} is typed too")
        print(f"nnexp: {line}", file=sys.stderr, flush=True)


def _tell_unused(given: Sequence[str], listed: Sequence[str], way: str) -> None:
    """Say that one run is trained here, whatever was typed, or listed, of how a sweep is to be.

    `way` is what trains many.
    """
    unused = [*(key for key in OF_SWEEPS if key in given), *listed]
    if unused:
        said = f"no effect on one run, which is trained here; allowed with {way}"
        line = f"{', '.join(unused)}: {said}"
        print(f"nnexp: {line}", file=sys.stderr, flush=True)


@contextmanager
def _redacted_output() -> Iterator[None]:
    """A preset may hold an address too."""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            yield
    finally:
        sys.stdout.write(redact(said.getvalue()))


@contextmanager
def _hydra_to_itself(command_line: Sequence[str]) -> Iterator[None]:
    """Hydra reads `sys.argv`, and one global instance; both are the caller's again afterwards."""
    from hydra.core.global_hydra import GlobalHydra

    argv, instance = sys.argv, GlobalHydra.instance().hydra
    full_error = os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = list(command_line)
    GlobalHydra.instance().clear()
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = argv
        GlobalHydra.instance().hydra = instance
        if full_error is None:
            del os.environ["HYDRA_FULL_ERROR"]
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
