"""A recorded config with some keys changed, composed as a command line is."""

from __future__ import annotations

from collections.abc import Sequence

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from nnexp.config.arguments import GROUPS, given_keys, quoted_texts
from nnexp.config.command import overrides_of
from nnexp.config.compose import config_dir, register, resolve
from nnexp.config.messages import one_line
from nnexp.config.schema import Config
from nnexp.errors import UserError

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
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            composed = compose("config", overrides=[_LAUNCHER, *kept, *quoted_texts(overrides)])
            return resolve(composed, given)
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(error)) from error
    finally:
        GlobalHydra.instance().hydra = instance
