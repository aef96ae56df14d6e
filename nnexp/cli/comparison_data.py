"""A comparison as JSON and as CSV, for programs."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnexp.study.answer import answer
from nnexp.study.compare import Comparison, Pair, Setting
from nnexp.study.effects import Effect, Interaction
from nnexp.study.images import ImagePair, Images
from nnexp.study.judge import Judged


def print_json(comparison: Comparison, images: Images | None = None) -> None:
    """Everything, as one object."""
    more = {} if images is None else {"images": _without_nan(asdict(images))}
    json.dump({**_plain(comparison), **more}, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def print_csv(comparison: Comparison, images: Images | None = None) -> None:
    """Settings, pairs, effects … as rows, told apart by the column `kind`."""
    rows = [{"kind": "setting", **_setting(s)} for s in comparison.settings]
    rows += [{"kind": "pair", **_pair(p)} for p in comparison.pairs]
    rows += [{"kind": "effect", **_effect(e)} for e in comparison.effects]
    rows += [{"kind": "interaction", **_interaction(test)} for test in comparison.interactions]
    rows += [{"kind": "images", **_image_pair(p)} for p in (images.pairs if images else ())]
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(sys.stdout, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)


def _image_pair(pair: ImagePair) -> dict[str, Any]:
    """Lists as one cell, joined by blanks."""
    cells = asdict(pair).items()
    return {k: " ".join(map(str, v)) if isinstance(v, tuple) else v for k, v in cells}


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


def _judged(judged: Judged) -> dict[str, Any]:
    """What is common to all differences. Of anytime-valid tests E takes the place of p."""
    anytime = judged.rule.anytime
    return {
        "difference": judged.mean,
        "low": judged.low,
        "high": judged.high,
        "p_t": None if anytime else judged.t_p,
        "p_t_holm": None if anytime else judged.p,
        "e": judged.e,
        "e_holm": 1.0 / judged.p if anytime else None,
        "resolved": judged.resolved,
        "p_within_holm": judged.p_within,
        "equivalent": None if judged.p_within is None else judged.equivalent,
        "verdict": judged.verdict,
    }


def _pair(p: Pair) -> dict[str, Any]:
    probability = p.probability
    return {
        "a": p.a,
        "b": p.b,
        "paired": p.paired,
        **_judged(p),
        "probability": probability.value,
        "probability_low": probability.low,
        "probability_high": probability.high,
        "meaningful": probability.meaningful,
        "p_permutation": p.difference.permutation_p,
        "more_seeds": p.more_seeds,
        "label_a": p.label_a,
        "label_b": p.label_b,
    }


def _effect(e: Effect) -> dict[str, Any]:
    names = ("factor", "a", "b", "paired", "n", "left_out", "cells", "of_cells")
    return {**_named(e, names), **_judged(e), "more_seeds": e.more_seeds}


def _interaction(test: Interaction) -> dict[str, Any]:
    return {**_named(test, ("factor", "a", "b", "other", "here", "there", "n")), **_judged(test)}


def _named(judged: Judged, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(judged, name) for name in names}


def _plain(comparison: Comparison) -> dict[str, Any]:
    """For JSON: NaN, which JSON does not know, as null."""
    content = {
        "metric": comparison.metric,
        "alpha": comparison.rule.alpha,
        "within": comparison.rule.within,
        "anytime": comparison.rule.anytime,
        "by": list(comparison.by),
        "settings": [_setting(s) for s in comparison.settings],
        "pairs": [_pair(p) for p in comparison.pairs],
        "warnings": list(comparison.warnings),
        "binomial_error": comparison.binomial,
        "mixed": list(comparison.mixed),
        "answer": list(answer(comparison)),
        "best": None if comparison.mixed else comparison.ranked[0].name,
        "against": None if comparison.against is None else comparison.against.name,
        "effects": [_effect(e) for e in comparison.effects],
        "interactions": [_interaction(test) for test in comparison.interactions],
    }
    cleaned: dict[str, Any] = _without_nan(content)
    return cleaned


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
