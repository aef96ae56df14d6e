"""`python -m nnexp tag`: tags and names of recorded runs."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.cli.formats import add_format, done, said_beside
from nnexp.cli.options import Parser
from nnexp.cli.run_options import add_choice, choice_of, said
from nnexp.config.arguments import printable
from nnexp.config.check_arguments import check_tag
from nnexp.config.rules import MAX_NAME, MAX_TEXT
from nnexp.errors import UserError
from nnexp.record.sending import log
from nnexp.record.store import open_store
from nnexp.redact import redact
from nnexp.study.selected_runs import chosen


def main(arguments: Sequence[str]) -> int:
    """Set and remove tags; give a name."""
    parser = Parser(
        "tag",
        "Set tags of your own on recorded runs, or remove them (KEY-, or --remove KEY); --name "
        "gives runs another name. Seals and fingerprints know nothing of either.",
        "python -m nnexp tag 3f2a91c0 paper=fig3 draft-\n"
        "  python -m nnexp tag --sweep 7e817e52 paper=fig3",
    )
    parser.add_argument(
        "words", nargs="*", metavar="RUN_ID|KEY=VALUE|KEY-", help="which runs, and which tags"
    )
    add_choice(parser)
    parser.add_argument("--remove", action="append", default=[], metavar="KEY", help="remove a tag")
    parser.add_argument("--name", metavar="NAME", help="what the runs are called from now on")
    add_format(parser)
    options = parser.parse_intermixed_args(arguments)
    ids = [word for word in options.words if "=" not in word and not word.endswith("-")]
    removed = [*options.remove, *(w[:-1] for w in options.words if "=" not in w and w[-1:] == "-")]
    pairs = dict(word.partition("=")[::2] for word in options.words if "=" in word)
    for key in [*pairs, *removed]:
        check_tag(key, key)
    _check(pairs, options.name)
    if not pairs and not removed and options.name is None:
        raise UserError("tag: nothing to do; allowed: KEY=VALUE, KEY-, --remove KEY or --name NAME")
    if both := sorted(set(pairs) & set(removed)):
        raise UserError(f"tag: {both[0]}: set and removed at once; allowed: one of them")
    store = open_store(options.tracking_uri, trains=False)
    runs = chosen(store, choice_of(options, ids))
    tags = {key: redact(value) for key, value in pairs.items()}
    for run in runs:
        log(store, str(run.info.run_id), tags=tags)
        if options.name is not None:
            store.client.update_run(run.info.run_id, name=redact(options.name))
        for key in removed:
            if key in run.data.tags:
                store.client.delete_tag(run.info.run_id, key)
    changes = [f"{key}={value}" for key, value in tags.items()]
    changes += [f"named {options.name}"] if options.name is not None else []
    changes += [f"without {key}" for key in removed]
    with said_beside(options.format):
        print(printable(f"{said(runs)}: {', '.join(changes)}"))
    return done(options.format, runs=[str(run.info.run_id) for run in runs])


def _check(pairs: dict[str, str], name: str | None) -> None:
    for key, value in pairs.items():
        if value != printable(value) or not 0 < len(value) <= MAX_TEXT:
            raise UserError(
                f"{key}={printable(value)[:80]}: allowed: a line of 1 to {MAX_TEXT:,} characters"
            )
    if name is not None and (name != printable(name) or not 0 < len(name.strip()) <= MAX_NAME):
        raise UserError(
            f"--name '{printable(name)[:80]}': allowed: 1 to {MAX_NAME} characters, no control "
            "characters"
        )
