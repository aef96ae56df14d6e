"""Arguments of the command line that are refused before Hydra sees them, each in one line.

Only flags and `hydra.` keys on a list are let through. Others lead out of this program's promises:
`--experimental-rerun` unpickles a file, `hydra.run.dir` writes anywhere, `${oc.env:…}` copies
secrets into the record; `+key` and `~key` change the schema and would be silently ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nnexp.config.arguments import (
    CHOICES,
    CONTROL,
    FLAGS,
    GROUPS,
    OTHER_TYPE,
    PROSE,
    RETIRED,
    TAGS,
    TEXTS,
    printable,
    split_flags,
)
from nnexp.config.suggest import suggestion
from nnexp.errors import UserError

HYDRA_KEYS = ("hydra/launcher", "hydra.mode", "hydra.verbose")

_BETWEEN = re.compile(r"[\s,;]+(?=[A-Za-z_][\w./]*=)")
"""What may stand between settings that are typed as one word."""

_KEY = re.compile(r"[A-Za-z_][\w./@-]*")
TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,199}")
"""Names of a user's own tags."""

_LOGGERS = re.compile(r"true|false|[A-Za-z_][\w.]*|\[ *[A-Za-z_][\w.]*( *, *[A-Za-z_][\w.]*)* *\]")
"""What Hydra prints more of: everything, or what these loggers say."""

MAX_LENGTH = 10_000
"""Characters of an argument: far more than any key needs."""


def check_arguments(arguments: Sequence[str], keys: Iterable[str], commands: Iterable[str]) -> None:
    """Refuse flags and overrides that are not let through.

    `keys` are the dotted keys of the schema, `commands` the words of the program: both for
    suggestions.

    Raises:
        UserError: one line naming the argument and what is allowed.
    """
    known = sorted({*keys, *GROUPS, *HYDRA_KEYS})
    for flag, value in split_flags(arguments):
        if not flag:
            if value:
                _check_override(value, known, commands)
        elif flag not in FLAGS:
            allowed = ", ".join([*(f for f in FLAGS if f.startswith("--")), *TAKEN_BEFORE])
            raise UserError(
                f"{printable(flag)}: unknown option; allowed: {allowed}"
                f"{_option_or_key(flag, known)}"
            )
        elif FLAGS[flag] and not value:
            values = ", ".join(CHOICES.get(flag, ("VALUE",)))
            raise UserError(f"{flag}: has no value; allowed: {flag} {values}")
        elif value and not FLAGS[flag]:
            raise UserError(f"{printable(f'{flag}={value}')}: allowed: {flag}, without a value")
        elif value not in CHOICES.get(flag, (value,)):
            raise UserError(f"{flag} {printable(value)}: allowed: {', '.join(CHOICES[flag])}")


def check_one_preset(arguments: Iterable[str]) -> None:
    """Refuse two presets: the first would be passed over in silence.

    Of other keys and choices the last counts, as in Hydra, so that a script may add to a line.

    Raises:
        UserError: one line that names both.
    """
    presets = dict.fromkeys(a for a in arguments if a.partition("=")[0] == "experiment")
    if len(presets) > 1:
        first, second = map(printable, list(presets)[:2])
        raise UserError(f"{first}: given again, as {second}; allowed: one of them")


TAKEN_BEFORE = ("-q", "--quiet", "-v", "--verbose", "--log", "--load", "--completion")
"""Options that stand on no command line that is looked at here."""


def _option_or_key(flag: str, known: Sequence[str]) -> str:
    """What is meant by an option that there is not, such as `--seed`."""
    key = flag.lstrip("-")
    if key in known:
        return f"; did you mean {key}=VALUE?"
    meant = suggestion(key, known).replace("?", "=VALUE?")
    if any(name.rpartition(".")[2] == key for name in known):
        return meant
    return suggestion(flag, [*FLAGS, *TAKEN_BEFORE]) or meant


def _check_override(argument: str, known: Sequence[str], commands: Iterable[str]) -> None:
    if len(argument) > MAX_LENGTH:
        raise UserError(f"{printable(argument[:60])}…: allowed: at most {MAX_LENGTH:,} characters")
    if CONTROL.search(argument):
        raise UserError(f"{printable(argument)}: control characters are not allowed")
    key, equals, value = argument.partition("=")
    if key.startswith(("+", "~")):
        raise UserError(
            f"{printable(argument)}: keys cannot be added or removed; allowed: key=value"
        )
    if (bare := key.strip()) in known and (key != bare or not equals):
        raise UserError(f"{printable(argument)}: allowed: {bare}=VALUE, without spaces around =")
    if not equals:
        if argument in commands:
            raise UserError(f"{argument}: allowed: a command first: python -m nnexp {argument} ...")
        near = _setting_with(argument) or suggestion(argument, [*commands, *known])
        if argument.endswith((".yaml", ".yml")):
            near = ", or a file as a preset: --config-dir DIR experiment=NAME"
        raise UserError(f"{printable(argument)}: allowed: a command or key=value{near}")
    if not _KEY.fullmatch(key) or "@" in key:
        raise UserError(f"{printable(key)}: not a key; allowed: names such as train.eta")
    if key.split(".")[0].split("/")[0] == "hydra" and key not in HYDRA_KEYS:
        raise UserError(f"{key}={printable(value)}: allowed: {', '.join(HYDRA_KEYS)}")
    if key in RETIRED:
        raise UserError(f"{key}={printable(value)}: {RETIRED[key]}")
    if key.startswith(TAGS):
        check_tag(key.removeprefix(TAGS), key)
    elif key not in known:
        raise UserError(f"{key}={printable(value)}: unknown key{suggestion(key, known)}")
    elif key not in (*PROSE, *TEXTS):
        _check_one_setting(argument, known)
    if key == "hydra.mode" and value not in ("RUN", "MULTIRUN"):
        raise UserError(f"{key}={printable(value)}: allowed: RUN, MULTIRUN")
    words = re.findall(r"[^\s,\[\]]+", value)
    if key == "hydra.verbose" and not (
        _LOGGERS.fullmatch(value)
        and (value in ("true", "false") or not any(map(OTHER_TYPE.fullmatch, words)))
    ):
        raise UserError(
            f"{key}={printable(value)}: allowed: true, false, the name of a logger, or [NAME,NAME]"
        )
    if "${" in value:
        raise UserError(f"{key}={printable(value)}: allowed: plain values, no interpolations")


def _setting_with(choice: str) -> str:
    """What is meant by a choice without its group, such as `l2` or a preset's name."""
    from nnexp.config.key_help import choices_of_groups  # It reads modules that read this one.

    groups = [group for group, names in choices_of_groups().items() if choice in names]
    # Where a preset is named as a key or a group is, the preset is meant: there is no value.
    return f"; did you mean {groups[-1]}={choice}?" if groups else ""


def _check_one_setting(argument: str, known: Sequence[str]) -> None:
    """Refuse settings that were typed as one word, or with a comma after each."""
    parts = _BETWEEN.split(argument)
    # In `seed=range(start=0, stop=5)` stop is no key.
    if parts[1:] and "(" not in parts[0] and parts[1].partition("=")[0] in known:
        raise UserError(
            f"{printable(argument)}: several settings in one word; allowed: a word each, without "
            f"commas: {printable(' '.join(parts))}"
        )
    key, _, value = argument.partition("=")
    if key == "size" and re.fullmatch(r"[1-9][0-9]{0,2}(,[0-9]{3})*,0[0-9]{2}(,[0-9]{3})*", value):
        raise UserError(
            f"{argument}: a comma stands between values; allowed: size={value.replace(',', '')}"
        )
    if argument.endswith((",", ";")):
        raise UserError(
            f"{printable(argument)}: ends with {argument[-1]}; allowed: {printable(argument[:-1])}"
        )


def check_tag(name: str, said: str) -> None:
    """Refuse a name that no tag of the user's own may have; `said` is how it was typed.

    Raises:
        UserError: it is none, or one that this program or MLflow keeps for itself.
    """
    if not TAG_NAME.fullmatch(name) or name.startswith(("nnexp", "mlflow")):
        raise UserError(
            f"{printable(said)[:80] or repr(said)}: not a tag of your own; allowed: letters, "
            "digits, _ and -, a letter first; names that begin with nnexp or mlflow are kept by "
            "these programs"
        )
