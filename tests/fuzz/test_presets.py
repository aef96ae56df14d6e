"""Presets of others can say no more than the command line, and recorded configs no more than that.

Whatever stands in a folder given with `--config-dir` is refused in one line or gives a checked
config; no code in it runs, no secret is read, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.config.arguments import printable
from nnexp.config.compose import config_dir, from_yaml, register, resolve, schema_keys, to_yaml
from nnexp.config.messages import one_line
from nnexp.config.presets import check_config_dir
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.runner.launcher import Request, register_launcher
from tests.inside import inside

SECRET = "geheim-ich-sag-es-nicht"
CASES = [60, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
GLOBAL = "# @package _global_\n"

HOSTILE = {
    "target in a callback": "hydra:\n  callbacks:\n    x:\n      _target_: os.system\n",
    "target in a key": "train:\n  _target_: subprocess.check_call\n",
    "target in the launcher": "hydra:\n  launcher:\n    _target_: os.system\n",
    "a key that is gone": "sweep:\n  fuse: 8\n",
    "another launcher": "defaults:\n  - override /hydra/launcher: joblib\n",
    "job logging": "hydra:\n  job_logging:\n    handlers:\n      x:\n        (): os.system\n",
    "run folder": "hydra:\n  run:\n    dir: /tmp/elsewhere\n",
    "search path": "hydra:\n  searchpath: [file:///tmp]\n",
    "environment set": "hydra:\n  job:\n    env_set: {PATH: /tmp}\n",
    "environment read": "tracking:\n  experiment: ${oc.env:NNEXP_SECRET}\n",
    "nested interpolation": "tracking:\n  experiment: ${pick:a,{a:'${oc.env:NNEXP_SECRET}'}}\n",
    "decoded": "tracking:\n  experiment: ${oc.decode:NNEXP_SECRET}\n",
    "hydra's values": "tracking:\n  experiment: ${hydra:runtime.cwd}\n",
    "python object": "tracking:\n  experiment: !!python/object/apply:os.system [touch was-run]\n",
    "python name": "tracking:\n  experiment: !!python/name:os.system\n",
    "unknown key": "train:\n  etaa: 3\nfoo: 1\n",
    "package in defaults": "defaults:\n  - /reg@hydra.launcher: l2\n",
    "path in defaults": "defaults:\n  - override /reg: ../../../etc/passwd\n",
    "key of a sweep": "hydra:\n  sweeper:\n    params:\n      hydra.run.dir: a,b\n",
    "added key of a sweep": "hydra:\n  sweeper:\n    params:\n      +x: 1,2\n",
    "key twice": "seed: 1\nseed: 2\n",
    "no mapping": "- seed\n",
    "no YAML": "seed: [1\n",
    "aliases": "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi")),
    "itself": "seed: &a [*a]\n",
    "deep": "seed: " + "[" * 200 + "]" * 200 + "\n",
    "very deep": "seed: " + "[" * 40_000 + "]" * 40_000 + "\n",
    "long": "seed: " + "1" * 500_000 + "\n",
    "control characters in a number": 'seed: "7\\e[2J\\f"\n',
    "control characters": 'tracking:\n  experiment: "a\\e[2Jb"\n',
}


def folder_with(folder: Path, text: str | bytes, name: str = "bad") -> Path:
    path = folder / "presets" / "experiment" / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "presets"


def refused(done: Any, folder: Path) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "\x1b" not in line
    assert SECRET not in line
    assert {path.name for path in folder.iterdir()} == {"presets"}
    return str(line)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_preset_is_refused_in_one_line(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_SECRET", SECRET)
    folder_with(tmp_path, GLOBAL + HOSTILE[name])
    done = inside(tmp_path, "--config-dir", "presets", "experiment=bad", "size=100")
    assert refused(done, tmp_path)


QUOTES = 'YAML reads off as false: write "off", in quotes'
MISTAKEN = {
    "train: {etaa: 3}": "train.etaa: unknown key; did you mean train.eta?",
    "train.eta: 3": "train.eta: unknown key; allowed: train: {eta: VALUE}",
    "train:": "train: null: allowed: keys of train",
    "lr: 3": "lr: unknown key; did you mean train.eta?",
    "dropout: off": f"a choice stands in defaults: - override /dropout: CHOICE; {QUOTES}",
    "cost: quadratic": "a choice stands in defaults: - override /cost: quadratic",
    "rng: nielsen2014": "allowed: defaults: - override /rng: nielsen2014",
    "defaults: [override /dropout: off]": f"allowed: override /GROUP: CHOICE; {QUOTES}",
    "hydra: {mode: multi}": "hydra.mode: multi: allowed: RUN or MULTIRUN",
    "hydra: {sweeper: {params: {dropout: off}}}": f"false: allowed: CHOICE,CHOICE; {QUOTES}",
    "hydra: {sweeper: {params: {reg: [l1, l2]}}}": "allowed: CHOICE,CHOICE",
}
"""What somebody writes who does not know the form, and what leads to it."""


@pytest.mark.parametrize("text", MISTAKEN)
def test_preset_with_a_mistake_is_told_the_form(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        check_config_dir(str(folder_with(tmp_path, f"{GLOBAL}{text}\n")), schema_keys())
    assert "experiment/bad.yaml: " in str(refusal.value)
    assert str(refusal.value).endswith(MISTAKEN[text])


def test_preset_may_give_tags_a_note_and_single_keys_of_groups(tmp_path: Path) -> None:
    text = "tracking: {note: n, tags: {paper: fig3}}\ntrain: {eta: 3}\nrng: pcg64\nsize: 100\n"
    check_config_dir(str(folder_with(tmp_path, GLOBAL + text)), schema_keys())


def test_value_of_a_preset_that_is_no_list_is_refused_by_its_key(
    tmp_path: Path, composed: Callable[[Path], Config]
) -> None:
    folder = folder_with(tmp_path, GLOBAL + "model: {hidden: 30}\n")
    with pytest.raises(Exception, match="hidden") as refusal:
        composed(folder)
    assert one_line(refusal.value).startswith("model.hidden: allowed: a list such as [30]")


@pytest.mark.parametrize("name", ["hydra/launcher/nnexp.yaml", "config.yaml", "nnexp_schema.yaml"])
def test_file_that_would_take_the_place_of_ours_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "presets" / name
    path.parent.mkdir(parents=True)
    path.write_text("_target_: os.system\n")
    line = refused(inside(tmp_path, "--config-dir=presets", "size=100"), tmp_path)
    assert name.split("/")[0] in line


@pytest.mark.parametrize("header", ["# @package hydra\n", "#  @package: x y\n", "\n# @foo bar\n"])
def test_package_that_is_not_the_root_is_refused(header: str, tmp_path: Path) -> None:
    folder_with(tmp_path, header + "launcher:\n  _target_: os.system\n")
    refused(inside(tmp_path, "--config-dir", "presets", "experiment=bad"), tmp_path)


def test_presets_of_this_program_pass(tmp_path: Path) -> None:
    for path in (config_dir() / "experiment").iterdir():
        folder_with(tmp_path, path.read_bytes(), path.stem)
    check_config_dir(str(tmp_path / "presets"), schema_keys())


@pytest.mark.slow
def test_preset_of_ones_own_is_trained(tmp_path: Path) -> None:
    text = "defaults:\n  - override /reg: l2\ntrain:\n  epochs: ${pick:${size},{100:1,default:9}}\n"
    folder_with(tmp_path, GLOBAL + text, "mine")
    (tmp_path / "presets" / "docker-compose.yml").write_text("services: {}\n")
    typed = ("--config-dir", "presets", "experiment=mine", "size=100", "tracking.artifacts=none")
    done = inside(tmp_path, *typed)
    assert done.returncode == 0, done.stderr
    assert "repeat     python -m nnexp reg=l2 size=100 train.epochs=1" in done.stdout


@pytest.fixture
def composed() -> Iterator[Callable[[Path], Config]]:
    """Hydra's composition of the preset `experiment/bad.yaml` in a folder."""
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    register()
    register_launcher(Request())

    def ask(folder: Path) -> Config:
        GlobalHydra.instance().clear()
        with initialize_config_dir(str(config_dir()), version_base="1.3"):
            typed = [f"hydra.searchpath=[file://{folder}]", "experiment=bad"]
            return resolve(compose("config", overrides=typed))

    yield ask
    GlobalHydra.instance().clear()


keys = st.sampled_from(
    [*schema_keys(), *(key.split(".")[0] for key in schema_keys()), "hydra", "defaults", "mode",
     "sweeper", "params", "_target_", "_self_", "override /reg", "/hydra/launcher", "experiment",
     "searchpath", "+x", "~reg", "name", "lmbda", "epochs", "callbacks"]
)  # fmt: skip
WORDS = [
    *("${size}", "${oc.env:NNEXP_SECRET}", "${pick:${size},{1k:2,default:3}}", "${nnexp.count:1k}"),
    *(
        "l2",
        "nan",
        "range(3)",
        "os.system",
        "_self_",
        "${",
        "1,2",
        "${hydra:job.name}",
        "${..seed}",
    ),
    *("${nnexp.scratch:}", "${seed}", "${oc.select:seed}", "MULTIRUN", "1k", "off"),
]
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(WORDS)
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
documents = st.dictionaries(keys, trees, max_size=4).map(lambda d: yaml.safe_dump(d).encode())
OURS = [path.read_bytes() for path in sorted((config_dir() / "experiment").glob("*.yaml"))]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A preset of this program with some bytes changed."""
    text = bytearray(draw(st.sampled_from(OURS)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text) - 1))
        text[place : place + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(text)


@pytest.mark.parametrize("cases", CASES)
def test_any_preset_gives_a_checked_config_or_is_refused_in_one_line(
    cases: int,
    composed: Callable[[Path], Config],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NNEXP_SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    accepted = 0

    @settings(max_examples=cases)
    @given(documents.map(lambda d: GLOBAL.encode() + d) | documents | damaged())
    def check(text: bytes) -> None:
        nonlocal accepted
        folder = folder_with(tmp_path, text)
        try:
            check_config_dir(str(folder), schema_keys())
            config = composed(folder)
        except UserError as error:
            said = str(error)
        except Exception as error:
            said = one_line_of(error)
        else:
            accepted += 1
            said = to_yaml(config)
            assert SECRET not in said
            return
        assert SECRET not in said
        # As it is printed: a value is shown with its control characters written out.
        assert len(printable(said).splitlines()) == 1

    check()
    assert accepted
    assert [path.name for path in tmp_path.iterdir()] == ["presets"]


def one_line_of(error: Exception) -> str:
    """What the program would say; an error that it would not catch is a failure."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if not isinstance(error, HydraException | OmegaConfBaseException):
        raise error
    return one_line(error)


@pytest.mark.parametrize("cases", CASES)
def test_any_recorded_config_is_one_or_is_refused_in_one_line(
    cases: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NNEXP_SECRET", SECRET)

    @settings(max_examples=cases)
    @given(documents.map(lambda d: d.decode()) | st.text(max_size=60))
    def check(text: str) -> None:
        try:
            config = from_yaml(text)
        except UserError as error:
            assert len(str(error).splitlines()) == 1
            assert SECRET not in str(error)
        else:
            assert isinstance(config, Config)
            assert SECRET not in repr(config)

    check()
