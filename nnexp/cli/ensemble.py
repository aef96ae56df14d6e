"""`python -m nnexp ensemble`: recorded networks that vote."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Sequence

import numpy as np

from nnexp.cli.network_options import add_networks, networks
from nnexp.cli.options import Parser, command
from nnexp.cli.printed_tables import mean_with_interval, print_tables
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.record.store import Store, open_store
from nnexp.record.untrained_runs import record_ensemble
from nnexp.runner.run_text import option_of
from nnexp.study.ensemble import (
    Floats,
    Likeness,
    Size,
    Verdict,
    likeness,
    majority,
    mean_of,
    sampled,
    sizes,
    verdict,
)
from nnexp.study.lookup import experiment_named, find_run
from nnexp.study.members import Members, stream
from nnexp.study.text_table import TextTable
from nnexp.train.plan import pixel_max_of
from nnexp.train.predict import outputs

KS = (1, 2, 3, 5, 10, 20, 50, 100)
"""Ensembles of so many networks, and means over so many masks, are looked at."""

SHOWN = 5
"""Settings that are named one by one."""

TOGETHER = (
    "Several networks together",
    ("setting", "networks", "ensembles", "mean outputs (%)", "votes (%)", "test cost"),
    "test accuracy of the mean of so many networks' outputs, and of the class that most are "
    "for; test cost without penalty, of the mean outputs; means over ensembles that share no "
    "network, with 95 % intervals",
)
ALIKE = (
    "How alike their errors are",
    ("setting", "agree (%)", "both wrong (%)", "if independent (%)", "same wrong class (%)",
     "correlation of errors", "all right (%)", "none right (%)"),
    "of two networks, mean over all pairs: test images taken for the same class; that both "
    "get wrong, and that they would if errors were independent; of those, taken for the same "
    "class; of all networks: images that every one, that none gets right",
)  # fmt: skip
MASKED = (
    "One network and the networks inside it",
    ("setting", "masks", "networks", "mean outputs (%)", "test cost"),
    "test accuracy and cost of the mean outputs over so many sampled choices of deleted units "
    "of one network, what is left divided by 1 - p, beside the full network; means over "
    "networks, with 95 % intervals",
)
"""Tables: title, columns, and what they hold."""


def main(arguments: Sequence[str]) -> int:
    """Let networks vote, print and record what they say together."""
    options = _parser().parse_args(arguments)
    if not 0 <= options.masks <= 1000:
        raise UserError(f"--masks {options.masks}: allowed: 0 to 1000")
    store, typed = open_store(options.tracking_uri, trains=False), command("ensemble", arguments)
    found = networks(store, options)
    number = _experiment(store, options.sweep, options.experiment)
    several = [setting for setting in found if len(setting.networks) > 1]
    if not several:
        raise UserError(
            "ensemble: no two networks differ in their seed only; "
            "allowed: runs of several seeds, such as -m 'seed=range(5)'"
        )
    together, alike, masked, recorded = [], [], [], []
    for setting in several:
        said = spoken(setting)
        labels, cost = setting.dataset.test.labels, setting.config.cost.name
        by_size, errors = sizes(said, labels, cost, _ks(len(said))), likeness(said, labels)
        together += [_row(setting.name, size) for size in by_size]
        alike.append(_alike(setting.name, errors))
        means = _masks(setting, options.masks) if setting.config.dropout.hidden else []
        masked += means
        ids = [member.run_id for member in setting.networks]
        recorded.append(
            record_ensemble(
                store, number, setting.config, ids, options.masks,
                _curves(by_size, errors), _errors(said, labels), typed,
            )
        )  # fmt: skip
    tables = ((TOGETHER, together), (ALIKE, alike), (MASKED, masked))
    made = [
        TextTable(title, head, tuple(rows), note, typed)
        for (title, head, note), rows in tables
        if rows
    ]
    print_tables(made, options.format)
    _tell_left_out(found, options.masks)
    if options.format == "table":
        shown = ", ".join(run_id[:8] for run_id in recorded)
        print(f"recorded   as runs of kind ensemble: {shown}")
        print(f"look       python -m nnexp ui{option_of(store)}")
    return 0


def _tell_left_out(found: Sequence[Members], masks: int) -> None:
    """Say on standard error which of what was asked for had nothing to work on."""
    alone = [setting.name for setting in found if len(setting.networks) < 2]
    if alone:
        names = "; ".join(alone[:SHOWN]) + (f"; {len(alone) - SHOWN} more" * (len(alone) > SHOWN))
        print(printable(f"left out, of one seed only: {names}"), file=sys.stderr)
    if masks and not any(len(s.networks) > 1 and s.config.dropout.hidden for s in found):
        print(
            f"--masks {masks}: no effect: none of these settings was trained with dropout "
            "of hidden units",
            file=sys.stderr,
        )


def _parser() -> Parser:
    parser = Parser(
        "ensemble",
        "Let recorded networks that differ in their seed only speak together: accuracy and cost of "
        "their mean outputs and of their votes on the test images, for 1, 2, 3, 5, 10 ... of them, "
        "and how alike their errors are. Every setting's ensemble is recorded as a run of its own "
        "kind, with the images that it gets wrong.",
        "python -m nnexp ensemble --experiment averaging --masks 100",
    )
    add_networks(parser)
    parser.add_argument(
        "--masks",
        type=int,
        default=0,
        metavar="N",
        help="of networks trained with dropout: also the mean over up to N sampled masks",
    )
    return parser


def spoken(setting: Members) -> Floats:
    """The outputs of the networks of a setting on the test images, (K, N, classes)."""
    images, top = setting.dataset.test.images, pixel_max_of(setting.config, setting.dataset)
    return np.stack([outputs(m.config, m.parameters, images, top) for m in setting.networks])


def _experiment(store: Store, sweep: str | None, name: str) -> str:
    if sweep is None:
        return experiment_named(store, name)
    return str(find_run(store, sweep).info.experiment_id)


def _ks(count: int) -> list[int]:
    return sorted({*(k for k in KS if k <= count), count})


def _row(name: str, size: Size) -> tuple[str, ...]:
    n, k = size.accuracy.n, str(size.k)
    shares = (mean_with_interval(size.accuracy, 100.0, 2), mean_with_interval(size.votes, 100.0, 2))
    return (name, k, str(n), *shares, mean_with_interval(size.cost, 1.0, 4))


def _alike(name: str, e: Likeness) -> tuple[str, ...]:
    shares = (e.agreement, e.both_wrong, e.independent, e.same_error)
    ends = (e.all_right, e.none_right)
    return (
        name, *(f"{100 * v:.2f}" for v in shares), f"{e.correlation:.2f}",
        *(f"{100 * v:.2f}" for v in ends),
    )  # fmt: skip


def _masks(setting: Members, most: int) -> list[tuple[str, ...]]:
    """Of each network the mean over its first 1, 2, 5 … masks, and the full network."""
    if not most:
        return []
    images, labels = setting.dataset.test.images, setting.dataset.test.labels
    top, cost = pixel_max_of(setting.config, setting.dataset), setting.config.cost.name
    by_count: dict[str, list[Verdict]] = {}
    for member in setting.networks:
        rate, bits = member.config.dropout.hidden, stream(member.config.seed, "masks")
        total = np.zeros(())
        for count, network in enumerate(sampled(member.parameters, rate, most, bits), start=1):
            total = total + outputs(member.config, network, images, top)
            if count in _ks(most):
                found = verdict((total / count)[None], labels, cost)
                by_count.setdefault(str(count), []).append(found)
        full = outputs(member.config, member.parameters, images, top)
        by_count.setdefault("full network", []).append(verdict(full[None], labels, cost))
    return [
        (
            setting.name,
            count,
            str(len(found)),
            mean_with_interval([v.accuracy for v in found], 100.0, 2),
            mean_with_interval([v.cost for v in found], 1.0, 4),
        )
        for count, found in by_count.items()
    ]


def _curves(by_size: Sequence[Size], e: Likeness) -> dict[str, list[tuple[int, float]]]:
    curves = {
        "test/accuracy": [(s.k, s.accuracy.mean) for s in by_size],
        "test/accuracy_votes": [(s.k, s.votes.mean) for s in by_size],
        "test/data_cost": [(s.k, s.cost.mean) for s in by_size],
    }
    ends = {f"errors/{name}": [(by_size[-1].k, value)] for name, value in vars(e).items()}
    return {**curves, **ends}


def _errors(said: Floats, labels: np.ndarray) -> str:
    """The test images that the ensemble, or any of its networks, gets wrong, as CSV."""
    classes, mean, voted = said.argmax(axis=2), mean_of(said).argmax(axis=1), majority(said)
    wrong = (classes != labels).sum(axis=0)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["image", "label", "mean_outputs", "votes", "networks_wrong"])
    for i in np.flatnonzero((wrong > 0) | (mean != labels)):
        writer.writerow([i, labels[i], mean[i], voted[i], wrong[i]])
    return text.getvalue()
