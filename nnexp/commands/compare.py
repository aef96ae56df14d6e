"""`python -m nnexp compare`: settings against each other, with how sure one can be."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nnexp.commands.compared import show
from nnexp.commands.options import Parser, add_selection, command, experiments, selected
from nnexp.errors import UserError
from nnexp.record.check import warnings_of
from nnexp.record.store import open_store
from nnexp.study.answer import answer
from nnexp.study.compare import Comparison, Pair, Setting, compare
from nnexp.study.effects import Effect, Interaction
from nnexp.study.grouping import varied
from nnexp.study.ledger import is_of_test_data, ledger
from nnexp.study.published import published_runs


def main(arguments: Sequence[str]) -> int:
    """Print a comparison."""
    parser = Parser(
        "compare",
        "Settings of recorded runs against each other. First the answer in a sentence or two: "
        "which setting is\nbest, by how much, what is not resolved from it. Then the settings, the "
        "best first, and the effect of\neach key on its own: paired differences over all "
        "combinations of the others, with a warning where keys\ninteract. "
        "docs/statistics.md says what is estimated and how.",
        "python -m nnexp compare --by reg,dropout --metric test/accuracy\n  "
        "python -m nnexp compare --experiment overfitting --experiment regularized "
        "--by experiment,size --metric gap/best\n  "
        "python -m nnexp compare --by reg,size --against 'reg=none size=1k'",
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
    add_selection(parser)
    options = parser.parse_args(arguments)
    if options.pairs and options.against is not None:
        raise UserError("--pairs: allowed without --against")
    frame = selected(options)
    if is_of_test_data(options.metric) and "monitor.test" in frame:
        # The trials of a search have never seen test data.
        tested = frame[frame["monitor.test"] != "never"]
        frame = frame if tested.empty else tested
    published = published_runs(options.tracking_uri, experiments(options))
    by = [word.strip() for word in (options.by or "").split(",") if word.strip()]
    if options.by is not None and not by:
        raise UserError("--by: names no key; allowed: such as reg,size")
    found = compare(
        frame,
        by or varied(frame),
        options.metric,
        pair=options.pair,
        published=published,
        against=options.against,
    )
    finished = [str(run_id) for run_id in frame.loc[frame["status"] == "FINISHED", "run_id"]]
    store = open_store(options.tracking_uri, reading=True)
    said = [*found.warnings, *warnings_of(store, finished)]
    if is_of_test_data(found.metric):
        looks = str(ledger(store, set(frame["data"])))
        chosen = "; to choose among settings by them is to choose on test data (see nnexp search)"
        said.append(looks + (chosen if len(found.settings) > 1 else ""))
    found = replace(found, warnings=tuple(said))
    if options.format == "table":
        show(found, pairs=options.pairs)
        print(f"\nthis table: {command('compare', arguments)}")
    elif options.format == "json":
        json.dump(_plain(found), sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _csv(found)
    return 0


def _setting(s: Setting) -> dict[str, Any]:
    m = s.summary
    return {
        "setting": s.name,
        "n": m.n,
        "failed": s.failed,
        "mean": m.mean,
        "low": m.low,
        "high": m.high,
        "sd": m.sd,
        "interquartile_mean": m.interquartile_mean,
        "published": s.published,
        "label": s.label,
    }


def _pair(p: Pair) -> dict[str, Any]:
    d = p.difference
    return {
        "a": p.a,
        "b": p.b,
        "paired": p.paired,
        "difference": d.mean,
        "low": d.low,
        "high": d.high,
        "probability": d.probability.value,
        "probability_low": d.probability.low,
        "probability_high": d.probability.high,
        "p_t": d.t_p,
        "p_t_holm": p.p,
        "p_permutation": d.permutation_p,
        "resolved": p.resolved,
        "more_seeds": p.more_seeds,
        "label_a": p.label_a,
        "label_b": p.label_b,
    }


def _effect(e: Effect) -> dict[str, Any]:
    return {
        "factor": e.factor,
        "a": e.a,
        "b": e.b,
        "paired": e.paired,
        "n": e.n,
        "left_out": e.left_out,
        "cells": e.cells,
        "of_cells": e.of_cells,
        "difference": e.mean,
        "low": e.low,
        "high": e.high,
        "p_t": e.t_p,
        "p_t_holm": e.p,
        "resolved": e.resolved,
        "more_seeds": e.more_seeds,
    }


def _interaction(test: Interaction) -> dict[str, Any]:
    return {
        "factor": test.factor,
        "a": test.a,
        "b": test.b,
        "other": test.other,
        "here": test.here,
        "there": test.there,
        "n": test.n,
        "difference": test.mean,
        "low": test.low,
        "high": test.high,
        "p_t": test.t_p,
        "p_t_holm": test.p,
        "resolved": test.resolved,
    }


def _plain(found: Comparison) -> dict[str, Any]:
    """For JSON: NaN, which JSON does not know, as null."""
    content = {
        "metric": found.metric,
        "by": list(found.by),
        "settings": [_setting(s) for s in found.settings],
        "pairs": [_pair(p) for p in found.pairs],
        "warnings": list(found.warnings),
        "binomial_error": found.binomial,
        "mixed": list(found.mixed),
        "answer": list(answer(found)),
        "best": None if found.mixed else found.ranked[0].name,
        "against": None if found.against is None else found.against.name,
        "effects": [_effect(e) for e in found.effects],
        "interactions": [_interaction(test) for test in found.interactions],
    }
    cleaned: dict[str, Any] = _without_nan(content)
    return cleaned


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _csv(found: Comparison) -> None:
    rows = [{"kind": "setting", **_setting(s)} for s in found.settings]
    rows += [{"kind": "pair", **_pair(p)} for p in found.pairs]
    rows += [{"kind": "effect", **_effect(e)} for e in found.effects]
    rows += [{"kind": "interaction", **_interaction(test)} for test in found.interactions]
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
