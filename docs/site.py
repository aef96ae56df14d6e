"""The documents as a site to search: `make docs` writes it to site/, and needs no network.

Pages lie where they are read on their own (README.md, docs/, experiments/), so they are gathered
first. Links that lead out of them, to code and tests, stand as the names of these files.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GATHERED = ROOT / "build" / "pages"
TEXTS = ("CHANGELOG.md", "CONTRIBUTING.md", "docs/*.md", "experiments/**/*.md", "benchmarks/*.md")
OTHERS = (
    "docs/images/*",
    "docs/server/*",
    "experiments/*/*.png",
    "experiments/*/*.svg",
    "benchmarks/*.png",
)
LINK = re.compile(r"(?<!!)\[([^\]\[]*)\]\((?!https?:|#)([^)#\s]+)(#[^)\s]*)?\)")


def main() -> int:
    """Gather the pages and build the site, strictly: a broken link ends it."""
    shutil.rmtree(GATHERED, ignore_errors=True)
    pages = {ROOT / "README.md": GATHERED / "index.md"}
    pages |= {p: GATHERED / p.relative_to(ROOT) for t in TEXTS for p in sorted(ROOT.glob(t))}
    for page, place in pages.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(_within(page, set(pages)), encoding="utf-8")
    for pattern in OTHERS:
        for path in ROOT.glob(pattern):
            place = GATHERED / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    reference = ROOT / "docs" / "site_reference.txt"
    (GATHERED / "reference.md").write_text(reference.read_text(encoding="utf-8"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"], cwd=ROOT
    ).returncode


def _within(page: Path, pages: set[Path]) -> str:
    """A page with links to what is gathered; other files are named, not linked."""

    def link(found: re.Match[str]) -> str:
        text, target, place = found[1], (page.parent / found[2]).resolve(), found[3] or ""
        if not target.exists():
            raise SystemExit(f"{page.relative_to(ROOT)}: no file {found[2]}")
        if target == ROOT / "README.md":
            up = "../" * len(page.parent.relative_to(ROOT).parts)
            return f"[{text}]({up}index.md{place})"
        return found[0] if target in pages or target.suffix in (".png", ".svg") else text

    return LINK.sub(link, page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.exit(main())
