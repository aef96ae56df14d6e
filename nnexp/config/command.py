"""The shortest command that asks for a given config again, and a config changed by overrides."""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from nnexp.config.arguments import GROUPS, given_keys, quoted, quoted_texts
from nnexp.config.compose import (
    choice_file,
    choice_of,
    config_dir,
    flat,
    flatten,
    register,
    resolve,
)
from nnexp.config.extensions import options_of
from nnexp.config.messages import refusals
from nnexp.config.schema import Config

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
    plain = re.sub(r"[_.+/-]", "", value)
    whole = (plain.isascii() and plain.isalnum()) or value.startswith("[")
    return value if whole else quoted(value)


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


_LAUNCHER = "hydra/launcher=basic"
"""Hydra wants one, though nothing is launched; this program's own is told to it by who does."""


def changed(config: Config, overrides: Sequence[str]) -> Config:
    """The config that the overrides make of another.

    A group that is typed (`reg=l1`) begins with its own defaults, not with the keys that the other
    config had in it.

    Raises:
        UserError: as for a command line.
    """
    given = given_keys(overrides)
    groups = [key for key in given if key in GROUPS]
    kept = [
        override
        for override in overrides_of(config)
        if override.partition("=")[0].split(".")[0] not in groups
    ]
    register()
    instance = GlobalHydra.instance().hydra
    GlobalHydra.instance().clear()
    try:
        with refusals(), initialize_config_dir(str(config_dir()), version_base="1.3"):
            composed = compose("config", overrides=[_LAUNCHER, *kept, *quoted_texts(overrides)])
            return resolve(composed, given)
    finally:
        GlobalHydra.instance().hydra = instance
