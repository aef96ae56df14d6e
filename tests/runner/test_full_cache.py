"""A cache folder that is full: what could not be written there is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from nnexp.kernel.cache import cache_folder
from tests.inside import inside
from tests.runner.typed import recorded


@pytest.mark.parametrize("swept", [(), ("-m", "seed=0,1", "sweep.workers=1")], ids=["run", "sweep"])
@pytest.mark.parametrize("compiling", ["compile_ahead", "laid_out"])
def test_the_folder_that_is_full_is_named(
    compiling: str, swept: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if swept and compiling == "laid_out":
        pytest.skip("workers lay out, after it has been compiled ahead")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"nnexp.runner.{'sweep_training' if swept else 'run'}.{compiling}", full)
    done = inside(tmp_path, *swept, "size=100", "train.epochs=1", "tracking.artifacts=light")
    assert done.returncode == 1
    assert f"No space left on device: '{cache_folder()}'" in done.stderr
    assert not recorded(tmp_path)
