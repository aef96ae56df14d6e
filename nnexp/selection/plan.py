"""What a search is asked for, checked before anything is trained."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from numbers import Integral

from nnexp.config.arguments import NOTIFY, TEXTS, cut
from nnexp.config.check_arguments import check_arguments, check_one_preset
from nnexp.config.compose import schema_keys
from nnexp.config.schema import Config
from nnexp.config.varying_keys import short
from nnexp.data.dataset import dataset_of
from nnexp.errors import UserError
from nnexp.extension_files import options as parts_options
from nnexp.record.fingerprint import numeric_config
from nnexp.record.sweep import sweep_key
from nnexp.redact import redact
from nnexp.runner.executors import check_executor
from nnexp.selection.choosing import Rules
from nnexp.selection.composing import Composer
from nnexp.selection.samplers import SAMPLERS
from nnexp.selection.spaces import FORMS, checked_middle, space_of
from nnexp.source import source_sha256
from nnexp.study.search_space import Choice, Point, Space
from nnexp.train.plan import validation_rows

METRICS = (
    "validation/accuracy",
    "validation/data_cost",
    "validation/cost",
    "best/validation_accuracy",
)
"""What a setting may be chosen by."""

_FIXED = (
    *("seed", "experiment", "size", "data"),
    *("data.name", "data.root", "data.n_train", "data.n_validation"),
)
"""Keys that may not be searched over: values of runs that differ in them do not compare."""

_ASIDE = ("tracking.", "sweep.", "monitor.", "hydra")

UNSEEN = {"monitor.test": "never"}
"""Of trials and of the race: only the runs of the chosen setting, with fresh seeds, are tested."""


@dataclass(frozen=True)
class Asked:
    """A search as it is typed."""

    overrides: Sequence[str]
    """Single values, which hold for all trials, and ranges."""
    trials: int = Rules.trials
    each: str | None = None
    """`--for size=1k,50k`: one search for each value."""
    metric: str | None = None
    budget: float | None = None
    """Seconds of training, added over processes, after which no more trials are begun."""
    sampler: str = "tpe"
    finalists: int = Rules.finalists
    seeds: int = Rules.seeds
    fresh: int = 5
    """Seeds that the chosen setting is trained with at the end."""
    width: int = Rules.width
    prune: bool = True
    """Whether trials that fall behind are given up before their last epoch."""

    def __post_init__(self) -> None:
        """Refuse options that are not allowed.

        Raises:
            UserError: one of them.
        """
        _check_options(self)

    def command(self) -> str:
        """The line that asks for it again; the store's address goes without saying."""
        left_out = ("tracking.uri", NOTIFY)
        typed = [o for o in self.overrides if o.partition("=")[0] not in left_out]
        for option in fields(self)[1:-1]:
            name, value = option.name, getattr(self, option.name)
            if value != option.default:
                text = f"{value:g}s" if name == "budget" else str(value)
                typed += ["--for" if name == "each" else f"--{name}", text]
        typed += [] if self.prune else ["--no-pruning"]
        return redact("python -m nnexp search " + shlex.join([*typed, *parts_options()]))


@dataclass(frozen=True)
class Plan:
    """One search, checked."""

    asked: Asked
    spaces: tuple[Space, ...]
    here: Point
    """What `--for` sets in this search."""
    metric: str
    base: Config
    """The config at the middle of all ranges, which says where the search is recorded."""

    @property
    def rules(self) -> Rules:
        """With the rungs: after a ninth and a third of the epochs, where these are measured."""
        asked, epochs, every = self.asked, self.base.train.epochs, self.base.monitor.every
        searched = any(space.key == "train.epochs" for space in self.spaces)
        parts = () if searched or not asked.prune else (9, 3)
        rungs = dict.fromkeys(math.ceil(epochs / part / every) * every for part in parts)
        return Rules(
            asked.trials,
            asked.width,
            asked.finalists,
            asked.seeds,
            rungs=tuple(r for r in rungs if 1 < r < epochs),
        )

    @property
    def curve(self) -> str:
        """The metric of an epoch that trials are compared by at a rung."""
        return self.metric.replace("best/validation_", "validation/")

    @property
    def key(self) -> str:
        """What makes two searches the same: all that the choice depends on."""
        config = numeric_config(self.base)
        rules = asdict(self.rules)
        parts = [self.asked.sampler, self.metric, self.asked.fresh, self.asked.budget, rules]
        spaces = [asdict(space) for space in self.spaces]
        library = _optuna() if self.asked.sampler == "tpe" else ""
        text = json.dumps([spaces, self.here, config, parts, library, source_sha256()])
        return sweep_key(self.base.tracking.experiment, ["search", text])

    @property
    def name(self) -> str:
        """`search: train.eta, reg.lmbda (size=1k)`."""
        where = f" ({said(self.here)})" if self.here else ""
        return f"search: {', '.join(s.key for s in self.spaces)}{where}"

    def more(self, seed: int, *, test: bool) -> dict[str, str]:
        """What is set for a run beside its point: its seed (counted from the first), a test."""
        values = {**self.here, "seed": str(self.base.seed + seed)}
        values |= {"monitor.test": "end"} if test else UNSEEN
        if self.base.tracking.artifacts == "auto":
            values["tracking.artifacts"] = "light"
        return values


def said(point: Mapping[str, str]) -> str:
    """`train.eta=0.31 reg.lmbda=0.2`."""
    return " ".join(f"{key}={value}" for key, value in point.items())


def fixed_and_spaces(asked: Asked) -> tuple[list[str], dict[str, Space]]:
    """The overrides that hold for all trials, and by key what is searched over.

    Raises:
        UserError: an override that cannot be read, or is of no use in a search.
    """
    check_arguments(asked.overrides, schema_keys(), ())
    check_one_preset(asked.overrides)
    fixed, spaces, typed = list[str](), dict[str, Space](), dict[str, str]()
    for override in asked.overrides:
        key, _, value = override.partition("=")
        # An address is no space, and may hold a secret, which would be said.
        space = None if key in (*TEXTS, NOTIFY) else space_of(override)
        if key == "monitor.test" and value != "never":
            allowed = "allowed: monitor.test=never"
            raise UserError(f"{cut(override)}: a search never looks at test data; {allowed}")
        if key == "sweep.dry_run" and value.lower() == "true":
            raise UserError(f"{override}: allowed without search")
        if space is None:
            fixed.append(override)
        elif key in _FIXED or key.startswith(_ASIDE):
            hint = "; --seeds says how many seeds" if key == "seed" else "; or --for, a search each"
            raise UserError(f"{cut(override)}: cannot be searched over; allowed: one value{hint}")
        else:
            _check_once(list(typed.values()), key, cut(override))
            spaces[key] = space
            typed[key] = override
    for key, override in typed.items():
        _check_once(fixed, key, cut(override))
    return fixed, spaces


def _check_once(overrides: Sequence[str], key: str, said: str) -> None:
    """Refuse one value for what takes several: `size=1k` beside `--for size=1k,50k`.

    The values of `reg` and of `reg.name`, of `size` and of `data.n_train` are the same.
    """
    for override in overrides:
        if short(override.partition("=")[0]) == short(key):
            raise UserError(f"{said}: {cut(override)} is asked for too; allowed: one of them")


def plans(asked: Asked, composer: Composer, typed: Mapping[str, Space]) -> list[Plan]:
    """The searches that are asked for: one, or one for each value of `--for`.

    Raises:
        UserError: they cannot be carried out.
    """
    spaces = {**_of_preset(asked, composer), **typed}
    if not spaces:
        raise UserError(
            f"search: nothing to choose from; allowed: KEY=RANGE, a range being {FORMS}"
        )
    return [_plan(asked, composer, tuple(spaces.values()), here) for here in _each(asked, spaces)]


def _of_preset(asked: Asked, composer: Composer) -> dict[str, Space]:
    """What a preset sweeps over, unless it is said on the command line."""
    given = {short(o.partition("=")[0]) for o in (*asked.overrides, asked.each or "")}
    found = {}
    for key, value in composer.swept().items():
        space = space_of(f"{key}={value}")
        if short(key) in given or space is None:
            continue
        if key in _FIXED or key.startswith(_ASIDE):
            raise UserError(
                f"{key}={value}: the preset sweeps over it, which a search cannot; allowed: one "
                f"value, or --for {key}={value}"
            )
        found[key] = space
    return found


def _each(asked: Asked, spaces: Mapping[str, Space]) -> list[Point]:
    if asked.each is None:
        return [{}]
    check_arguments([asked.each], schema_keys(), ())
    key, _, value = asked.each.partition("=")
    space = space_of(asked.each)
    if short(key) in map(short, spaces) or key in ("seed", "experiment") or key.startswith(_ASIDE):
        raise UserError(f"--for {cut(asked.each)}: allowed: a key that is not searched over")
    _check_once(asked.overrides, key, f"--for {cut(asked.each)}")
    if space is None:
        return [{key: value}]
    if not isinstance(space, Choice):
        raise UserError(f"--for {cut(asked.each)}: allowed: KEY=A,B")
    return [{key: value} for value in space.values]


MOST = 100_000
"""Of trials, finalists and seeds."""


def _check_options(asked: Asked) -> None:
    # The command line has looked at them; from Python they come as they are.
    for name in ("trials", "finalists", "seeds", "fresh", "width"):
        count: int = getattr(asked, name)
        if not isinstance(count, Integral) or isinstance(count, bool) or not 1 <= count <= MOST:
            raise UserError(f"--{name} {count!r}: allowed: a whole number, 1 to {MOST:,}")
    budget: object = asked.budget
    if budget is not None and not (isinstance(budget, int | float) and 0 < budget < math.inf):
        raise UserError(f"--budget {budget!r}: allowed: a number of seconds above 0")
    if asked.sampler not in SAMPLERS:
        raise UserError(f"--sampler {asked.sampler}: allowed: {', '.join(SAMPLERS)}")
    if asked.metric is not None and asked.metric not in METRICS:
        raise UserError(
            f"--metric {asked.metric}: a setting is chosen on validation data; allowed: "
            f"{', '.join(METRICS)}"
        )


def _plan(asked: Asked, composer: Composer, spaces: tuple[Space, ...], here: Point) -> Plan:
    unseen = {**here, **UNSEEN}
    base = checked_middle(composer, spaces, unseen)
    if validation_rows(base, dataset_of(base)) is None or base.data.name == "neuron":
        size = f"size={base.size}" if base.data.name != "neuron" else "data=neuron"
        raise UserError(f"{size}: there are no validation data to choose on")
    check_executor(base.sweep, [base])
    stops = base.stop.name == "early"
    metric = asked.metric or ("best/validation_accuracy" if stops else METRICS[0])
    return Plan(asked, spaces, here, metric, base)


def _optuna() -> str:
    """Its version: another one may ask for other points."""
    try:
        return version("optuna")
    except PackageNotFoundError:
        return ""
