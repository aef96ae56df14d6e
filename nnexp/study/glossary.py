"""What each recorded metric is, in a sentence."""

from __future__ import annotations

from nnexp.config.extensions import PARTS

QUANTITIES = {
    "cost": "data cost and penalty of regularization, averaged over the examples (eq. 85, 95)",
    "data_cost": "the cost without the penalty of regularization",
    "penalty": "(λ/2n) Σ w² + (λ₁/n) Σ |w|, with n the training size",
    "accuracy": "the fraction of examples whose greatest output is their label's",
    "correct": "how many examples have their label as the greatest output",
    "cost_network2": "as network2 printed it: the penalty divided by the size of the evaluated set",
}
"""The last part of a metric's name, of every set of examples that is evaluated."""

SETS = {
    "train": "the training images, after each epoch",
    "validation": "the images held back to choose by, after each epoch",
    "test": "the test images: at the end, or after each epoch with monitor.test=epoch",
}

SINGLE = {
    "best/validation_accuracy": "the greatest validation accuracy of any epoch (fraction)",
    "best/epoch": "the epoch of the greatest validation accuracy, the first of equal ones",
    "best/test_accuracy": "test accuracy of the weights that stop=early keeps (fraction)",
    "best/test_correct": "test images that the weights kept by stop=early get right",
    "best/test_data_cost": "data cost on the test images of the weights that stop=early keeps",
    "gap/final": "training accuracy less test accuracy at the end (fraction)",
    "gap/best": "best training accuracy less best test accuracy; needs monitor.test=epoch",
    "time/train_seconds": "seconds spent in training steps; no part of verify",
    "time/evaluate_seconds": "seconds spent in measuring; no part of verify",
    "neuron/activation": "the output a of the single neuron (data=neuron)",
    "neuron/gradient_w": "∂C/∂w of the single neuron (eq. 55, 61)",
    "neuron/sigmoid_prime": "σ′(z) of the single neuron",
}


def meaning(metric: str) -> str | None:
    """What a metric is; None if there is no such metric."""
    if metric in SINGLE:
        return SINGLE[metric]
    place, _, quantity = metric.partition("/")
    if place in SETS and (part := PARTS.get(("monitor.metrics", quantity))) is not None:
        return f"{part.about or 'of your own'}; of {SETS[place]}"
    if place not in SETS or quantity not in QUANTITIES:
        return None
    if place == "train" and quantity == "cost_network2":
        return None
    return f"{QUANTITIES[quantity]}; of {SETS[place]}"


def metrics() -> list[str]:
    """The names of all metrics."""
    named = [f"{place}/{quantity}" for place in SETS for quantity in QUANTITIES]
    return [*(name for name in named if meaning(name)), *SINGLE]
