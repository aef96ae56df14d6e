"""`python -m nnexp compare`: settings against each other, with how sure one can be."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rich.markup import escape
from rich.table import Table

from nnexp.commands.options import Parser, add_selection, command, selected
from nnexp.record.check import warnings_of
from nnexp.record.store import open_store
from nnexp.study.compare import Comparison, Pair, Setting, compare
from nnexp.study.published import published_runs
from nnexp.terminal import console as new_console


def main(arguments: Sequence[str]) -> int:
    """Print a comparison."""
    parser = Parser(
        "compare",
        "Settings of recorded runs against each other: n, mean with 95 % interval, and for each "
        "pair of settings the difference of runs with the same seed. docs/statistics.md says what "
        "is estimated and how.",
        "python -m nnexp compare --by reg,dropout --metric test/accuracy",
    )
    parser.add_argument("--by", required=True, metavar="KEY[,KEY]", help="what makes a setting")
    parser.add_argument("--pair", default="seed", metavar="KEY", help="what pairs runs (seed)")
    parser.add_argument(
        "--metric", default="test/accuracy", metavar="NAME", help="what is compared (test/accuracy)"
    )
    add_selection(parser)
    options = parser.parse_args(arguments)
    frame = selected(options)
    published = published_runs(options.tracking_uri, options.experiment)
    by = [word.strip() for word in options.by.split(",") if word.strip()]
    found = compare(frame, by, options.metric, pair=options.pair, published=published)
    finished = [str(run_id) for run_id in frame.loc[frame["status"] == "FINISHED", "run_id"]]
    changed = warnings_of(open_store(options.tracking_uri, reading=True), finished)
    found = replace(found, warnings=(*found.warnings, *changed))
    if options.format == "table":
        _print(found)
        print(f"\nthis table: {command('compare', arguments)}")
    elif options.format == "json":
        json.dump(_plain(found), sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _csv(found)
    return 0


def _scale(metric: str) -> tuple[float, str]:
    """Fractions are shown in percent, their differences in points."""
    percent = metric.endswith("accuracy") or metric.startswith("gap/")
    return (100.0, "points") if percent else (1.0, "")


def _number(value: float, scale: float, *, sign: bool = False) -> str:
    if math.isnan(value):
        return "-"
    text = f"{scale * value:+.2f}" if sign else f"{scale * value:.2f}"
    return text if scale != 1.0 else (f"{value:+.4g}" if sign else f"{value:.4g}")


def _print(found: Comparison) -> None:
    console = new_console()
    scale, unit = _scale(found.metric)
    what = f"{found.metric} in percent" if unit else found.metric
    console.print(f"{what}, by {', '.join(found.by)}\n", highlight=False)
    console.print(_settings_table(found, scale))
    if found.pairs:
        console.print()
        console.print(_pairs_table(found.pairs, scale, unit))
        if found.mixed:
            console.print("not judged: the settings are mixed, as the first note says")
        else:
            for pair in found.pairs:
                console.print(escape(_verdict(pair, scale, unit)), highlight=False)
        for line in _tests(found.pairs):
            console.print(line, highlight=False)
    if found.binomial is not None:
        console.print(
            f"beside the spread over seeds: an accuracy measured on 10,000 images has a standard "
            f"error of {100 * found.binomial:.2f} points",
            highlight=False,
        )
    for warning in found.warnings:
        console.print(escape(f"note: {warning}"), highlight=False)


def _tests(pairs: Sequence[Pair]) -> list[str]:
    """What the two columns of p-values are."""
    many = f", corrected for {len(pairs)} comparisons (Holm)" if len(pairs) > 1 else ""
    fewest = min(getattr(p.difference, "n", 99) for p in pairs)
    floor = ""
    if fewest < 6:
        least = 2.0 ** (1 - fewest)
        floor = f"; {fewest} pairs cannot bring it below {least:g}, however clear the difference"
    return [
        f"p: t test of the mean difference{many}",
        f"exact p: permutation test, which assumes no distribution{floor}",
    ]


def _settings_table(found: Comparison, scale: float) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(", ".join(found.by))
    printed = any(s.published is not None for s in found.settings)
    titles = ["n", "failed", "mean", "95 % interval", "sd", "interquartile mean"]
    for title in [*titles, *(["published"] if printed else [])]:
        table.add_column(title, justify="right", no_wrap=True)
    for s in found.settings:
        m = s.summary
        cells = [
            str(m.n),
            str(s.failed),
            _number(m.mean, scale),
            f"{_number(m.low, scale)} to {_number(m.high, scale)}",
            _number(m.sd, scale),
            _number(m.interquartile_mean, scale),
        ]
        if printed:
            cells.append("" if s.published is None else _number(s.published, scale))
        table.add_row(escape(s.name), *cells)
    return table


def _pairs_table(pairs: Sequence[Pair], scale: float, unit: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("A")
    table.add_column("B")
    difference = f"A - B ({unit})" if unit else "A - B"
    titles = ("pairs", difference, "95 % interval", "P(A > B)", "its interval", "p", "exact p")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    for pair in pairs:
        d = pair.difference
        n = str(getattr(d, "n", "unpaired"))
        table.add_row(
            escape(pair.a),
            escape(pair.b),
            n,
            _number(d.mean, scale, sign=True),
            f"{_number(d.low, scale, sign=True)} to {_number(d.high, scale, sign=True)}",
            f"{d.probability.value:.2f}",
            f"{d.probability.low:.2f} to {d.probability.high:.2f}",
            f"{pair.p:.2g}",
            f"{d.permutation_p:.2g}",
        )
    return table


def _verdict(pair: Pair, scale: float, unit: str) -> str:
    d = pair.difference
    if pair.resolved:
        size = _number(abs(d.mean), scale)
        return f"{pair.a} is {d.verdict} than {pair.b} by {size} {unit}".rstrip()
    text = f"{pair.a} against {pair.b}: not resolved"
    if d.resolved:
        text += " among so many pairs, though its own interval excludes zero"
    if pair.more_seeds:
        text += f"; about {pair.more_seeds} more seeds would be needed"
    return text


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
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
