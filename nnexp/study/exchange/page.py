"""Results inside a report's page: a file of results as text, where a browser does not look."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from nnexp.errors import UserError
from nnexp.study.exchange.archive import sha256
from nnexp.study.exchange.manifest import canonical, plain_json
from nnexp.study.exchange.results import Results, results_of

PAGE = (".html", ".htm")

MOST_BYTES = 500_000_000

MARK = "<!-- results of nnexp -->"
"""Where a page carries its results; its digest is of the page with this in their place."""

_OPENING = '<script type="application/json" id="nnexp-results">'
_SCRIPT = re.compile(re.escape(_OPENING) + r"[^<]*</script>")


def with_results(page: str, content: bytes) -> str:
    """A page that has `MARK` in it once, with a file of results in its place."""
    carried = {"base64": base64.b64encode(content).decode(), "page_sha256": sha256(page.encode())}
    return page.replace(MARK, f"{_OPENING}{canonical(carried).decode()}</script>")


def results_in_page(path: Path) -> tuple[Results, bool]:
    """The results that a page carries, and whether the page around them is as it was written.

    Raises:
        UserError: the page cannot be read, or carries none.
    """
    try:
        if not path.is_file():
            path.stat()  # Where there is nothing, this says so.
            raise UserError(f"{path}: no plain file; allowed: a report's page")
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path}: larger than {MOST_BYTES:,} bytes; allowed: a report's page")
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read ({error}); allowed: a report's page") from error
    found = _SCRIPT.findall(text)
    if len(found) != 1:
        how = "carries no results" if not found else "carries results more than once"
        raise UserError(f"{path}: {how}; allowed: a page that python -m nnexp report has written")
    inner = found[0].removeprefix(_OPENING).removesuffix("</script>")
    plain = plain_json(inner.encode(), str(path))
    if not isinstance(plain, dict):
        raise UserError(f"{path}: the results that it carries are damaged")
    try:
        content = base64.b64decode(str(plain.get("base64")), validate=True)
    except binascii.Error as error:
        raise UserError(f"{path}: the results that it carries are damaged ({error})") from error
    page = text.replace(found[0], MARK)
    return results_of(content, str(path)), sha256(page.encode()) == plain.get("page_sha256")
