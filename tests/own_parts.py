"""The file with parts of one's own that docs/extending.md consists of: all tests of such parts load
it, so that the kernel is compiled with them once a machine."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")

TEXT = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))


def write(folder: Path, text: str = TEXT) -> Path:
    """The file in a folder."""
    path = folder / "my_parts.py"
    path.write_text(text, encoding="utf-8")
    return path
