"""Names of runs and settings, as MLflow, screens and reports show them: what is not as usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnexp.config.extensions import names as own_names
from nnexp.config.plurals import some
from nnexp.config.schema import Config

DEFAULT = Config()


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
    varied = len({config.seed for config in configs}) > 1
    names = []
    for config, (own, common) in zip(configs, _apart(configs), strict=True):
        seed = [f"seed{config.seed}"]
        first, rest = (own + seed, common) if varied else (own, common + seed)
        names.append(" ".join([*first, *(rest if shared is None else [shared])]))
    return names


def setting_names_of(configs: Sequence[Config]) -> list[str]:
    """Names of settings that lie side by side: `λ0.1 crossentropy l2 1k`, what differs first."""
    return [" ".join([*own, *common]) for own, common in _apart(configs)]


def _apart(configs: Sequence[Config]) -> list[tuple[list[str], list[str]]]:
    """Of each the parts of its name that some others have not, and those that all have."""
    parts = [_parts(config) for config in configs]
    common = set(parts[0]).intersection(*parts) if parts else set()
    return [
        ([part for part in own if part not in common], [part for part in own if part in common])
        for own in parts
    ]


def _parts(config: Config) -> list[str]:
    """What a setting is, in the order of a name; what is as usual is left out."""
    return [*_method(config), *_data(config), *_start(config), *_descent(config), *_ending(config)]


def _method(config: Config) -> list[str]:
    reg, dropout = config.reg, config.dropout
    parts = [config.cost.name]
    parts += [f"smoothing {config.cost.smoothing:g}"] if config.cost.smoothing else []
    if reg.name in ("l2", "l1", "decoupled", *own_names("reg.name")):
        parts += [reg.name, f"λ{reg.lmbda:g}"]
    elif reg.name == "elastic":
        parts += ["elastic", f"λ{reg.lmbda:g}+{reg.lmbda_l1:g}"]
    elif reg.name == "maxnorm":
        parts.append(f"maxnorm {reg.max_norm:g}")
    parts += ["biases too"] if reg.biases and reg.name != "none" else []
    if dropout.hidden or dropout.input:
        parts.append(f"dropout {dropout.hidden:g}/{dropout.input:g}")
        parts += ["batch mask"] if dropout.mask == "batch" else []
        parts += ["scaled at test"] if dropout.scale == "test" else []
    return parts


def _data(config: Config) -> list[str]:
    data = config.data
    if data.name == "neuron":
        return ["neuron"]
    parts = [config.size]
    parts += [data.name] if data.name != "mnist" else []
    parts += [f"{data.subset} subset"] if data.subset != "first" else []
    if data.n_validation != DEFAULT.data.n_validation:
        parts.append(f"validation {data.n_validation}")
    return parts


def _start(config: Config) -> list[str]:
    """Network, first weights, and how the training data are varied."""
    parts = []
    if config.model != DEFAULT.model and config.data.name != "neuron":
        if config.model.hidden != DEFAULT.model.hidden:
            parts.append("-".join(map(str, config.model.hidden)) or "linear")
        if config.model.activation != DEFAULT.model.activation:
            parts.append(config.model.activation)
    if config.init.name != DEFAULT.init.name:
        parts.append(config.init.name)
    if config.init.name == "fixed":
        parts.append(f"w{config.init.weight:g} b{config.init.bias:g}")
    if config.expand.name != "none":
        parts.append(f"expand {config.expand.name}")
        parts += ["fixed"] if config.expand.fixed else []
        parts += _changed(config.expand, DEFAULT.expand, ("angle", "alpha", "sigma"))
    return parts


def _descent(config: Config) -> list[str]:
    train, usual = config.train, DEFAULT.train
    parts = [f"η{train.eta:g}"] if train.eta != usual.eta else []
    if train.momentum:
        parts.append(f"μ{train.momentum:g}")
        parts += ["nesterov"] if train.nesterov else []
    parts += [f"average {train.average:g}"] if train.average else []
    if config.data.name != "neuron":
        parts += [f"batch {train.batch_size}"] if train.batch_size != usual.batch_size else []
    parts += [some(train.epochs, "epoch")] if train.epochs != usual.epochs else []
    if train.dtype != ("float64" if config.rng == "nielsen2014" else usual.dtype):
        parts.append(train.dtype)
    parts += [f"{train.engine} engine"] if train.engine != usual.engine else []
    return parts


def _ending(config: Config) -> list[str]:
    """How η changes, when training stops, and whose generators are used."""
    parts = []
    if config.schedule.name != DEFAULT.schedule.name:
        parts.append(f"schedule {config.schedule.name}")
        keys = ("factor", "every", "half", "patience", "least")
        parts += _changed(config.schedule, DEFAULT.schedule, keys)
    if config.stop.name != "none":
        parts.append(f"stop {config.stop.name}")
        parts += _changed(config.stop, DEFAULT.stop, ("patience",))
    parts += [config.rng] if config.rng != DEFAULT.rng else []
    return parts


def _changed(part: Any, usual: Any, keys: Sequence[str]) -> list[str]:
    """The numbers of a group that are not as usual: `sigma 4`."""
    return [
        f"{key} {getattr(part, key):g}" for key in keys if getattr(part, key) != getattr(usual, key)
    ]
