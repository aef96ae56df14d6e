"""The nearest name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

OTHER_WORDS = {
    "augmentation": ("expand",),
    "batch": ("train.batch_size",),
    "cores": ("sweep.workers",),
    "cross_entropy_loss": ("crossentropy",),
    "dataset": ("data",),
    "double": ("float64",),
    "early_stopping": ("stop",),
    "elasticnet": ("elastic",),
    "examples": ("size",),
    "expanded_data": ("expand",),
    "images": ("size",),
    "initialization": ("init",),
    "initializer": ("init",),
    "kaiming": ("he",),
    "lambda": ("reg.lmbda",),
    "lasso": ("l1",),
    "layers": ("model.hidden",),
    "learning_rate": ("train.eta",),
    "list": ("runs",),
    "loss": ("cost",),
    "lr": ("train.eta",),
    "ls": ("runs",),
    "mse": ("quadratic",),
    "n": ("size",),
    "neurons": ("model.hidden",),
    "nll": ("loglikelihood",),
    "no": ("off", "none"),
    "none": ("off",),
    "off": ("none",),
    "on": ("half",),
    "plot": ("report",),
    "processes": ("sweep.workers",),
    "rectified_linear": ("model.activation",),
    "rectified_linear_units": ("model.activation",),
    "regularization": ("reg",),
    "regularizer": ("reg",),
    "ridge": ("l2",),
    "samples": ("size",),
    "single": ("float32",),
    "softmax": ("loglikelihood",),
    "units": ("model.hidden",),
    "weight_decay": ("reg.lmbda",),
    "weight_initialization": ("init",),
}
"""What keys and choices are called elsewhere, and here."""


def suggestion(word: str, names: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest name, or nothing if none is near."""
    names = list(names)
    # `eta` for `train.eta`: the name is right, its group was left out.
    whole = [name for name in names if "." in name and name.rpartition(".")[2] == word]
    same = [name for name in names if name.lower() == word.lower()]
    meant = [name for name in OTHER_WORDS.get(word.lower(), ()) if name in names]
    for found in (same, meant, whole if len(whole) == 1 else []):
        if found:
            return f"; did you mean {found[0]}?"
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.55)
    return f"; did you mean {near[0]}?" if near else ""
