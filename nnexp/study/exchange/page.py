"""Results inside a report's page: a file of results as text, where a browser does not look."""

from __future__ import annotations

import base64
import binascii
import re
from pathlib import Path

from nnexp.errors import UserError
from nnexp.study.exchange.manifest import canonical, plain_json
from nnexp.study.exchange.results import Results, results_of

PAGE = (".html", ".htm")

MOST_BYTES = 500_000_000

_OPENING = '<script type="application/json" id="nnexp-results">'
_SCRIPT = re.compile(re.escape(_OPENING) + r"([^<]*)</script>")


def script(content: bytes) -> str:
    """The element of a page that carries a file of results."""
    return (
        f"{_OPENING}{canonical({'base64': base64.b64encode(content).decode()}).decode()}</script>"
    )


def results_in_page(path: Path) -> Results:
    """The results that a page carries.

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
    plain = plain_json(found[0].encode(), str(path))
    encoded = plain.get("base64") if isinstance(plain, dict) else None
    try:
        return results_of(base64.b64decode(str(encoded), validate=True), str(path))
    except binascii.Error as error:
        raise UserError(f"{path}: the results that it carries are damaged ({error})") from error
