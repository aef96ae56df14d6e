"""Which runs are trained side by side."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnexp.config.schema import Config
from nnexp.data.dataset import load_dataset
from nnexp.sweep import grouping
from nnexp.sweep.cache import second_level_bytes
from nnexp.sweep.grouping import WIDEST, stacks
from nnexp.train.plan import shape_of

DATA = load_dataset(Config().data)


def config(seed: int, hidden: int, epochs: int) -> Config:
    default = Config()
    return replace(
        default,
        seed=seed,
        model=replace(default.model, hidden=[hidden]),
        train=replace(default.train, epochs=epochs),
    )


CONFIGS = st.lists(
    st.builds(config, st.integers(0, 40), st.sampled_from([1, 30, 100]), st.sampled_from([1, 30])),
    min_size=1,
    max_size=80,
)


@given(CONFIGS, st.integers(1, 8), st.sampled_from(["auto", "off", "1", "3", "100"]))
def test_every_run_is_in_one_stack_of_its_shape(
    configs: list[Config], workers: int, fuse: str
) -> None:
    plans = stacks(configs, [DATA] * len(configs), fuse=fuse, workers=workers)
    assert sorted(k for plan in plans for k in plan.runs) == list(range(len(configs)))
    most = {"auto": WIDEST, "off": 1}.get(fuse) or int(fuse)
    for plan in plans:
        assert len({shape_of(configs[k], DATA) for k in plan.runs}) == 1
        assert len(plan.runs) <= most
    assert [plan.cost for plan in plans] == sorted((p.cost for p in plans), reverse=True)


@given(st.integers(2, 64), st.integers(1, 8))
def test_all_workers_have_stacks_of_about_one_width(runs: int, workers: int) -> None:
    configs = [config(seed, 30, 30) for seed in range(runs)]
    widths = [len(p.runs) for p in stacks(configs, [DATA] * runs, fuse="auto", workers=workers)]
    assert max(widths) <= math.ceil(runs / workers)
    assert max(widths) - min(widths) <= 1


@pytest.mark.parametrize(
    ("cache", "hidden", "width"),
    [(None, 30, 19), (1 << 20, 100, 7), (2 << 20, 30, 12), (2 << 20, 100, 5)],
)
def test_a_stack_fits_the_cache(
    cache: int | None, hidden: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "second_level_bytes", lambda: cache)
    configs = [config(seed, hidden, 30) for seed in range(width)]
    (plan,) = stacks(configs, [DATA] * width, fuse="auto", workers=1)
    assert len(plan.runs) == width
    wider = [config(seed, hidden, 30) for seed in range(width + 1)]
    assert len(stacks(wider, [DATA] * (width + 1), fuse="auto", workers=1)) == 2


def write(folder: Path, index: int, level: int, kind: str, size: str, shared: str) -> None:
    cache = folder / f"index{index}"
    cache.mkdir()
    for name, text in (
        ("level", str(level)), ("type", kind), ("size", size), ("shared_cpu_list", shared)
    ):  # fmt: skip
        (cache / name).write_text(f"{text}\n")


@pytest.mark.parametrize(
    ("shared", "expected"), [("0", 2 << 20), ("0-1", 1 << 20), ("0-1,8-9", 1 << 19)]
)
def test_the_second_level_cache_is_read_from_linux(
    shared: str, expected: int, tmp_path: Path
) -> None:
    write(tmp_path, 0, 1, "Data", "48K", "0")
    write(tmp_path, 1, 1, "Instruction", "64K", "0")
    assert second_level_bytes(tmp_path / "none") is None
    write(tmp_path, 2, 2, "Unified", "2048K", shared)
    assert second_level_bytes(tmp_path) == expected
