"""`python -m nnexp compare`: settings against each other, with how sure one can be."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from nnexp.cli.comparison_data import everything, rows
from nnexp.cli.comparison_text import show, show_images
from nnexp.cli.formats import print_csv, print_json
from nnexp.cli.options import Parser, command
from nnexp.cli.run_options import add_selection, experiments, of_sweeps, read
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.check_seals import warnings_of
from nnexp.record.store import Store, open_store
from nnexp.study.compare import Comparison, compare
from nnexp.study.decision_rule import ALPHA, Rule, margin_of
from nnexp.study.grouping import varied
from nnexp.study.images import compare_images
from nnexp.study.ledger import COUNTED, is_of_test_data, ledger
from nnexp.study.metric import Metric
from nnexp.study.published import published_runs
from nnexp.study.rounds import undecided

if TYPE_CHECKING:
    import pandas as pd

BUDGET = 60
"""The budget that is offered where something is not resolved."""

TRAINED_BY = ("sweep.workers", "sweep.executor", "sweep.address")
"""Keys that say where further seeds are trained."""


def main(arguments: Sequence[str]) -> int:
    """Print a comparison; 1 if a run that was trained for it failed."""
    options = _parser().parse_args(arguments)
    _check(options)
    rule = _rule(options)
    store = open_store(options.tracking_uri, reading=True)
    names = experiments(store, options)
    recorded = read(store, options, names, COUNTED)
    whole = None if options.where else recorded
    chosen = of_sweeps(store, options, names, recorded).drop(columns="epochs", errors="ignore")
    frame = _tested(chosen, options.metric)
    by = _keys(options) or varied(frame)
    ask = partial(
        compare,
        by=by,
        metric=options.metric,
        pair=options.pair,
        published=published_runs(store, names),
        against=options.against,
        rule=rule,
    )
    done = None
    if options.until:
        from nnexp.cli.until import train_until

        done = train_until(options, arguments, by, ask, chosen)
        frame, whole = done.frame, done.recorded
    comparison = ask(frame)
    comparison = replace(comparison, warnings=_warnings(store, comparison, frame, whole))
    images = compare_images(store, frame, comparison, options.pair) if options.images else None
    if options.format == "json":
        print_json(everything(comparison, images))
    elif options.format == "csv":
        print_csv(rows(comparison, images))
    else:
        show(comparison, pairs=options.pairs)
        if images is not None:
            show_images(images)
        for line in (*(done.lines if done else ()), *_offer(comparison, options, arguments)):
            print(line)
        print(f"\nthis table: {command('compare', arguments)}")
    return int(bool(done and done.failed))


def _tested(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    """By what test data say, without the trials of a search, which have never seen any."""
    if not is_of_test_data(metric) or "monitor.test" not in frame:
        return frame
    tested = frame[frame["monitor.test"] != "never"]
    return frame if tested.empty else tested


def _keys(options: argparse.Namespace) -> list[str]:
    """The keys of `--by`; none where it was not given."""
    words = (word.strip() for word in (options.by or "").split(","))
    keys = list(dict.fromkeys(filter(None, words)))
    if options.by is not None and not keys:
        raise UserError("--by: names no key; allowed: such as reg,size")
    return keys


def _warnings(
    store: Store, comparison: Comparison, frame: pd.DataFrame, whole: pd.DataFrame | None
) -> tuple[str, ...]:
    """Those of the comparison, of the records it is of, and how often test data were looked at."""
    finished = [str(run_id) for run_id in frame.loc[frame["status"] == "FINISHED", "run_id"]]
    records = warnings_of(store, finished)
    if not is_of_test_data(comparison.metric):
        return (*comparison.warnings, *records)
    chosen = "; to choose among settings by them is to choose on test data (see nnexp search)"
    looks = ledger(store, set(frame["data"]), whole)
    told = f"{looks}{chosen if len(comparison.settings) > 1 else ''}"
    return (*comparison.warnings, *records, told)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "compare",
        "Settings of recorded runs against each other. First the answer in a sentence or two: "
        "which setting is\nbest, by how much, what is not resolved from it. Then the settings, the "
        "best first, and the effect of\neach key on its own: paired differences over all "
        "combinations of the others, with a warning where keys\ninteract. With --until resolved, "
        "further seeds are trained until that is told.\n"
        "docs/statistics.md says what is estimated and how.",
        "python -m nnexp compare --by reg,dropout --metric test/accuracy\n  "
        "python -m nnexp compare --experiment overfitting --experiment regularized "
        "--by experiment,size --metric gap/best\n  "
        "python -m nnexp compare --by reg,size --against 'reg=none size=1k'\n  "
        "python -m nnexp compare --by cost --within 0.2 --until resolved --budget 60",
    )
    parser.add_argument(
        "--by",
        metavar="KEY[,KEY]",
        help="what makes a setting: reg, size, dropout …, experiment, or any config key "
        "(default: all that varies)",
    )
    parser.add_argument("--pair", default="seed", metavar="KEY", help="what pairs runs (seed)")
    parser.add_argument(
        "--metric", default="test/accuracy", metavar="NAME", help="what is compared (test/accuracy)"
    )
    parser.add_argument("--pairs", action="store_true", help="every pair of settings too")
    parser.add_argument(
        "--against",
        metavar="SETTING",
        help="every setting against this one, such as 'reg=none size=1k' (p corrected for these)",
    )
    parser.add_argument(
        "--images",
        action="store_true",
        help="image by image too: which ones the best setting, or that of --against, gets right "
        "and others do not",
    )
    parser.add_argument(
        "--within",
        type=float,
        metavar="D",
        help="differences below D do not matter: pairs may be equivalent; in points for accuracies "
        "and gaps, else in the metric's own unit",
    )
    _add_rounds(parser)
    add_selection(parser)
    return parser


def _add_rounds(parser: argparse.ArgumentParser) -> None:
    """The options that train further seeds."""
    parser.add_argument(
        "--until",
        choices=["resolved"],
        help="train further seeds of what is not decided: every setting against the best, or "
        "against that of --against, two experiments against each other, with --pairs all pairs; "
        "judged by a test that may be looked at after every seed. Every recorded seed of the "
        "settings counts",
    )
    parser.add_argument(
        "--budget",
        type=int,
        metavar="N",
        help="with --until: at most N further runs, all starts of the same question together; 0 "
        "trains nothing",
    )
    parser.add_argument(
        "--alpha",
        type=float,
        metavar="A",
        help=f"with --until: the chance of one wrong verdict among all ({ALPHA:g})",
    )
    parser.add_argument(
        "trained_by",
        nargs="*",
        metavar="sweep.KEY=VALUE",
        help="with --until: where they are trained, as of a sweep: sweep.workers=N, or "
        "sweep.executor=dask sweep.address=tcp://HOST:8786",
    )


def _check(options: argparse.Namespace) -> None:
    """Refuse what does not go together."""
    if options.pairs and options.against is not None:
        raise UserError("--pairs: allowed without --against")
    for word in options.trained_by:
        if word.partition("=")[0] not in TRAINED_BY or not options.until:
            which = " or ".join(f"{key}=VALUE" for key in TRAINED_BY)
            key = options.by and "=" not in word
            by = f"; several keys are --by {options.by},{word}" if key else ""
            raise UserError(f"{printable(f'{word}: allowed: {which}, with --until resolved{by}')}")
    if not options.until:
        for name in ("budget", "alpha"):
            if getattr(options, name) is not None:
                raise UserError(f"--{name} {getattr(options, name)}: allowed with --until resolved")
        return
    if options.budget is None:
        raise UserError("--until resolved: allowed with --budget N, the most further runs")
    if options.budget < 0:
        raise UserError(f"--budget {options.budget}: allowed: 0 or more further runs")
    if options.alpha is not None and not 1e-9 <= options.alpha <= 0.5:
        raise UserError(f"--alpha {options.alpha}: allowed: 1e-9 to 0.5")
    if options.pair != "seed":
        raise UserError(f"--pair {options.pair}: allowed with --until: seed")
    if "sweep" in (options.by or "").split(","):
        raise UserError("--by sweep: allowed without --until, which trains in a sweep of its own")


def _rule(options: argparse.Namespace) -> Rule:
    within = margin_of(options.within, Metric(options.metric), "--within ")
    alpha = ALPHA if options.alpha is None else options.alpha
    return Rule(alpha, within, anytime=options.until is not None)


def _offer(
    comparison: Comparison, options: argparse.Namespace, arguments: Sequence[str]
) -> tuple[str, ...]:
    """What adding seeds costs, where somebody may be about to add some."""
    other = options.until or options.pair != "seed" or "sweep" in comparison.keys
    if (
        comparison.mixed
        or other
        or len(comparison.settings) < 2
        or not undecided(comparison, every=options.pairs)
    ):
        return ()
    line = command("compare", [*arguments, "--until", "resolved", "--budget", str(BUDGET)])
    raises = "adding seeds and looking again raises the error above 5 %"
    return (f"{raises}; this adds them and does not: {line}",)
