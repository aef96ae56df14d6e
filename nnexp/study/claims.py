"""Claims as files: sentences of a chapter or a paper, each with what would show it in the record.

docs/claims.md lists the keys. A claim is about the values of a metric in one setting, or about
their differences from another setting, against a bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

from nnexp.config.arguments import cut, printable
from nnexp.config.compose import config_dir, schema_keys
from nnexp.config.key_help import choices_of_groups
from nnexp.config.messages import kind_of
from nnexp.config.plain_yaml import read_plain
from nnexp.config.suggest import suggestion
from nnexp.config.varying_keys import short
from nnexp.errors import UserError
from nnexp.study.claims_values import Expression, expression
from nnexp.study.grouping import wanted_levels

Outcome = Literal["holds", "does not hold", "not resolved", "not recorded"]
OUTCOMES: tuple[str, ...] = get_args(Outcome)
SENSES = ("at_least", "at_most", "within")
_LEAST = {"at_least": -math.inf, "at_most": -math.inf, "within": 0.0}
COLUMNS = {short(key): key for key in schema_keys() if key != "size"} | {"experiment": "experiment"}
"""Columns of a frame of runs by the words of a setting: `reg`, `size`, `train.eta`."""

_OF_FILE = ("place", "experiment", "alpha")
"""Keys that a file may give once for all of its claims."""


@dataclass(frozen=True)
class Claim:
    """A sentence, and the contrast that it is judged by."""

    file: str
    """The name of its file, without the ending."""
    name: str
    claim: str
    place: str
    experiment: tuple[str, ...]
    """MLflow experiments in which the runs are recorded."""
    of: str
    """The setting, such as `reg=l2 size=1k`; empty: all runs."""
    against: str | None
    """The setting whose values are subtracted, if there is one."""
    metric: Expression
    sense: str
    """One of `SENSES`."""
    bound: float
    """In the metric's own unit: 0.01 is a point of accuracy."""
    about: float
    """Of `within`: the value that it is around."""
    alpha: float
    exact: bool
    """One run on each side says it all, as nothing in it is drawn."""
    expected: Outcome
    note: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The settings that have to be recorded."""
        return (self.of,) if self.against is None else (self.of, self.against)


def claims_files() -> dict[str, Path]:
    """The files of claims that come with the program, by name."""
    return {path.stem: path for path in sorted((config_dir() / "claims").glob("*.yaml"))}


def claims_file(name: str) -> Path | None:
    """A file of claims as it is named: one of `claims_files`, or any that YAML is in."""
    return claims_files().get(name) or (Path(name) if name.endswith((".yaml", ".yml")) else None)


def read_claims(path: Path) -> list[Claim]:
    """The claims in a file.

    Raises:
        UserError: it cannot be read, or a claim is not what docs/claims.md allows; one line that
            names claim, key, value, and what is allowed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _no_claims(str(path), error) from error
    return claims_in(text, path.stem, str(path))


def claims_in(text: str, name: str, shown: str) -> list[Claim]:
    """The claims in the text of a file of that name; raises as `read_claims`."""
    try:
        content = read_plain(text)
    except ValueError as error:
        raise _no_claims(shown, error) from error
    where = printable(shown)
    _known(where, content, (*_OF_FILE, "claims"))
    listed = content.pop("claims", None)
    if not isinstance(listed, Mapping) or not listed:
        raise UserError(f"{where}: claims: allowed: NAME: with the keys of a claim below it")
    return [_claim(where, name, str(title), entry, content) for title, entry in listed.items()]


def _no_claims(shown: str, error: OSError | ValueError) -> UserError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    said = printable(" ".join(reason.split()))
    return UserError(f"{printable(shown)}: {said}; allowed: a file of claims")


def _claim(where: str, file: str, name: str, entry: Any, shared: Mapping[str, Any]) -> Claim:
    where = f"{where}: {printable(name)}"
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: {cut(str(entry))}: allowed: the keys of a claim")
    names = [f.name for f in fields(Claim) if f.name not in ("file", "name", "sense", "bound")]
    _known(where, entry, (*names, *SENSES))
    given: dict[str, Any] = {"place": "", "of": "", "note": "", "about": 0.0}
    given |= {"alpha": 0.05, "exact": False, "expected": "holds"}
    values = {**given, **shared, **entry}
    senses = [sense for sense in SENSES if sense in entry]
    if len(senses) != 1:
        found = " and ".join(senses) or "no bound"
        raise UserError(f"{where}: {found}: allowed: one of {', '.join(SENSES)}")
    if "about" in entry and senses != ["within"]:
        raise UserError(f"{where}: about: allowed with within")
    against = values.get("against")
    experiments = _experiments(where, values.get("experiment"))
    return Claim(
        file=file,
        name=name,
        claim=_text(where, values, "claim"),
        place=_text(where, values, "place", empty=True),
        experiment=experiments,
        of=_setting(where, "of", values["of"], experiments),
        against=None if against is None else _setting(where, "against", against, experiments),
        metric=expression(where, _text(where, values, "metric")),
        sense=senses[0],
        bound=_number(where, values, senses[0], _LEAST[senses[0]]),
        about=_number(where, values, "about"),
        alpha=_number(where, values, "alpha", 0.0, 0.5),
        exact=_one_of(where, values, "exact", (True, False)),
        expected=_one_of(where, values, "expected", OUTCOMES[:3]),
        note=_text(where, values, "note", empty=True),
    )


def _known(where: str, content: Mapping[Any, Any], allowed: Sequence[str]) -> None:
    for key in content:
        if key not in allowed:
            near = suggestion(str(key), allowed)
            said = printable(cut(str(key)))
            raise UserError(f"{where}: {said}: unknown key; allowed: {', '.join(allowed)}{near}")


def _refused(where: str, key: str, value: object, allowed: str) -> UserError:
    return UserError(f"{where}: {key}: {printable(cut(str(value)))}: allowed: {allowed}")


def _text(where: str, values: Mapping[str, Any], key: str, *, empty: bool = False) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not (empty or value.strip()):
        raise _refused(where, key, value, "a text")
    return " ".join(value.split())


def _number(
    where: str,
    values: Mapping[str, Any],
    key: str,
    above: float = -math.inf,
    below: float = math.inf,
) -> float:
    value = values[key]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not above < value < below:
        span = f" above {above:g}" if math.isfinite(above) else ""
        span += f" and below {below:g}" if math.isfinite(below) else ""
        raise _refused(where, key, value, f"a number{span}")
    return float(value)


def _one_of(where: str, values: Mapping[str, Any], key: str, allowed: Sequence[Any]) -> Any:
    value = values[key]
    # In Python 1 is True.
    if type(value) is not type(allowed[0]) or value not in allowed:
        raise _refused(where, key, value, ", ".join(str(a).lower() for a in allowed))
    return value


def _experiments(where: str, value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n for n in names):
        raise _refused(where, "experiment", value, "a name, or a list of names")
    return tuple(names)


def _setting(where: str, key: str, value: Any, experiments: Sequence[str]) -> str:
    """A setting as it was typed, once each of its words was looked at."""
    if not isinstance(value, str):
        raise _refused(where, key, value, "such as reg=l2 size=1k")
    levels = sorted(wanted_levels(value)) if value.strip() else []
    for level, other in pairwise(levels):
        if level.partition("=")[0] == other.partition("=")[0]:
            raise _refused(where, key, f"{level} {other}", "one value of a key")
    for level in levels:
        word, equals, chosen = level.partition("=")
        if not equals or word not in COLUMNS:
            near = suggestion(word, COLUMNS)
            raise _refused(where, key, level, f"key=value with a config key{near}")
        # Those are experiments of MLflow, with a preset's name or any other.
        if word == "experiment" and chosen not in experiments:
            named = printable(", ".join(experiments))
            raise _refused(where, key, level, f"of the claim's experiments: {named}")
        choices = choices_of_groups().get(word, [])
        if word != "experiment" and not _is_of_kind(word, chosen, choices):
            allowed = ", ".join(choices) or kind_of(COLUMNS[word]) or "a value"
            raise _refused(where, key, level, allowed)
    return " ".join(value.split())


def _is_of_kind(word: str, chosen: str, choices: Sequence[str]) -> bool:
    if choices:
        return chosen in choices
    if "number" not in (kind_of(COLUMNS[word]) or ""):
        return bool(chosen)
    try:
        return math.isfinite(float(chosen))
    except ValueError:
        return False
