"""`python -m nnexp note RUN_ID TEXT`: what the description of a run begins with."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.config.arguments import printable
from nnexp.config.rules import MAX_TEXT
from nnexp.errors import UserError
from nnexp.record.labels import noted
from nnexp.record.sending import log
from nnexp.record.store import open_store
from nnexp.redact import redact
from nnexp.study.lookup import find_run


def main(arguments: Sequence[str]) -> int:
    """Write the note of a run or sweep."""
    parser = Parser(
        "note",
        "Write the note of a recorded run or sweep: it stands before the result in the MLflow UI, "
        "and `show` prints it. An empty text removes it.",
        "python -m nnexp note 3f2a91c0 'the run of figure 3'",
    )
    parser.add_argument("run_id", metavar="RUN_ID", help="a run or sweep id, or its beginning")
    parser.add_argument("text", metavar="TEXT", help="the note")
    add_format(parser)
    options = parser.parse_args(arguments)
    text = redact(options.text.strip())
    lines = text.split("\n")
    if len(text) > MAX_TEXT or any(line != printable(line) for line in lines):
        raise UserError(
            f"TEXT {printable(text)[:60]!r}: allowed: at most {MAX_TEXT:,} characters, no control "
            "characters"
        )
    store = open_store(options.tracking_uri, trains=False)
    run = find_run(store, options.run_id)
    log(store, str(run.info.run_id), tags=noted(run.data.tags, text))
    what = f"note: {text}" if text else "no note"
    with said_beside(options.format):
        print(f"{printable(str(run.info.run_id)[:8])}: {what}")
    return done(options.format, runs=[str(run.info.run_id)])
