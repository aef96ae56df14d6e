"""The Hydra launcher behind `-m`: takes all combinations at once and hands them on as a sweep."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from nnexp.config.arguments import GROUPS, NOTIFY, TAGS, cut, given_keys
from nnexp.config.compose import resolve
from nnexp.config.messages import set_value
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.runner.notify import notified, without_notify
from nnexp.terminal import new_console

if TYPE_CHECKING:
    from nnexp.runner.sweep import SweepResult

_MODULE = "hydra_plugins.nnexp_sweep"


@dataclass
class Request:
    """What a sweep is asked for beside its config, and what came of it."""

    typed: Sequence[str] = ()
    """The command line as it was typed."""
    retry_failed: bool = False
    """Whether failed runs of an earlier start are trained again."""
    may_sweep: bool = True
    recorded_key: str | None = None
    """The key of the sweep that is gone on with: another one is not trained."""
    result: SweepResult | None = None


class SweepLauncher(Launcher):
    """Trains all combinations of a sweep over processes (`sweep.batch`)."""

    request = Request()

    def __init__(self) -> None:
        self._load: Callable[[tuple[str, ...]], DictConfig] | None = None

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Make composition quick: Hydra asks for every combination, mostly the same groups."""
        self._load = _cached(hydra_context, config)

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Check every combination, then train those that are not recorded yet."""
        from nnexp.runner.sweep import run_sweep

        assert self._load is not None
        request = self.request
        if not request.may_sweep:
            raise UserError(f"{' '.join(request.typed)}: is a sweep; allowed: nnexp.sweep(…)")
        configs = [_config(self._load(tuple(o)), o) for o in job_overrides]
        typed = [word for word in request.typed if word.partition("=")[0] != NOTIFY]
        with notified(configs, "sweep", typed) as ended:
            result = run_sweep(
                [without_notify(config) for config in configs],
                typed,
                new_console(),
                retry_failed=request.retry_failed,
                recorded_key=request.recorded_key,
            )
            ended(result.sweep_id)
        request.result = result
        ids = [run.run_id for run in result.runs]
        return [_returned(o, i) for o, i in zip(job_overrides, ids, strict=False)]


def register_launcher(request: Request) -> None:
    """Tell Hydra of the launcher: it looks for targets in a `hydra_plugins` namespace."""
    SweepLauncher.request = request
    if _MODULE not in sys.modules:
        module = ModuleType(_MODULE)
        module.SweepLauncher = SweepLauncher  # type: ignore[attr-defined]
        plugins = Plugins.instance()
        parent = sys.modules.setdefault("hydra_plugins", ModuleType("hydra_plugins"))
        parent.nnexp_sweep = module  # type: ignore[attr-defined]
        sys.modules[_MODULE] = module
        SweepLauncher.__module__ = _MODULE
        plugins.register(SweepLauncher)
    ConfigStore.instance().store(
        group="hydra/launcher", name="nnexp", node=_LauncherNode, provider="nnexp"
    )


@dataclass
class _LauncherNode:
    _target_: str = f"{_MODULE}.SweepLauncher"


def _config(composed: DictConfig, overrides: Sequence[str]) -> Config:
    try:
        return resolve(composed, given_keys(overrides))
    except UserError as error:
        raise UserError(f"{error} (in {' '.join(cut(_typed(o)) for o in overrides)})") from error


def _typed(override: str) -> str:
    """An override without what is there for Hydra: `++` and quotes of a tag, escapes of a text."""
    tag = re.fullmatch(rf"\+\+({re.escape(TAGS)}\w+=)'([^']*)'", override)
    if tag:
        return f"{tag[1]}{tag[2]}"
    quoted = "'" in override or '"' in override
    return override if quoted else re.sub(r"\\([\\()\[\]{}:=, \t])", r"\1", override)


def _returned(overrides: Sequence[str], run_id: str) -> JobReturn:
    done = JobReturn(overrides=list(overrides), status=JobStatus.COMPLETED)
    done.return_value = run_id
    return done


def _cached(context: HydraContext, sweep: DictConfig) -> Callable[[tuple[str, ...]], DictConfig]:
    """Compose each choice of groups once; apply plain values to a copy, types still checked.

    Replaces the loader's method, as Hydra's own sweeper composes every combination beforehand.
    """
    loader: Any = context.config_loader
    compose = loader.load_sweep_config
    parser = OverridesParser.create(config_loader=loader)
    by_groups: dict[tuple[str, ...], DictConfig] = {}
    composed: dict[tuple[str, ...], DictConfig] = {}

    def load(master_config: DictConfig, sweep_overrides: Sequence[str]) -> DictConfig:
        asked = tuple(sweep_overrides)
        if asked not in composed:
            groups = tuple(o for o in asked if o.partition("=")[0] in (*GROUPS, "hydra/launcher"))
            if groups not in by_groups:
                base = compose(master_config, list(groups))
                OmegaConf.set_struct(base, False)
                base.pop("hydra")  # Large, the same for all, and of no use from here on.
                OmegaConf.set_struct(base, True)
                by_groups[groups] = base
            config = copy.deepcopy(by_groups[groups])
            for override in parser.parse_overrides([o for o in asked if o not in groups]):
                set_value(config, override)
            composed[asked] = config
        return composed[asked]

    loader.load_sweep_config = load
    return lambda overrides: load(sweep, overrides)
