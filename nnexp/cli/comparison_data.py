"""A comparison as plain values, for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnexp.study.compare import Comparison, Pair, Setting
from nnexp.study.comparison_text import answer
from nnexp.study.decision_rule import Judged
from nnexp.study.effects import Effect, Interaction
from nnexp.study.images import ImagePair, Images


def everything(comparison: Comparison, images: Images | None = None) -> dict[str, Any]:
    """As one object; NaN is there as it is."""
    content = {
        "metric": comparison.metric,
        "alpha": comparison.rule.alpha,
        "within": comparison.rule.within,
        "anytime": comparison.rule.anytime,
        "by": list(comparison.by),
        "settings": [_setting(s) for s in comparison.settings],
        "pairs": [_pair(p, comparison) for p in comparison.pairs],
        "warnings": list(comparison.warnings),
        "binomial_error": comparison.binomial,
        "mixed": list(comparison.mixed),
        "answer": list(answer(comparison)),
        "best": None if comparison.mixed else comparison.ranked[0].name,
        "against": None if comparison.against is None else comparison.against.name,
        "effects": [_effect(e) for e in comparison.effects],
        "interactions": [_interaction(test) for test in comparison.interactions],
    }
    return content if images is None else {**content, "images": asdict(images)}


def rows(comparison: Comparison, images: Images | None = None) -> list[dict[str, Any]]:
    """Settings, pairs, effects … as rows, told apart by the column `kind`."""
    return [
        *({"kind": "setting", **_setting(s)} for s in comparison.settings),
        *({"kind": "pair", **_pair(p, comparison)} for p in comparison.pairs),
        *({"kind": "effect", **_effect(e)} for e in comparison.effects),
        *({"kind": "interaction", **_interaction(test)} for test in comparison.interactions),
        *({"kind": "images", **_image_pair(p)} for p in (images.pairs if images else ())),
    ]


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
        **_named(m, ("mean", "low", "high", "sd", "interquartile_mean")),
        "published": s.published,
        "label": s.label,
    }


def _judged(judged: Judged) -> dict[str, Any]:
    """What is common to all differences. Of anytime-valid tests E takes the place of p."""
    anytime = judged.rule.anytime
    return {
        "difference": judged.mean,
        **_named(judged, ("low", "high")),
        "p_t": None if anytime else judged.t_p,
        "p_t_holm": None if anytime else judged.p,
        "e": judged.e,
        "e_holm": 1.0 / judged.p if anytime else None,
        "resolved": judged.resolved,
        "p_within_holm": judged.p_within,
        "equivalent": None if judged.p_within is None else judged.equivalent,
        "verdict": judged.verdict,
    }


def _pair(p: Pair, comparison: Comparison) -> dict[str, Any]:
    """Of mixed settings, as on the screen, nothing but the difference of the means."""
    probability = p.probability
    names, labels = _named(p, ("a", "b", "paired")), _named(p, ("label_a", "label_b"))
    judgement = {
        **_judged(p),
        "probability": probability.value,
        "probability_low": probability.low,
        "probability_high": probability.high,
        "meaningful": probability.meaningful,
        "p_permutation": p.difference.permutation_p,
        "more_seeds": p.more_seeds,
    }
    if comparison.mixed:
        unjudged = {"difference": p.mean, "verdict": "not judged"}
        judgement = {**dict.fromkeys(judgement), **unjudged}
    return {**names, **judgement, **labels}


def _effect(e: Effect) -> dict[str, Any]:
    names = ("factor", "a", "b", "paired", "n", "left_out", "cells", "of_cells")
    return {**_named(e, names), **_judged(e), "more_seeds": e.more_seeds}


def _interaction(test: Interaction) -> dict[str, Any]:
    return {**_named(test, ("factor", "a", "b", "other", "here", "there", "n")), **_judged(test)}


def _named(content: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(content, name) for name in names}
