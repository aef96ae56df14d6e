"""Configs of trials: what holds for all of them, and for each the values that were chosen."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from nnexp.config.arguments import GROUPS, given_keys, quoted_texts
from nnexp.config.check import NEEDS, check
from nnexp.config.compose import config_dir, register, resolve
from nnexp.config.messages import kind_of, refusals, set_value
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.runner.launcher import Request, register_launcher
from nnexp.study.search_space import Point


@contextmanager
def composer(fixed: Sequence[str]) -> Iterator[Composer]:
    """Compose configs while the context lasts; Hydra is the caller's again afterwards."""
    register()
    register_launcher(Request())
    with initialize_config_dir(version_base="1.3", config_dir=str(config_dir())):
        yield Composer(fixed)


class Composer:
    """Composes each choice of groups once, and applies plain values to a copy."""

    def __init__(self, fixed: Sequence[str]) -> None:
        self._fixed = quoted_texts(fixed)
        self._begun: dict[tuple[str, ...], DictConfig] = {}
        """What is fixed, by the groups that are chosen."""
        self._made: dict[tuple[str, ...], Config] = {}
        self._parser = OverridesParser.create()

    def swept(self) -> dict[str, str]:
        """What the preset among the overrides sweeps over, by key; the seed aside."""
        presets = [o for o in self._fixed if o.startswith("experiment=")]
        if not presets:
            return {}
        with refusals():
            composed = compose("config", presets, return_hydra_config=True)
            params = OmegaConf.select(composed, "hydra.sweeper.params") or {}
        return {str(key): str(value) for key, value in params.items() if key != "seed"}

    def config(self, point: Point, more: Mapping[str, str], *, strict: bool = True) -> Config:
        """The config of a point, with `more` values beside.

        With `strict`, a searched key that has no effect is refused, as one that was typed. Without,
        it keeps its default: points that differ in nothing else are one run.

        Raises:
            UserError: such a config is not allowed.
        """
        return self._composed(point if strict else self.heeded(point, more), more, strict=strict)

    def heeded(self, point: Point, more: Mapping[str, str]) -> Point:
        """What of a point has an effect: with `reg=none` a λ has none.

        Raises:
            UserError: such a config is not allowed.
        """
        if not NEEDS.keys() & point.keys():
            return point
        config = self._composed(point, more, strict=False)
        return {k: v for k, v in point.items() if k not in NEEDS or NEEDS[k](config) is None}

    def _composed(self, point: Point, more: Mapping[str, str], *, strict: bool) -> Config:
        """As without `more`'s seed, on which nothing else in a config depends."""
        others = {key: value for key, value in more.items() if key != "seed"}
        config = self._without_seed(point, others, strict=strict)
        if "seed" not in more:
            return config
        with_seed = replace(config, seed=int(more["seed"]))
        check(with_seed)
        return with_seed

    def _without_seed(self, point: Point, more: Mapping[str, str], *, strict: bool) -> Config:
        chosen = quoted_texts(f"{key}={value}" for key, value in {**point, **more}.items())
        asked = (*self._fixed, *chosen)
        if not strict and asked in self._made:
            return self._made[asked]
        groups = tuple(o for o in asked if o.partition("=")[0] in GROUPS)
        given = given_keys(asked if strict else self._fixed)
        with refusals():
            if groups not in self._begun:
                begun = compose("config", list(groups))
                self._set(begun, [o for o in self._fixed if o not in groups])
                self._begun[groups] = begun
            config = copy.deepcopy(self._begun[groups])
            self._set(config, [o for o in chosen if o not in groups])
            self._made[asked] = resolve(config, given)
        return self._made[asked]

    def _set(self, config: DictConfig, overrides: Sequence[str]) -> None:
        for override in self._parser.parse_overrides(list(overrides)):
            _update(config, override)


def _update(config: DictConfig, override: Override) -> None:
    key, typed = override.key_or_group, override.input_line
    if override.is_sweep_override():
        raise UserError(f"{typed}: several values; allowed: one")
    kind = kind_of(key) or ""
    if kind.startswith("a list") and not isinstance(override.value(), list):
        raise UserError(f"{typed}: allowed: {kind}")
    set_value(config, override)
