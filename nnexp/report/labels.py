"""Config values, metrics and numbers in words that a reader of the chapter knows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from nnexp.config.plurals import some
from nnexp.config.rounding import settled
from nnexp.study.metric import Metric, plain_zero

_NAMES = {
    ("cost.name", "crossentropy"): "cross-entropy",
    ("cost.name", "quadratic"): "quadratic cost",
    ("cost.name", "loglikelihood"): "log-likelihood",
    ("reg.name", "none"): "no regularization",
    ("reg.name", "l1"): "L1",
    ("reg.name", "l2"): "L2",
    ("reg.name", "elastic"): "L1 + L2",
    ("reg.name", "decoupled"): "decoupled decay",
    ("reg.name", "maxnorm"): "max-norm",
    ("reg.biases", "false"): "biases free",
    ("reg.biases", "true"): "biases constrained too",
    ("init.name", "large"): "large initial weights",
    ("init.name", "scaled"): "scaled initial weights",
    ("init.name", "he"): "He's initial weights",
    ("expand.name", "none"): "not expanded",
    ("expand.name", "shift"): "shifted",
    ("expand.name", "distort"): "distorted",
    ("model.activation", "relu"): "ReLU units",
    ("stop.name", "none"): "trained to the end",
    ("stop.name", "early"): "stopped early",
    ("schedule.name", "constant"): "constant η",
    ("schedule.name", "step"): "η in steps",
    ("schedule.name", "inverse"): "η as 1/epoch",
    ("schedule.name", "cosine"): "η as half a cosine",
    ("schedule.name", "halve"): "η halved when it stalls",
    ("train.nesterov", "true"): "Nesterov's momentum",
    ("train.nesterov", "false"): "plain momentum",
    ("rng", "nielsen2014"): "the book's generators",
}
_SYMBOLS = {
    "train.eta": "η",
    "reg.lmbda": "λ",
    "reg.lmbda_l1": "λ of L1",
    "train.momentum": "momentum",
    "train.average": "averaging β",
    "cost.smoothing": "label smoothing",
    "train.batch_size": "mini-batch",
    "init.weight": "w",
    "init.bias": "b",
}


def said(key: str, value: object) -> str:
    """A config value in words: `1,000 images`, `η = 0.25`, `no regularization`."""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if (key, text.lower()) in _NAMES:
        return _NAMES[key, text.lower()]
    if key in ("data.n_train", "size") and _number(text) is not None:
        return some(int(float(text)), "image")
    if key in ("dropout.hidden", "dropout.input"):
        where = "" if key.endswith("hidden") else "input "
        return f"{where}dropout {float(text):g}" if float(text) else f"no {where}dropout"
    if key == "model.hidden":
        return f"{text.strip('[]').replace(',', '-').replace(' ', '') or 'no'} hidden"
    if key == "model.activation":
        return f"{text} units"
    number = _number(text)
    shown = text if number is None else f"{number:g}"
    if key in _SYMBOLS:
        return f"{_SYMBOLS[key]} = {shown}"
    return text if key.endswith(".name") or key == "rng" else f"{key} {shown}"


def capital(text: str) -> str:
    """As the beginning of a sentence, which neither a Greek η or λ nor a key is made to."""
    is_key = "." in text.partition(" ")[0]
    return text if is_key or not text[:1].isascii() else text[:1].upper() + text[1:]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


@dataclass(frozen=True)
class Measure(Metric):
    """A metric as a reader of a page sees it, with a title."""

    title: str
    digits: int | None = None
    """Decimals; 2 for percentages and points, else as `number` decides."""

    def text(self, value: float, *, sign: bool = False) -> str:
        """A value without its unit; percentages and points have two decimals."""
        digits = 2 if self.scale == 100.0 else self.digits
        return number(value * self.scale, sign=sign, digits=digits)

    @property
    def heading(self) -> str:
        """`Test accuracy (%)`."""
        return f"{self.title}{self.unit_behind}"


FINAL = "final/test_accuracy"
"""Our own column: the test accuracy of the weights that a run ends with."""

MEASURES = (
    Measure("gap/best", "Gap, best training - best test accuracy"),
    Measure(FINAL, "Test accuracy"),
    Measure("best/validation_accuracy", "Best validation accuracy"),
    Measure("validation/accuracy", "Validation accuracy at the end"),
    Measure("gap/final", "Gap at the end"),
    Measure("train/accuracy", "Training accuracy"),
    Measure("neuron/activation", "Output a at the end"),
    Measure("train/cost", "Training cost"),
    Measure("epochs", "Epochs trained", digits=1),
    Measure("time/train_seconds", "Training time"),
)
"""What a report says of settings; the first that all runs have is what it opens with."""


CURVES = (
    "train/cost",
    "train/accuracy",
    "validation/cost_network2",
    "validation/accuracy",
    "test/cost_network2",
    "test/accuracy",
    "neuron/activation",
    "neuron/gradient_w",
    "neuron/sigmoid_prime",
)
"""What is read of runs to be drawn over their epochs, beside their own metrics."""


def own_metrics(runs: pd.DataFrame) -> list[str]:
    """The names of the user's own metrics that some of the runs were measured by."""
    lists = runs.get("monitor.metrics", pd.Series(dtype=str)).dropna().astype(str).unique()
    names = (name.strip(" '\"") for text in lists for name in text.strip("[]").split(","))
    return [name for name in dict.fromkeys(names) if name]


def measures_of(runs: pd.DataFrame) -> tuple[Measure, ...]:
    """`MEASURES`, and the user's own metrics before epochs and time."""
    own = [
        Measure(f"{part}/{name}", f"{name}, {part} data")
        for name in own_metrics(runs)
        for part in ("test", "validation")
        if f"{part}/{name}" in runs
    ]
    return (*MEASURES[:-2], *own, *MEASURES[-2:])


def number(value: float, *, sign: bool = False, digits: int | None = None) -> str:
    """With so many decimals; else two, below 1 two digits, from 1,000 on none."""
    if not math.isfinite(value):
        return "-"
    value, plus = settled(value), "+" if sign else ""
    if digits is not None:
        text = f"{value:{plus},.{digits}f}"
    elif abs(value) >= 1000:
        text = f"{value:{plus},.0f}"
    elif value == 0.0 or abs(value) >= 0.995:
        text = f"{value:{plus}.2f}"
    else:
        text = f"{value:{plus}#.2g}"
    return plain_zero(text).replace("-", "−")
