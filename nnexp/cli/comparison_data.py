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


def print_json(found: Comparison, images: Images | None = None) -> None:
    """Everything, as one object."""
    more = {} if images is None else {"images": _without_nan(asdict(images))}
    json.dump({**_plain(found), **more}, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def print_csv(found: Comparison, images: Images | None = None) -> None:
    """Settings, pairs, effects … as rows, told apart by the column `kind`."""
    rows = [{"kind": "setting", **_setting(s)} for s in found.settings]
    rows += [{"kind": "pair", **_pair(p)} for p in found.pairs]
    rows += [{"kind": "effect", **_effect(e)} for e in found.effects]
    rows += [{"kind": "interaction", **_interaction(test)} for test in found.interactions]
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


def _judged(found: Judged) -> dict[str, Any]:
    """What is common to all differences. Of anytime-valid tests E takes the place of p."""
    anytime = found.rule.anytime
    return {
        "difference": found.mean,
        "low": found.low,
        "high": found.high,
        "p_t": None if anytime else found.t_p,
        "p_t_holm": None if anytime else found.p,
        "e": found.e,
        "e_holm": 1.0 / found.p if anytime else None,
        "resolved": found.resolved,
        "p_within_holm": found.p_within,
        "equivalent": None if found.p_within is None else found.equivalent,
        "verdict": found.verdict,
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


def _named(found: Judged, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(found, name) for name in names}


def _plain(found: Comparison) -> dict[str, Any]:
    """For JSON: NaN, which JSON does not know, as null."""
    content = {
        "metric": found.metric,
        "alpha": found.rule.alpha,
        "within": found.rule.within,
        "anytime": found.rule.anytime,
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
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
