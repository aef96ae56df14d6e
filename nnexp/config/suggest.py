"""The nearest name to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

OTHER_WORDS = {
    "augmentation": "expand",
    "dataset": "data",
    "initializer": "init",
    "layers": "model.hidden",
    "learning_rate": "train.eta",
    "loss": "cost",
    "lr": "train.eta",
    "regularization": "reg",
    "weight_decay": "reg.lmbda",
}
"""What keys are called elsewhere."""


def suggestion(word: str, names: Iterable[str]) -> str:
    """`; did you mean …?` with the nearest name, or nothing if none is near."""
    names = list(names)
    # `eta` for `train.eta`: the name is right, its group was left out.
    whole = [name for name in names if "." in name and name.rpartition(".")[2] == word]
    if OTHER_WORDS.get(word) in names:
        return f"; did you mean {OTHER_WORDS[word]}?"
    if len(whole) == 1:
        return f"; did you mean {whole[0]}?"
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.55)
    return f"; did you mean {near[0]}?" if near else ""
