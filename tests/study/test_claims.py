"""Files of claims: those that come with the program, and what is refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from omegaconf import OmegaConf

from nnexp.config.compose import config_dir
from nnexp.errors import UserError
from nnexp.study.claims import Claim, claims_files, read_claims
from nnexp.study.grouping import wanted_levels

PRESETS = {path.stem: path for path in (config_dir() / "experiment").glob("*.yaml")}
CLAIMS = [claim for path in claims_files().values() for claim in read_claims(path)]

GOOD = {
    "claim": "More is better.",
    "experiment": "mine",
    "metric": "test/accuracy",
    "at_least": 0.9,
}


def test_every_preset_but_a_choice_has_claims() -> None:
    assert len(CLAIMS) >= 25
    assert set(claims_files()) == set(PRESETS) - {"dropout_size_choice"}
    assert len({claim.name for claim in CLAIMS}) == len(CLAIMS)
    assert all(claim.place for claim in CLAIMS)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.name)
def test_what_a_claim_is_about_is_in_its_preset(claim: Claim) -> None:
    assert set(claim.experiment) <= set(PRESETS)
    for side in claim.sides:
        for level in wanted_levels(side) if side else ():
            word, _, value = level.partition("=")
            if word == "experiment":
                assert value in claim.experiment
            else:
                assert is_swept(claim.experiment[0], word, value)


def is_swept(preset: str, word: str, value: str) -> bool:
    """Whether a preset sweeps a word over a value, or is searched over a range that holds it."""
    params = OmegaConf.load(PRESETS[preset]).hydra.sweeper.params
    name = "dropout" if word == "dropout.hidden" and word not in params else word
    if name in params:
        text = str(params[name]).lower()
    else:  # Typed beside the preset, as its opening lines say.
        opening = PRESETS[preset].read_text(encoding="utf-8")
        text = ",".join(re.findall(rf"\s{re.escape(word)}=(\S+)", opening))
    if drawn := re.fullmatch(r"log\((.+),(.+)\)", text):
        return float(drawn[1]) <= float(value) <= float(drawn[2])
    typed = re.findall(r"\[[^\]]*\]|[^,\s]+", text)
    values = {{"off": "0", "half": "0.5"}.get(v, v) for v in typed}
    levels = {level.partition("=")[2] for v in values for level in wanted_levels(f"{name}={v}")}
    return value in levels


def read(tmp_path: Path, content: object) -> list[Claim]:
    path = tmp_path / "mine.yaml"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return read_claims(path)


def test_keys_of_the_file_are_those_of_its_claims(tmp_path: Path) -> None:
    shared = {"place": "Section 2", "experiment": ["a", "b"], "alpha": 0.01}
    entry = {k: v for k, v in GOOD.items() if k != "experiment"}
    one, other = read(tmp_path, {**shared, "claims": {"x": entry, "y": {**entry, "alpha": 0.1}}})
    assert (one.place, one.experiment, one.alpha) == ("Section 2", ("a", "b"), 0.01)
    assert other.alpha == 0.1
    assert (one.sense, one.bound, one.expected, one.exact) == ("at_least", 0.9, "holds", False)


REFUSED = {
    "unknown key": ({"metrik": "test/accuracy"}, "metrik: unknown key; allowed: claim, "),
    "no bound": ({"at_least": None, "_drop": "at_least"}, "no bound: allowed: one of at_least, "),
    "two bounds": ({"at_most": 1}, "at_least and at_most: allowed: one of"),
    "bound": ({"at_least": "high"}, "at_least: high: allowed: a number"),
    "boolean": ({"at_least": True}, "at_least: True: allowed: a number"),
    "not finite": ({"at_least": float("nan")}, "at_least: nan: allowed: a number"),
    "negative": ({"within": -1, "_drop": "at_least"}, "within: -1: allowed: a number above 0"),
    "alpha": ({"alpha": 0.7}, "alpha: 0.7: allowed: a number above 0 and below 0.5"),
    "about": ({"about": 1.0}, "about: allowed with within"),
    "expected": ({"expected": "true"}, "expected: true: allowed: holds, does not hold, not res"),
    "exact": ({"exact": 1}, "exact: 1: allowed: true, false"),
    "metric": ({"metric": "a - b - c"}, "metric: a - b - c: allowed: NAME, NAME@EPOCH, or"),
    "epoch": ({"metric": "train/cost@end"}, "metric: train/cost@end: allowed: NAME, NAME@EPOCH"),
    "experiment": ({"experiment": []}, "experiment: []: allowed: a name, or a list of names"),
    "key": ({"of": "regg=l2"}, "of: regg=l2: allowed: key=value with a config key; did you mean"),
    "no setting": ({"of": "l2"}, "of: l2=: allowed: key=value with a config key"),
    "choice": (
        {"against": "reg=l7"},
        "against: reg=l7: allowed: decoupled, elastic, l1, l2, maxnorm, none",
    ),
    "size": ({"of": "size=big"}, "of: size=big: allowed: a whole number"),
    "number": ({"of": "train.eta=fast"}, "of: train.eta=fast: allowed: a number"),
    "claim": ({"claim": ""}, "claim: : allowed: a text"),
    "other experiment": (
        {"of": "experiment=dropout reg=l2", "experiment": ["one", "two"]},
        "of: experiment=dropout: allowed: of the claim's experiments: one, two",
    ),
    "two values": ({"of": "reg=l2 size=1k reg=none"}, "of: reg=l2 reg=none: allowed: one value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_claim_is_refused_in_one_line(case: str, tmp_path: Path) -> None:
    change, said = REFUSED[case]
    dropped = change.get("_drop")
    entry = {k: v for k, v in {**GOOD, **change}.items() if k not in ("_drop", dropped)}
    with pytest.raises(UserError) as refusal:
        read(tmp_path, {"claims": {"c1": entry}})
    assert str(refusal.value).startswith(f"{tmp_path / 'mine.yaml'}: c1: {said}")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("claims: [", "no YAML of plain values: line 1 (claims: [): a value or a closing"),
        ("claims:\n  a: {b: 3\n\n", "line 2 (a: {b: 3): a bracket that is not closed"),
        ("claims:\n  a:\n    claim: It is: so.", "line 3 (claim: It is: so.): a second colon"),
        (
            "claims:\n  a: 'it\n  b: 3\n",
            "line 2 (a: 'it): a quote that is not closed; allowed: a file",
        ),
        ("claims:\n\ta: 3", "line 2 (a: 3): begins with a tab"),
        ("claims:\n  a: 1\n b: 2\n", "line 3 (b: 2): is not indented as the lines before"),
        ("claims: {}\nclaims: {}", "line 2 (claims: {}): found duplicate key claims"),
        ("- 1", "allowed: key: value"),
        ("", "claims: allowed: NAME: with the keys of a claim below it"),
        ("claims: {}", "claims: allowed: NAME: with the keys of a claim below it"),
        ("claims: {a: 3}", "a: 3: allowed: the keys of a claim"),
        ("claim: {a: {}}", "claim: unknown key; allowed: place, experiment, alpha, claims; did"),
        ("claims: {a: !!python/object:os.system {}}", "no YAML of plain values"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(
    content: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as refusal:
        read(tmp_path, content)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.yaml: No such file or directory; allowed: a file"):
        read_claims(tmp_path / "none.yaml")
