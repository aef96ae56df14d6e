"""The wheel is the whole program: code, configs, MNIST, licenses and the `nnexp` command."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MNIST = ROOT / "nnexp" / "data" / "mnist"


@dataclass(frozen=True)
class Installed:
    """A wheel, and the folder outside the checkout that it is installed in."""

    wheel: Path
    folder: Path

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command that sees the installed wheel and not the checkout."""
        env = {**os.environ, "PYTHONPATH": str(self.folder)}
        return subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Built as for a release (source archive, then the wheel from it), then installed."""
    work = tmp_path_factory.mktemp("wheel")
    pack = ["build", "--no-isolation", "--outdir", str(work / "dist"), str(ROOT)]
    subprocess.run([sys.executable, "-m", *pack], check=True, capture_output=True)
    (wheel,) = (work / "dist").glob("*.whl")
    target = ["--no-index", "--no-deps", "--target", str(work / "site")]
    install = ["pip", "install", "--quiet", *target, str(wheel)]
    subprocess.run([sys.executable, "-m", *install], check=True, capture_output=True)
    return Installed(wheel, work / "site")


@pytest.fixture(scope="module")
def content(installed: Installed) -> dict[str, bytes]:
    """The wheel's files by name."""
    with zipfile.ZipFile(installed.wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_wheel_holds_every_config_file(content: dict[str, bytes]) -> None:
    configs = [path for path in (ROOT / "conf").rglob("*") if path.is_file()]
    assert ROOT / "conf" / "config.yaml" in configs
    for path in configs:
        name = f"nnexp/conf/{path.relative_to(ROOT / 'conf').as_posix()}"
        assert content[name] == path.read_bytes()


def test_wheel_holds_mnist_as_its_attribution_says(content: dict[str, bytes]) -> None:
    readme = content["nnexp/data/mnist/README.md"].decode()
    assert "LeCun" in readme
    assert "CC BY-SA 3.0" in readme
    rows = re.findall(r"\| (\S+-ubyte) \| ([0-9a-f]{64}) \|", readme)
    assert len(rows) == 4
    for name, digest in rows:
        unzipped = gzip.decompress(content[f"nnexp/data/mnist/{name}.gz"])
        assert hashlib.sha256(unzipped).hexdigest() == digest


def test_wheel_holds_the_plotting_library_as_published_with_its_licence(
    content: dict[str, bytes],
) -> None:
    folder = "nnexp/report/vendor"
    rows = re.findall(
        r"\| (uPlot\S+) \| ([0-9a-f]{64}) \|", content[f"{folder}/README.md"].decode()
    )
    assert len(rows) == 2
    for name, digest in rows:
        assert hashlib.sha256(content[f"{folder}/{name}"]).hexdigest() == digest
    (licence,) = [n for n in content if n.endswith(f"/licenses/{folder}/LICENSE")]
    assert b"Leon Sorokin" in content[licence]


def test_wheel_holds_every_module_and_nothing_beside_the_package(content: dict[str, bytes]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "nnexp").rglob("*.py")}
    assert modules <= content.keys()
    top = {name.partition("/")[0] for name in content}
    assert {name for name in top if not name.endswith(".dist-info")} == {"nnexp"}
    assert not [name for name in content if name.endswith((".pyc", ".db"))]
    assert [name for name in content if name.endswith("/licenses/LICENSE")]


def test_installed_wheel_answers_from_an_empty_folder(installed: Installed, tmp_path: Path) -> None:
    where = installed.run(sys.executable, "-c", "import nnexp; print(nnexp.__file__)", cwd=tmp_path)
    assert Path(where.stdout.strip()).is_relative_to(installed.folder)
    module = installed.run(sys.executable, "-m", "nnexp", "--help", cwd=tmp_path)
    assert module.returncode == 0, module.stderr
    assert "python -m nnexp" in module.stdout
    script = installed.run(installed.folder / "bin" / "nnexp", "--help", cwd=tmp_path)
    assert script.returncode == 0, script.stderr
    assert "nnexp -m key=a,b" in script.stdout
    assert "python -m nnexp" not in script.stdout


def test_installed_wheel_finds_its_configs(installed: Installed, tmp_path: Path) -> None:
    """A value that does not exist is answered with those in the wheel's conf/cost/."""
    result = installed.run(sys.executable, "-m", "nnexp", "cost=cubic", cwd=tmp_path)
    assert result.returncode == 2, result.stdout + result.stderr
    (line,) = result.stderr.splitlines()
    assert "crossentropy" in line
