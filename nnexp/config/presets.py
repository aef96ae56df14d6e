"""Folders of presets given with `--config-dir`, read with suspicion before Hydra reads them.

A preset may be somebody else's. Hydra would instantiate any `_target_` in it, compose any package
and look up environment variables; so a preset may say what can be said on the command line, keys
and groups of this program, and beyond that only refer from one key to another.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from nnexp.config.arguments import GROUPS, NOTIFY, RETIRED, TAGS, config_dirs, is_choices, printable
from nnexp.config.plain_yaml import MAX_CHARACTERS, leaves, read_plain
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError

MAX_FILES = 1000

_RESERVED = ("hydra", "config.yaml", "nnexp_schema.yaml")
"""What would take the place of Hydra's and this program's own."""

_MODES = ("RUN", "MULTIRUN")

_RESOLVERS = re.compile(r"\$\{\s*(nnexp\.count|nnexp\.lmbda(?:_l1)?|pick)\s*:")
_REFERENCE = re.compile(r"\$\{\s*[A-Za-z_][\w.]*\s*\}")
_CHOICE = re.compile(r"[\w-]+")


def check_config_dir(folder: str, keys: Collection[str]) -> None:
    """Refuse a folder in which a file that Hydra may read says more than a preset may.

    `keys` are the dotted keys of the schema.

    Raises:
        UserError: one line naming the file and what is wrong with it.
    """
    root = Path(folder)
    if "\0" in folder or not folder or not root.is_dir():
        raise UserError(f"--config-dir {printable(folder)}: allowed: a folder of YAML files")
    for name in _RESERVED:
        if os.path.lexists(root / name):
            raise _refused(root / name, f"allowed: folders named {', '.join(GROUPS)}")
    for group in GROUPS:
        # Hydra follows links to folders, and so does this; a link back would never end.
        walk = os.walk(root / group, followlinks=True)
        files = list(islice((Path(at, n) for at, _, names in walk for n in names), MAX_FILES + 1))
        if len(files) > MAX_FILES:
            raise _refused(root / group, f"allowed: at most {MAX_FILES} files")
        for path in sorted(files):
            if path.suffix in (".yaml", ".yml"):
                _check_file(path, group, keys)


def preset_sha256(words: Sequence[str], own: Path) -> str:
    """SHA-256 of the preset that a command line asks for; empty if it asks for none.

    `own` is this program's folder of presets; those given with `--config-dir` come first.
    """
    names = [word.partition("=")[2] for word in words if word.startswith("experiment=")]
    for folder in [*map(Path, config_dirs(words)), own]:
        path = folder / "experiment" / f"{names[-1] if names else ''}.yaml"
        if names and path.is_file():
            return hashlib.sha256(path.read_bytes()).hexdigest()
    return ""


def _check_file(path: Path, group: str, keys: Collection[str]) -> None:
    try:
        if not path.is_file() or path.stat().st_size > 4 * MAX_CHARACTERS:
            raise _refused(path, f"allowed: a file of at most {MAX_CHARACTERS:,} characters")
        text = path.read_text(encoding="utf-8")
        content = read_plain(text)
    except (OSError, ValueError) as error:
        raise _refused(path, str(error)) from error
    whole = _is_global(path, text)
    for key, value in leaves(content):
        for word in (key, value):
            if isinstance(word, str):
                _check_text(path, word)
    _check_defaults(path, content.pop("defaults", []))
    if whole:
        _check_hydra(path, content.pop("hydra", {}), {*keys, *GROUPS})
    for key, why in RETIRED.items():
        part, _, name = key.partition(".")
        if whole and isinstance(content.get(part), Mapping) and name in content[part]:
            raise _refused(path, f"{key}: {why}")
    tracking = content.get("tracking") if whole else None
    if NOTIFY in content or (isinstance(tracking, Mapping) and "notify" in tracking):
        raise _refused(path, f"{NOTIFY}: may be a command; allowed on the command line")
    if group == "experiment" and content.get("rng") == "nielsen2014":
        # The key alone would leave out what the choice sets beside it: seed and dtype.
        raise _refused(path, "rng: nielsen2014: allowed: defaults: - override /rng: nielsen2014")
    _check_keys(path, content, "" if whole else group, keys)


def _check_keys(path: Path, content: Mapping[Any, Any], within: str, keys: Collection[str]) -> None:
    """Refuse what is no key, which Hydra would word by its classes; at the root, also in groups."""
    parts = {key.partition(".")[0] for key in keys if "." in key}
    for key, value in content.items():
        place = f"{within}.{key}" if within else str(key)
        dotted = not within and "." in place
        if place == TAGS[:-1] or (place in keys and not dotted):
            continue
        if within or place not in parts:
            near = suggestion(place, keys)
            if dotted and place in keys:
                name, _, last = place.partition(".")
                near = f"; allowed: {name}: {{{last}: VALUE}}"
            if within == "experiment":
                near = "; a first line # @package _global_ lets it set keys of any group"
            raise _refused(path, f"{place}: unknown key{near}")
        if isinstance(value, Mapping):
            _check_keys(path, value, place, keys)
            continue
        chosen = "CHOICE" if isinstance(value, bool) or value is None else value
        how = f"; a choice stands in defaults: - override /{place}: {chosen}"
        more = f"{how if place in GROUPS else ''}{_quotes_missing(value)}"
        raise _refused(path, f"{place}: {_as_written(value)}: allowed: keys of {place}{more}")


def _quotes_missing(value: Any) -> str:
    """What to do about `dropout: off`, which YAML reads as a truth value."""
    return '; YAML reads off as false: write "off", in quotes' if value is False else ""


def _as_written(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_global(path: Path, text: str) -> bool:
    """Whether its keys start at the root. Hydra looks for that in the lines at the beginning."""
    lines = [line for line in text.splitlines() if line.strip()]
    marked = [k for k, line in enumerate(lines) if re.match(r"\s*#\s*@", line)]
    if marked and (marked != [0] or not re.fullmatch(r"# @package _global_ *", lines[0])):
        raise _refused(path, f"{lines[marked[-1]]}: allowed: a first line # @package _global_")
    return bool(marked)


def _check_text(path: Path, text: str) -> None:
    if text.startswith("_") and text.endswith("_") and text != "_self_":
        raise _refused(path, f"{text}: allowed: keys of this program")
    left = _REFERENCE.sub("", _RESOLVERS.sub("{", text))
    if "${" in left:
        raise _refused(path, f"{text}: allowed: ${{key}}, ${{pick:…}}, no other interpolation")


def _check_defaults(path: Path, entries: Any) -> None:
    if not isinstance(entries, Sequence) or isinstance(entries, str):
        raise _refused(path, "defaults: allowed: a list")
    for entry in entries:
        if entry == "_self_":
            continue
        pairs = list(entry.items()) if isinstance(entry, dict) else []
        if len(pairs) != 1 or not isinstance(pairs[0][0], str):
            raise _refused(path, f"defaults: {entry}: allowed: override /GROUP: CHOICE")
        (key, chosen), *_ = pairs
        named = key.removeprefix("override ").strip().removeprefix("/")
        plain = isinstance(chosen, str) and _CHOICE.fullmatch(chosen)
        if named not in GROUPS or not plain:
            said = f"defaults: {key}: {_as_written(chosen)}: allowed: override /GROUP: CHOICE"
            raise _refused(path, f"{said}{_quotes_missing(chosen)}")


def _check_hydra(path: Path, content: Any, known: Collection[str]) -> None:
    """`hydra.mode` and the values that a preset sweeps over; nothing else."""
    ok = isinstance(content, Mapping) and set(content) <= {"mode", "sweeper"}
    sweeper = content.get("sweeper", {}) if ok else None
    params = sweeper.get("params", {}) if isinstance(sweeper, Mapping) else None
    if not ok or not isinstance(params, Mapping) or set(sweeper or {}) - {"params"}:
        raise _refused(path, "hydra: allowed: hydra.mode and hydra.sweeper.params")
    if (mode := content.get("mode", "RUN")) not in _MODES:
        raise _refused(path, f"hydra.mode: {mode}: allowed: {' or '.join(_MODES)}")
    for key, value in params.items():
        if key not in known or key == NOTIFY:
            raise _refused(path, f"hydra.sweeper.params: {key}: allowed: keys of this program")
        if key in GROUPS and not (isinstance(value, str) and is_choices(value)):
            said = f"hydra.sweeper.params: {key}: {_as_written(value)}: allowed: CHOICE,CHOICE"
            raise _refused(path, f"{said}{_quotes_missing(value)}")


def _refused(path: Path, why: str) -> UserError:
    text = printable(" ".join(why.split()))
    return UserError(f"--config-dir: {printable(str(path))}: {text[:300]}")
