"""Hydra: the schema in its ConfigStore, the resolvers, and composed configs as `Config`."""

from __future__ import annotations

import atexit
import dataclasses
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nnexp.config import extensions
from nnexp.config.arguments import NOTIFY, RETIRED, printable
from nnexp.config.check import check
from nnexp.config.messages import one_line, refusals
from nnexp.config.plain_yaml import read_plain, write_plain
from nnexp.config.schema import COSTS, DATASETS, INITIALIZERS, REGULARIZERS, Config
from nnexp.config.values import shown
from nnexp.errors import UserError
from nnexp.redact import redact

CHOICES = {"cost": COSTS, "reg": REGULARIZERS, "data": DATASETS, "init": INITIALIZERS}
"""The groups whose choices need no file in `conf/`: without one, a choice sets its name."""

LABELS = ("name", "note", "tags")
"""Keys of `tracking.` that say what a run is called, and nothing of how it was made."""


def config_dir() -> Path:
    """The folder of the YAML files: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def register() -> None:
    """Tell Hydra the schema and OmegaConf the resolvers. Harmless when repeated."""
    node = deepcopy(_schema())
    store = ConfigStore.instance()
    store.store(name="nnexp_schema", node=node, provider="nnexp")
    for group in CHOICES:
        # Those of a file that was loaded before are gone.
        store.repo.pop(group, None)
        for name in names_of(group):
            if not choice_file(group, name).exists():
                store.store(group=group, name=name, node=choice_of(group, name), provider="nnexp")
    resolvers: dict[str, Callable[..., Any]] = {
        "count": count,
        "lmbda": default_lmbda,
        "lmbda_l1": default_lmbda_l1,
        "scratch": scratch,
    }
    for name, resolver in resolvers.items():
        OmegaConf.register_new_resolver(f"nnexp.{name}", resolver, replace=True)
    OmegaConf.register_new_resolver("pick", pick, replace=True)


def names_of(group: str) -> list[str]:
    """The choices of a group that are known by name, with a file or without; a user's own last."""
    return [*CHOICES.get(group, ()), *extensions.names(f"{group}.name")]


def choice_file(group: str, name: str) -> Path:
    """The file of a choice in `conf/`, which need not be there."""
    return config_dir() / group / f"{name}.yaml"


def choice_of(group: str, name: str) -> DictConfig:
    """What a choice of a group sets: its file in `conf/`, or, without one, its name."""
    if (file := choice_file(group, name)).exists():
        node = OmegaConf.load(file)
        assert isinstance(node, DictConfig)
        return node
    more = {
        "reg": {"lmbda": "${nnexp.lmbda:${data.n_train}}"},
        "data": {"n_train": "${nnexp.count:${size}}"},
    }
    return OmegaConf.create({"name": name, **more.get(group, {})})


def scratch() -> str:
    """A folder for what Hydra insists on writing; it vanishes with the process."""
    return _scratch().name


@lru_cache(maxsize=1)
def _scratch() -> TemporaryDirectory[str]:
    made = TemporaryDirectory(prefix="nnexp-")
    # Left to itself it goes too, but with a warning, which `python -W error` makes a traceback.
    atexit.register(made.cleanup)
    return made


def count(size: str | int) -> int:
    """`1k` → 1000: the number of training images that `size=` stands for."""
    text = str(size).strip().lower()
    number = text[:-1] if text.endswith("k") else text
    try:
        value = float(number) * (1000 if text.endswith("k") else 1)
    except ValueError:
        value = -1.0
    if not (value >= 1 and value.is_integer() and number[:1].isdigit()):
        raise UserError(f"size={size}: allowed: a number of images such as 100, 2500, 1k or 50k")
    return int(value)


def default_lmbda(n_train: int, reg: str = "l2") -> float:
    """λ with the chapter's weight decay at any size: λ/n = 1/10,000; 0 where `reg` has none."""
    return 0.0 if reg in ("none", "maxnorm") else n_train / 10_000


def default_lmbda_l1(n_train: int, reg: str) -> float:
    """λ of elastic's L1 part, as `default_lmbda`; 0 with any other regularizer."""
    return n_train / 10_000 if reg == "elastic" else 0.0


def pick(value: Any, table: DictConfig) -> Any:
    """The entry of a table for a value: how a preset lets one key go with another.

    `${pick:${size},{1k: 400, 50k: 30}}`. Keys are compared as text, lists as their items with
    hyphens between (`${pick:[${size},${model.hidden}],{1k-800-800: 0.1}}`); `default` catches the
    rest.
    """
    entries = {str(key): entry for key, entry in table.items()}
    if _hyphened(value) in entries:
        return entries[_hyphened(value)]
    if "default" in entries:
        return entries["default"]
    raise UserError(f"pick: no entry for {value}; allowed: {', '.join(entries)}")


def _hyphened(value: Any) -> str:
    listed = isinstance(value, Sequence) and not isinstance(value, str)
    return "-".join(map(_hyphened, value)) if listed else str(value)


def resolve(composed: DictConfig, given: Collection[str] = ()) -> Config:
    """A composed config as a checked `Config`.

    `given` are the keys that were typed. Where `data.n_train` is among them, `size` says the same.
    Where a preset sets it, a `size` that was typed and says something else is refused.

    Raises:
        UserError: a value has the wrong type or breaks a rule.
    """
    with refusals():
        config = OmegaConf.to_object(composed)
    assert isinstance(config, Config)
    if config.data.root is not None:
        # The record must lead to the files from any folder.
        root = os.path.abspath(os.path.expanduser(config.data.root))
        config = dataclasses.replace(config, data=dataclasses.replace(config.data, root=root))
    if count(config.size) != config.data.n_train:
        config = _with_size(config, given)
    check(config, given)
    return config


def _with_size(config: Config, given: Collection[str]) -> Config:
    """With the `size` that `data.n_train` says."""
    n = config.data.n_train
    if "size" in given and "data.n_train" not in given:
        if config.data.name == "neuron":
            return config  # `check` says that size has no effect there.
        raise UserError(
            f"size={config.size}: data.n_train={n} is set by the preset; "
            f"allowed: data.n_train={count(config.size)}"
        )
    return dataclasses.replace(config, size=str(n))


def flatten(config: Config) -> dict[str, str]:
    """Every key with its value as text: the parameters of the recorded run. No secrets, no labels.

    Labels (`LABELS`) can be changed as long as a run is recorded; parameters are part of its seal.
    """
    return dict(flat(_values(config), ""))


def schema_keys() -> list[str]:
    """All dotted keys that can be set, `tracking.tags.KEY` aside."""
    return [*flatten(Config()), "tracking.name", "tracking.note", NOTIFY]


def to_yaml(config: Config) -> str:
    """The resolved config as YAML, addresses without passwords."""
    return write_plain(_values(config))


def _values(config: Config) -> dict[str, Any]:
    values = dataclasses.asdict(config)
    for key in (*LABELS, "notify"):
        del values["tracking"][key]
    for group, key in (("tracking", "uri"), ("sweep", "address")):
        if values[group][key] is not None:
            values[group][key] = redact(values[group][key])
    return values


def from_yaml(text: str) -> Config:
    """The inverse of `to_yaml`, of earlier versions too.

    Keys that a later version added take their defaults, those it gave up are passed over.

    Raises:
        UserError: it is not a config of this program.
    """
    try:
        values = _without_retired(read_plain(text))
        if "${" in text:
            raise ValueError("allowed: plain values, no interpolations")
        merged = OmegaConf.merge(_schema(), OmegaConf.create(values))
        config = OmegaConf.to_object(merged)
    except (OmegaConfBaseException, ValueError) as error:
        raise UserError(f"recorded config: {printable(one_line(error))}") from error
    assert isinstance(config, Config)
    return config


def _without_retired(values: dict[str, Any]) -> dict[str, Any]:
    for key in (*RETIRED, NOTIFY):
        group, _, name = key.partition(".")
        if isinstance(part := values.get(group), dict):
            part.pop(name, None)
    return values


def from_params(params: Mapping[str, str]) -> Config:
    """The inverse of `flatten`; keys that are not there take their defaults.

    Raises:
        UserError: it is not a config of this program.
    """
    schema = deepcopy(_schema())
    try:
        for key, default in _leaves(dataclasses.asdict(Config()), ""):
            if key == NOTIFY:
                continue
            text = params.get(key, shown(default))
            is_text = default is None or isinstance(default, str)
            value = text if is_text else yaml.safe_load(text)
            OmegaConf.update(schema, key, None if default is None and text == "null" else value)
        config = OmegaConf.to_object(schema)
    except (OmegaConfBaseException, yaml.YAMLError) as error:
        raise UserError(f"recorded parameters: {one_line(error)}") from error
    assert isinstance(config, Config)
    return config


def flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    """Dotted keys and values as text of a nested mapping."""
    for key, value in _leaves(values, prefix):
        yield key, shown(value)


def _leaves(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


@lru_cache(maxsize=1)
def _schema() -> DictConfig:
    """The config with its types, as OmegaConf has it: to be merged into, not to be changed."""
    schema: DictConfig = OmegaConf.structured(Config)
    _make_writable(schema)
    return schema


def _make_writable(node: Any) -> None:
    # Frozen dataclasses become read-only nodes, which composition could not fill.
    OmegaConf.set_readonly(node, None)
    if isinstance(node, DictConfig):
        for key in node:
            child = node._get_node(key)
            if isinstance(child, DictConfig):
                _make_writable(child)
