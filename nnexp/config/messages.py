"""Hydra's and OmegaConf's errors in one line that names key, value and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import get_type_hints

from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nnexp.config.arguments import cut
from nnexp.config.schema import Config
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError

RANGE = re.compile(r"(log|uniform)\(")
"""How ranges begin that only a search takes."""

_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "text",
    list[int]: "a list such as [30] or [100,30]; [] for none",
    list[str]: "a list of names such as [NAME]; [] for none",
}


@contextmanager
def refusals() -> Iterator[None]:
    """Let Hydra's and OmegaConf's errors be refusals in one line.

    Raises:
        UserError: in place of one of them.
    """
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise UserError(one_line(error)) from error


def one_line(error: BaseException) -> str:
    """The innermost cause of a failed composition, as the user can mend it."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    for link in reversed(chain):
        if isinstance(link, UserError):
            return str(link)
    for link in chain:
        if text := _known(link):
            return text
    return " ".join(str(chain[0]).split())


@lru_cache(maxsize=256)
def kind_of(key: str) -> str | None:
    """What a key's type allows, in words; None for a key that is not in the schema."""
    kind: object = Config
    for part in key.split("."):
        hints = get_type_hints(kind) if isinstance(kind, type) else {}
        if part not in hints:
            return None
        kind = hints[part]
    return _KINDS.get(kind, "text, or null") if not _is_group(kind) else "a choice"  # type: ignore[call-overload]


def set_value(config: DictConfig, override: Override) -> None:
    """Put what an override says at its key, unless it has the wrong type.

    Raises:
        UserError: one line that names the key and the value as typed.
    """
    key = override.key_or_group
    try:
        OmegaConf.update(
            config, key, override.value(), merge=True, force_add=override.is_force_add()
        )
    except OmegaConfBaseException as error:
        typed = override.input_line or key
        raise UserError(f"{cut(typed)}: allowed: {kind_of(key) or 'another type'}") from error


def _with_point(argument: str) -> str:
    """What is meant by a number with a decimal comma."""
    key, _, value = argument.partition("=")
    if kind_of(key) == "a number" and re.fullmatch(r"0,[0-9]+", value):
        return f"; did you mean {key}={value.replace(',', '.')}?"
    return ""


def _is_group(kind: object) -> bool:
    return isinstance(kind, type) and kind.__module__ == Config.__module__


def _known(error: BaseException) -> str | None:
    text = str(error)
    if isinstance(error, OverrideParseException):
        key, _, value = error.override.partition("=")
        searched = "; python -m nnexp search takes ranges" if RANGE.match(value) else ""
        allowed = kind_of(key) or "key=value"
        return f"{key}={cut(value)}: cannot be read; allowed: {allowed}{searched}"
    missing = re.search(r"Could not find '([^']+)'", text)
    if missing:
        group, _, choice = missing.group(1).rpartition("/")
        options = re.search(r"Available options in '[^']*':((?:\n\t\S+)*)", text)
        names = options.group(1).split() if options else []
        # Of `off,0.5` it is the second that is wrong.
        choice = next((one for one in choice.split(",") if one.strip() not in names), choice)
        near = suggestion(choice, names)
        rate = re.fullmatch(r"0?\.\d+", choice) is not None and group == "dropout"
        near += f"; a rate of its own is dropout.hidden={choice}" if rate else ""
        return f"{group}={choice}: allowed: {', '.join(names) or 'nothing'}{near}"
    for told in ("Ambiguous value for argument", "Sweep parameters"):
        if several := re.search(f"{told} '([^']*)'", text):
            return (
                f"{several[1]}: several values; allowed: one (python -m nnexp -m takes several)"
                f"{_with_point(several[1])}"
            )
    merged = re.search(r"Error merging override (.*)", text)
    if merged:
        key, _, value = merged.group(1).partition("=")
        kind = kind_of(key)
        return f"{key}={value}: allowed: {kind}" if kind else None
    key_line = re.search(r"full_key: (\S+)", text)
    value_text = re.search(r"[Vv]alue '(.*?)'", text, re.DOTALL)
    if key_line and value_text:
        key = key_line.group(1)
        return f"{key}={value_text.group(1)}: allowed: {kind_of(key) or 'another type'}"
    if key_line and (kind := kind_of(key_line.group(1))):
        return f"{key_line.group(1)}: allowed: {kind}"
    return None
