"""scikit-learn's MLPClassifier; its output layer is a softmax, the work is otherwise the same."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.work import BATCH, DECAY, ETA, Ready, Work, arrays, evaluated


def classifier(work: Work) -> Ready:
    """Solver sgd with logistic units, an epoch at a time (partial_fit would not shuffle)."""
    x, y = arrays(work)
    labels = y.argmax(1)
    every, wanted = evaluated(work)
    truth = wanted.argmax(1)
    model = MLPClassifier(
        work.hidden,
        activation="logistic",
        solver="sgd",
        # Divided by the mini-batch's size in each step, not by n.
        alpha=BATCH * DECAY,
        batch_size=BATCH,
        learning_rate_init=ETA,
        momentum=0.0,
        max_iter=1,
        n_iter_no_change=10_000,
        warm_start=True,
    )

    def epoch() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, labels)

    def evaluate() -> list[int]:
        chances = model.predict_proba(every)
        rows = np.arange(len(truth))
        -np.mean(np.log(np.maximum(chances[rows, truth], 1e-30)))
        return [int(np.count_nonzero(chances.argmax(1) == truth))]

    return Ready(1, epoch, evaluate)
