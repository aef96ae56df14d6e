"""The shortest command that asks for a given config again, and the name of its run."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import yaml
from omegaconf import OmegaConf

from nnexp.config.arguments import GROUPS
from nnexp.config.compose import choice_file, choice_of, config_dir, flat, flatten, register
from nnexp.config.own import names as own_names
from nnexp.config.own import options_of
from nnexp.config.schema import Config
from nnexp.config.words import some

_SIDE = ("tracking.", "sweep.")


def overrides_of(config: Config) -> list[str]:
    """The overrides that lead from the defaults to this config; tracking and sweep aside."""
    defaults = _defaults()
    choices = {group: _choice(config, group) for group in defaults}
    baseline = _baseline(tuple(choices.items()), config.data.n_train)
    typed = [f"{group}={choice}" for group, choice in choices.items() if choice != defaults[group]]
    if config.data.name != "neuron" and config.size != Config().size:
        typed.append(f"size={config.size}")
    for key, value in flatten(config).items():
        skip = key in ("size", "data.n_train", "rng") or key.endswith(".name")
        if not skip and not key.startswith(_SIDE) and value != baseline[key]:
            typed.append(f"{key}={_quoted(value)}")
    return typed


def command_of(config: Config) -> str:
    """The exact line that repeats a run, whatever preset or sweep it came from."""
    words = [*overrides_of(config), *options_of(config)]
    return " ".join(["python -m nnexp", *map(shlex.quote, words)])


def run_name(config: Config) -> str:
    """What tells this run from others: `crossentropy l2 λ5 1k seed3`."""
    return f"{setting_name(config)} seed{config.seed}"


def setting_name(config: Config) -> str:
    """What tells this setting from others, whatever the seed: `crossentropy l2 λ5 1k`."""
    return " ".join(_parts(config))


def names_of(configs: Sequence[Config], shared: str | None = None) -> list[str]:
    """Names of runs that lie side by side: `λ0.1 seed3 crossentropy l2 1k`.

    What differs comes first, then what they share, or `shared` in its place.
    """
    parts = [_parts(config) for config in configs]
    common = set(parts[0]).intersection(*parts) if parts else set()
    varied = len({config.seed for config in configs}) > 1
    names = []
    for config, own in zip(configs, parts, strict=True):
        seed = f"seed{config.seed}"
        first = [part for part in own if part not in common] + ([seed] if varied else [])
        rest = [part for part in own if part in common] + ([] if varied else [seed])
        names.append(" ".join([*first, *(rest if shared is None else [shared])]))
    return names


def _parts(config: Config) -> list[str]:
    reg, dropout = config.reg, config.dropout
    parts = [config.cost.name]
    parts += [f"smoothing {config.cost.smoothing:g}"] if config.cost.smoothing else []
    if reg.name in ("l2", "l1", "decoupled", *own_names("reg.name")):
        parts += [reg.name, f"λ{reg.lmbda:g}"]
    elif reg.name == "elastic":
        parts += ["elastic", f"λ{reg.lmbda:g}+{reg.lmbda_l1:g}"]
    elif reg.name == "maxnorm":
        parts.append(f"maxnorm {reg.max_norm:g}")
    if reg.biases and reg.name != "none":
        parts.append("biases too")
    if dropout.hidden or dropout.input:
        parts.append(f"dropout {dropout.hidden:g}/{dropout.input:g}")
        parts += ["batch mask"] if dropout.mask == "batch" else []
        parts += ["scaled at test"] if dropout.scale == "test" else []
    parts.append(config.size if config.data.name != "neuron" else "neuron")
    if config.data.name not in ("mnist", "neuron"):
        parts.append(config.data.name)
    if config.data.subset != "first":
        parts.append(f"{config.data.subset} subset")
    default = Config()
    if config.data.n_validation != default.data.n_validation and config.data.name != "neuron":
        parts.append(f"validation {config.data.n_validation}")
    if config.model != default.model and config.data.name != "neuron":
        parts.append("-".join(map(str, config.model.hidden)) or "linear")
        if config.model.activation != default.model.activation:
            parts.append(config.model.activation)
    if config.init.name != default.init.name:
        parts.append(config.init.name)
    if config.init.name == "fixed":
        parts.append(f"w{config.init.weight:g} b{config.init.bias:g}")
    if config.expand.name != "none":
        parts.append(f"expand {config.expand.name}")
        parts += ["fixed"] if config.expand.fixed else []
        for key in ("angle", "alpha", "sigma"):
            value = getattr(config.expand, key)
            if value != getattr(default.expand, key):
                parts.append(f"{key} {value:g}")
    if config.train.eta != default.train.eta:
        parts.append(f"η{config.train.eta:g}")
    if config.train.momentum:
        parts.append(f"μ{config.train.momentum:g}")
        parts += ["nesterov"] if config.train.nesterov else []
    if config.train.average:
        parts.append(f"average {config.train.average:g}")
    if config.train.batch_size != default.train.batch_size and config.data.name != "neuron":
        parts.append(f"batch {config.train.batch_size}")
    if config.train.epochs != default.train.epochs and config.data.name != "neuron":
        parts.append(some(config.train.epochs, "epoch"))
    if config.train.dtype != ("float64" if config.rng == "nielsen2014" else default.train.dtype):
        parts.append(config.train.dtype)
    if config.train.engine != default.train.engine:
        parts.append(f"{config.train.engine} engine")
    if config.schedule.name != default.schedule.name:
        parts.append(f"schedule {config.schedule.name}")
        for key in ("factor", "every", "half", "patience", "least"):
            value = getattr(config.schedule, key)
            if value != getattr(default.schedule, key):
                parts.append(f"{key} {value:g}")
    if config.stop.name != "none":
        parts.append(f"stop {config.stop.name}")
        if config.stop.patience != default.stop.patience:
            parts.append(f"patience {config.stop.patience}")
    if config.rng != default.rng:
        parts.append(config.rng)
    return parts


@lru_cache(maxsize=1)
def _defaults() -> dict[str, str]:
    """What `conf/config.yaml` chooses from each group."""
    listed = yaml.safe_load((config_dir() / "config.yaml").read_text(encoding="utf-8"))["defaults"]
    chosen = {k: v for entry in listed if isinstance(entry, dict) for k, v in entry.items()}
    return {group: chosen[group] for group in GROUPS if chosen[group] is not None}


def _choice(config: Config, group: str) -> str:
    if group == "dropout":
        manner = (config.dropout.hidden, config.dropout.mask, config.dropout.scale)
        return {(0.5, "example", "train"): "half", (0.5, "batch", "test"): "chapter"}.get(
            manner, "off"
        )
    value: Any = getattr(config, group)
    return str(value if group == "rng" else value.name)


def _quoted(value: str) -> str:
    """A value that Hydra's grammar reads back as the same text."""
    plain = value.replace("_", "").replace(".", "").replace("-", "").replace("+", "")
    if plain.isalnum() or value.startswith("["):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@lru_cache(maxsize=256)
def _baseline(choices: tuple[tuple[str, str], ...], n_train: int) -> dict[str, str]:
    """The flattened config that group choices alone give at a training size."""
    register()
    merged = OmegaConf.create(dataclasses.asdict(Config()))
    OmegaConf.set_struct(merged, False)
    for group, choice in choices:
        node, file = choice_of(group, choice), choice_file(group, choice)
        whole = file.exists() and file.read_text(encoding="utf-8").startswith("# @package _global_")
        merged = OmegaConf.merge(merged, node if whole else {group: node})  # type: ignore[assignment]
    merged = OmegaConf.merge(merged, {"data": {"n_train": n_train}})  # type: ignore[assignment]
    plain = OmegaConf.to_container(merged, resolve=True)
    assert isinstance(plain, dict)
    return dict(flat(plain, ""))  # type: ignore[arg-type]
