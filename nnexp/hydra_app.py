"""`python -m nnexp [key=value …]`: Hydra composes, then one run or a sweep is carried out."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from nnexp.commands import COMMANDS
from nnexp.config.arguments import check_arguments, flags_first, given_keys, quoted_texts


def run(arguments: Sequence[str], *, retry_failed: bool = False) -> int:
    """Compose the config that the overrides ask for and train it; the exit code.

    With `retry_failed`, the failed runs of a sweep that was recorded before are trained again.

    Raises:
        UserError: the request cannot be carried out.
    """
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from hydra.errors import HydraException
    from omegaconf import DictConfig
    from omegaconf.errors import OmegaConfBaseException

    from nnexp.config.compose import config_dir, register, resolve, schema_keys
    from nnexp.config.messages import one_line
    from nnexp.errors import UserError
    from nnexp.sweep.launcher import register_launcher
    from nnexp.sweep.single import run_single
    from nnexp.terminal import console as new_console

    check_arguments(arguments, schema_keys(), COMMANDS)
    register()
    register_launcher(retry_failed=retry_failed)
    shows_all = os.environ.get("HYDRA_FULL_ERROR") == "1"
    console = new_console()

    raised: list[BaseException] = []

    def job(composed: DictConfig) -> Any:
        # Hydra would print a line of its own before raising what a job raised.
        try:
            given = given_keys(HydraConfig.get().overrides.task)
            return run_single(resolve(composed, given), console).run_id
        except BaseException as error:
            raised.append(error)
            return None

    main = hydra.main(version_base="1.3", config_path=str(config_dir()), config_name="config")(job)
    before = sys.argv
    sys.argv = ["nnexp", *flags_first(quoted_texts(arguments))]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        main()
    except (HydraException, OmegaConfBaseException) as error:
        if shows_all:
            raise
        raise UserError(one_line(error)) from error
    finally:
        sys.argv = before
        if not shows_all:
            del os.environ["HYDRA_FULL_ERROR"]
    if raised:
        raise raised[0]
    return 0
