"""Imports go one way: nn <- data <- train <- record <- runner <- study <- __main__.

The contracts stand in pyproject.toml under [tool.importlinter]. They read the source; the last test
looks at what is really loaded.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

LINT = (
    "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
)

LOAD_AND_LIST = """
import importlib, pkgutil, sys

for name in ("nnexp.nn", "nnexp.data", "nnexp.train"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts of the checkout in `folder`."""
    return subprocess.run(
        [sys.executable, "-c", LINT], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the source, free to be spoiled."""
    no_data = shutil.ignore_patterns("*.gz", "__pycache__")
    shutil.copytree(ROOT / "nnexp", tmp_path / "nnexp", ignore=no_data)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_go_one_way() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("nn", "import nnexp.data", "Imports go one way"),
        ("data", "import nnexp.train", "Imports go one way"),
        ("train", "import nnexp.record", "Imports go one way"),
        ("study", "import nnexp.book", "Imports go one way"),
        ("record", "import nnexp.study", "Imports go one way"),
        ("nn", "import nnexp.config.schema", "never a config"),
        ("config", "import nnexp.nn", "imports none of them"),
        ("data", "from mlflow import MlflowClient", "neither Hydra nor MLflow"),
        ("train", "from omegaconf import OmegaConf", "neither Hydra nor MLflow"),
    ],
)
def test_import_against_the_way_is_caught(
    checkout: Path, module: str, line: str, contract: str
) -> None:
    with (checkout / "nnexp" / module / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    result = lint(checkout)
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [row for row in result.stdout.splitlines() if " BROKEN" in row]
    assert any(contract in row for row in broken), result.stdout


def test_trainer_loads_neither_hydra_nor_mlflow_nor_plotting() -> None:
    result = subprocess.run(
        [sys.executable, "-c", LOAD_AND_LIST], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert {"nnexp", "numpy"} <= loaded
    assert not loaded & {"hydra", "omegaconf", "mlflow", "pandas", "matplotlib", "rich"}
