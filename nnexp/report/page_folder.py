"""The folder of a report: its figures as files, and those that an earlier report has left there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from nnexp.atomic_files import write_whole
from nnexp.errors import UserError
from nnexp.report.plots import Drawn
from nnexp.report.svg import png_file, svg_file

_TITLE, _HEAD = b": report</title>", 8192
"""What stands in so many bytes at the beginning of a report."""
_FILES = re.compile(rb'<meta name="nnexp-figures" content="([^"]*)">')
_FIGURE = re.compile(r"([A-Za-z0-9_-]+\.(?:png|svg))=([0-9a-f]{16})")


def check_is_ours(page: Path) -> None:
    """A report takes the place of an earlier one, and of no other page.

    Raises:
        UserError: there is another page.
    """
    with suppress(OSError):
        if page.is_file() and _TITLE not in page.read_bytes()[:_HEAD]:
            raise UserError(
                f"--out {page.parent}: the index.html there is no report, and is left alone; "
                "allowed: another folder"
            )


def figures_of(page: Path) -> dict[str, str]:
    """The figures that a page says were written beside it, with their digests; none without one."""
    try:
        found = _FILES.search(page.read_bytes())
    except OSError:
        return {}
    listed = found.group(1).decode("utf-8", "replace").split() if found else []
    matches = filter(None, map(_FIGURE.fullmatch, listed))
    return {match[1]: match[2] for match in matches}


def save_figures(folder: Path, drawn: Sequence[Drawn]) -> dict[str, str]:
    """Write figures as PNG and SVG; their names with digests.

    Raises:
        OSError: the folder cannot be written.
    """
    written = {}
    for figure in drawn:
        for kind, made in (("png", png_file), ("svg", svg_file)):
            content = made(figure)
            write_whole(folder / f"{figure.name}.{kind}", content)
            written[f"{figure.name}.{kind}"] = _digest(content)
    return written


def remove_unused(folder: Path, before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Remove the figures of an earlier page that the new one does not have.

    A file that is no longer what was written then belongs to somebody else, and stays.
    """
    for name in before.keys() - now.keys():
        path = folder / name
        with suppress(OSError):
            if not path.is_symlink() and _digest(path.read_bytes()) == before[name]:
                path.unlink()


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]
