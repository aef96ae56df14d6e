"""The small artifacts of a run: what is written without pandas is what pandas would write."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from nnexp.config.compose import from_yaml, to_yaml
from nnexp.record.artifacts import curves_frame, write_curves
from tests.small import configured

VALUES = st.floats(width=64) | st.none()


@given(rows=st.lists(st.dictionaries(st.sampled_from("abc"), VALUES), min_size=1, max_size=5))
def test_curves_are_those_of_pandas(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, float | None]]
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "curves.csv"
    named = [
        {"step": float(k), **{m: v for m, v in row.items() if v is not None}}
        for k, row in enumerate(rows)
    ]
    write_curves(path, named)
    expected = curves_frame(named).to_csv(index=False, float_format="%.17g")
    assert path.read_text(encoding="utf-8") == expected


@pytest.mark.parametrize("size", ["1k", "1e3", "100", "0x10", "yes"])
def test_a_config_is_the_same_to_this_program_and_to_its_library(size: str) -> None:
    config = configured({"size": size, "train.eta": 1e-5, "tracking.experiment": "héllo: #1"})
    text = to_yaml(config)
    assert from_yaml(text) == config
    loaded = OmegaConf.to_container(OmegaConf.create(text))
    assert isinstance(loaded, dict)
    assert loaded["train"]["eta"] == 1e-5
    assert loaded["tracking"]["experiment"] == "héllo: #1"
