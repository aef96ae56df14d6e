"""What can change a number changes the fingerprint; what cannot does not."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnexp
from nnexp.config.compose import flatten, from_params, from_yaml, schema_keys, to_yaml
from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import Dataset, load_dataset
from nnexp.record.fingerprint import fingerprint, numeric_environment

ROOT = Path(nnexp.__file__).parent.parent

# Of no account: how a size was typed, where the files are, how and where it is recorded.
WITHOUT_EFFECT = {"size", "data.root"} | {
    key for key in schema_keys() if key.startswith(("tracking.", "sweep."))
}

names = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
numbers = st.floats(0.001, 1000.0)


def values_for(key: str) -> st.SearchStrategy[Any]:
    """Any value of a key's type."""
    value: Any = Config()
    for part in key.split("."):
        value = getattr(value, part)
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(0, 10_000)
    if isinstance(value, float):
        return numbers
    if isinstance(value, list):
        return st.lists(st.integers(1, 500), max_size=3)
    return names


def with_value(config: Config, key: str, value: Any) -> Config:
    group, _, name = key.rpartition(".")
    if not group:
        return replace(config, **{name: value})
    return replace(config, **{group: replace(getattr(config, group), **{name: value})})


@st.composite
def configs(draw: st.DrawFn) -> Config:
    config = Config()
    for key in draw(st.lists(st.sampled_from(schema_keys()), max_size=6, unique=True)):
        config = with_value(config, key, draw(values_for(key)))
    return config


@pytest.fixture(scope="module")
def neuron() -> Dataset:
    return load_dataset(DataConfig(name="neuron"))


@pytest.mark.parametrize("key", schema_keys())
@settings(max_examples=25)
@given(data=st.data())
def test_it_changes_with_every_key_that_can_change_a_number_and_no_other(
    key: str, neuron: Dataset, data: st.DataObject
) -> None:
    config = data.draw(configs())
    changed = with_value(config, key, data.draw(values_for(key)))
    same = fingerprint(config, neuron) == fingerprint(changed, neuron)
    assert same == (changed == config or key in WITHOUT_EFFECT)


@pytest.mark.parametrize("text", ["name", "null", "no", "1e3", "a b: [c]", "λ'\"\\"])
def test_what_is_written_down_of_a_config_asks_for_the_same_numbers(text: str) -> None:
    """As YAML, and as the parameters of a run."""
    values = {str: text, bool: True, int: 7, float: 0.1 + 0.2, list: [5, 3]}
    config = Config()
    for key in flatten(config):  # Labels are no part of it.
        value: Any = config
        for part in key.split("."):
            value = getattr(value, part)
        optional = value is None and text != "null"
        if value is not None or optional:
            other = (
                ["top2"] if key == "monitor.metrics" else values[str if optional else type(value)]
            )
            config = with_value(config, key, other)
    assert from_yaml(to_yaml(config)) == config
    assert from_params(flatten(config)) == config


@given(name=st.sampled_from(["train", "test"]), part=st.sampled_from(["images", "labels"]))
def test_it_changes_with_the_data(neuron: Dataset, name: str, part: str) -> None:
    key = {"train": "train", "test": "t10k"}[name] + f"-{part}"
    digest = neuron.digests[key]
    other = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    changed = replace(neuron, digests={**neuron.digests, key: other})
    assert fingerprint(Config(), changed) != fingerprint(Config(), neuron)
    elsewhere = replace(neuron, source="/elsewhere")
    assert fingerprint(Config(), elsewhere) == fingerprint(Config(), neuron)


def test_it_changes_with_the_numeric_source(neuron: Dataset, monkeypatch: Any) -> None:
    before = fingerprint(Config(), neuron)
    monkeypatch.setattr("nnexp.record.fingerprint.source_sha256", lambda: "0" * 64)
    assert fingerprint(Config(), neuron) != before


NUMPY = with_value(Config(), "train.engine", "numpy")

IN_A_PROCESS = """
import sys
from dataclasses import replace

from nnexp.config.schema import Config, DataConfig
from nnexp.data.dataset import load_dataset
from nnexp.record.fingerprint import fingerprint

config = Config()
for engine in ("compiled", "numpy"):
    config = replace(config, train=replace(config.train, engine=engine))
    print(fingerprint(config, load_dataset(DataConfig(name="neuron"))))
loaded = {"threadpoolctl", "scipy.linalg", "numba"} & set(sys.modules)
assert not loaded, loaded
"""


def in_a_process(**variables: str) -> list[str]:
    """The fingerprint of one run with each engine, as a process with these variables sees it."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_processor_features_are_of_account_for_numpy_only() -> None:
    compiled, numpy = in_a_process()
    assert in_a_process(OPENBLAS_NUM_THREADS="2", MLFLOW_TRACKING_URI="http://elsewhere") == [
        compiled,
        numpy,
    ]
    other = in_a_process(OPENBLAS_CORETYPE="Nehalem")
    assert (other[0], other[1] != numpy) == (compiled, True)
    features = numeric_environment()["numpy_dispatch"]
    if features:
        other = in_a_process(NPY_DISABLE_CPU_FEATURES=" ".join(features))
        assert (other[0], other[1] != numpy) == (compiled, True)


@pytest.mark.parametrize("key", sorted(numeric_environment()))
def test_all_of_the_environment_is_of_account_for_numpy_only(
    key: str, neuron: Dataset, monkeypatch: Any
) -> None:
    before = [fingerprint(config, neuron) for config in (Config(), NUMPY)]
    there = {**numeric_environment(), key: "other"}
    monkeypatch.setattr("nnexp.record.fingerprint.numeric_environment", lambda: there)
    compiled, numpy = (fingerprint(config, neuron) for config in (Config(), NUMPY))
    assert compiled == before[0]
    assert numpy != before[1]


def test_the_maths_library_is_part_of_the_environment() -> None:
    assert numeric_environment()["libm"] == " ".join(platform.libc_ver()).strip()
