"""Names of runs and settings, as MLflow, screens and reports show them: what is not as usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nnexp.config.extensions import names as own_names
from nnexp.config.plurals import some
from nnexp.config.schema import Config
from nnexp.config.values import value_of

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
    parts = [config.cost.name, *_changed(config, {"cost.smoothing": "smoothing {:g}"})]
    if reg.name in ("l2", "l1", "decoupled", *own_names("reg.name")):
        parts += [reg.name, f"λ{reg.lmbda:g}"]
    elif reg.name == "elastic":
        parts += ["elastic", f"λ{reg.lmbda:g}+{reg.lmbda_l1:g}"]
    elif reg.name == "maxnorm":
        parts.append(f"maxnorm {reg.max_norm:g}")
    parts += ["biases too"] if reg.biases and reg.name != "none" else []
    if dropout.hidden or dropout.input:
        parts.append(f"dropout {dropout.hidden:g}/{dropout.input:g}")
        parts += _changed(config, {"dropout.mask": "{} mask", "dropout.scale": "scaled at {}"})
    return parts


def _data(config: Config) -> list[str]:
    if config.data.name == "neuron":
        return ["neuron"]
    texts = {
        "data.name": "{}",
        "data.subset": "{} subset",
        "data.n_validation": "validation {}",
    }
    return [config.size, *_changed(config, texts)]


def _start(config: Config) -> list[str]:
    """Network, first weights, and how the training data are varied."""
    parts = []
    if config.data.name != "neuron":
        if config.model.hidden != DEFAULT.model.hidden:
            parts.append("-".join(map(str, config.model.hidden)) or "linear")
        parts += _changed(config, {"model.activation": "{}"})
    parts += _changed(config, {"init.name": "{}"})
    if config.init.name == "fixed":
        parts.append(f"w{config.init.weight:g} b{config.init.bias:g}")
    if config.expand.name != "none":
        numbers = {f"expand.{key}": f"{key} {{:g}}" for key in ("angle", "alpha", "sigma")}
        parts += _changed(config, {"expand.name": "expand {}", "expand.fixed": "fixed", **numbers})
    return parts


def _descent(config: Config) -> list[str]:
    train, usual = config.train, DEFAULT.train
    parts = _changed(config, {"train.eta": "η{:g}", "train.momentum": "μ{:g}"})
    parts += ["nesterov"] if train.momentum and train.nesterov else []
    parts += _changed(config, {"train.average": "average {:g}"})
    if config.data.name != "neuron":
        parts += _changed(config, {"train.batch_size": "batch {}"})
    parts += [some(train.epochs, "epoch")] if train.epochs != usual.epochs else []
    if train.dtype != ("float64" if config.rng == "nielsen2014" else usual.dtype):
        parts.append(train.dtype)
    return parts + _changed(config, {"train.engine": "{} engine"})


def _ending(config: Config) -> list[str]:
    """How η changes, when training stops, and whose generators are used."""
    parts = []
    if config.schedule.name != DEFAULT.schedule.name:
        keys = ("factor", "every", "half", "patience", "least")
        numbers = {f"schedule.{key}": f"{key} {{:g}}" for key in keys}
        parts += _changed(config, {"schedule.name": "schedule {}", **numbers})
    if config.stop.name != "none":
        parts += _changed(config, {"stop.name": "stop {}", "stop.patience": "patience {:g}"})
    return parts + _changed(config, {"rng": "{}"})


def _changed(config: Config, texts: Mapping[str, str]) -> list[str]:
    """What is said of keys that are not as usual: `sigma 4`."""
    return [
        text.format(value)
        for key, text in texts.items()
        if (value := value_of(config, key)) != value_of(DEFAULT, key)
    ]
