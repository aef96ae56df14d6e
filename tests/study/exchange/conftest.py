"""A recorded sweep and the file that it was exported to, shared by all tests of such files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.inside import inside

TINY = (
    *("size=100", "model.hidden=[5]", "train.epochs=2", "data.n_validation=100"),
    *("tracking.artifacts=light", "train.dtype=float64"),
)


@dataclass(frozen=True)
class Exported:
    """A folder with a store, and the sweep of three seeds in it as a file."""

    folder: Path
    sweep: str
    file: Path

    @property
    def content(self) -> bytes:
        return self.file.read_bytes()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    folder = tmp_path_factory.mktemp("exported")
    done = inside(folder, "-m", *TINY, "seed=0,1,2", "sweep.workers=1")
    assert done.returncode == 0, done.stdout + done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("sweep  ")]
    sweep, file = line.split()[1], folder / "results.nnexp"
    done = inside(folder, "export", "--sweep", sweep[:8], "--out", file.name, "--weights")
    assert done.returncode == 0, done.stdout + done.stderr
    return Exported(folder, sweep, file)
