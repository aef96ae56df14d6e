"""What the documents name exists: functions, files, commands."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from nnexp.cli import WORDS

ROOT = Path(__file__).parent.parent.parent
TEXTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "experiments/**/*.md", "benchmarks/*.md")
PAGES = sorted(path for text in TEXTS for path in ROOT.glob(text))
PACKAGES = "|".join(sorted(p.stem for p in (ROOT / "nnexp").iterdir() if p.stem.isidentifier()))


def exists(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for name in parts[cut:]:
            if not hasattr(found, name):
                return False
            found = getattr(found, name)
        return True
    return False


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_linked_file_and_named_function_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (page.parent / link).exists(), link
    for name in re.findall(rf"`(nnexp\.(?:{PACKAGES})(?:\.[\w.]*)?)`", text):
        assert exists(name), name


def test_every_test_named_on_the_page_of_promises_exists() -> None:
    page = ROOT / "docs" / "reliability.md"
    named = re.findall(r"\]\(([^)]+\.py)\): ((?:`test_\w+`(?:, )?)+)", page.read_text("utf-8"))
    assert len(named) > 20
    for file, names in named:
        text = (page.parent / file).read_text(encoding="utf-8")
        for name in re.findall(r"\w+", names):
            assert f"def {name}(" in text, (file, name)


def test_readme_names_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for word in WORDS:
        assert f"python -m nnexp {word}" in text
