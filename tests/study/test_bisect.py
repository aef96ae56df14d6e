"""Where two trainings part: epoch, mini-batch and operation."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nnexp.errors import UserError
from nnexp.nn.activations import ACTIVATIONS
from nnexp.study.bisect import (
    Parting,
    digest,
    epochs_before,
    operations_of,
    parting,
    read_trace,
    trace,
    write_trace,
)
from tests.inside import inside
from tests.small import configured, made

DATA = made()
NUMPY = configured({"train.engine": "numpy", "train.epochs": 3})


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"train.engine": "compiled", "dropout.hidden": 0.5, "dropout.input": 0.2},
        {"dropout.hidden": 0.5, "dropout.input": 0.2, "train.momentum": 0.5, "stop.name": "early"},
        {"dropout.hidden": 0.5, "dropout.mask": "batch", "dropout.scale": "test"},
        {"model.hidden": [], "train.batch_size": 7},
        {"model.hidden": [6, 4], "reg.name": "maxnorm", "reg.max_norm": 0.5, "seed": 3},
        {"schedule.name": "cosine", "train.average": 0.9, "cost.smoothing": 0.1},
        {"schedule.name": "halve", "schedule.patience": 1, "train.momentum": 0.5}
        | {"train.nesterov": True},
    ],
)
def test_looking_at_each_operation_changes_no_bit(more: dict[str, object]) -> None:
    config = configured({"train.engine": "numpy", "train.epochs": 3, **more})
    for epoch in (1, 2):
        _, before = epochs_before(config, DATA, epoch)
        states, after = epochs_before(config, DATA, epoch + 1)
        *_, last = operations_of(config, DATA, before)
        if "weights and velocities" in last:
            assert last["weights and velocities"] == states[epoch]
            continue
        names = [name for name in after.arrays if name.startswith("array")]
        ours = [after.arrays[f"array{k}"] for k in range(len(names))]
        each = 2 * len(config.model.hidden) + 2
        arrays = [digest(*ours[k : k + each]) for k in range(0, len(ours), each)]
        known = (
            "update of weights and biases",
            "update of the velocities",
            "average of the weights",
        )
        assert [last[name] for name in known[: len(arrays)]] == arrays


def test_the_same_training_leaves_the_same_trace() -> None:
    assert parting(trace(NUMPY, DATA, 2), trace(NUMPY, DATA, 2)) is None


def rounding_otherwise(monkeypatch: pytest.MonkeyPatch, call: int, which: str) -> None:
    """A machine whose activation, or its derivative, gives another last bit from a call on."""
    plain = ACTIVATIONS["sigmoid"]
    calls = [0]

    def other(*given: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        calls[0] += 1
        found = getattr(plain, which)(*given)
        if calls[0] >= call:
            found = found.copy()
            found.flat[0] = np.nextafter(found.flat[0], 2.0)
        return found  # type: ignore[no-any-return]

    monkeypatch.setitem(ACTIVATIONS, "sigmoid", replace(plain, **{which: other}))


@pytest.mark.parametrize(
    ("which", "operation"),
    [("function", "activations of layer 2"), ("derivative", "errors of layer 2")],
)
def test_the_operation_that_rounds_otherwise_is_named(
    monkeypatch: pytest.MonkeyPatch, which: str, operation: str
) -> None:
    there = trace(NUMPY, DATA, 1)
    # Counted from the first mini-batch that is looked into: training before it calls them too.
    _, before = epochs_before(NUMPY, DATA, 1)
    with monkeypatch.context() as patched:
        per_batch = 2 if which == "function" else 3
        rounding_otherwise(patched, 1 + per_batch, which)
        batches = [tuple(o.values()) for o in operations_of(NUMPY, DATA, before)]
    here = there.model_copy(update={"batches": tuple(batches)})
    assert parting(there, here) == Parting(1, 2, 3, operation)
    assert str(parting(there, here)) == f"in epoch 1, mini-batch 2 of 3: {operation}"


def test_an_epoch_before_the_one_looked_into_is_named() -> None:
    there = trace(NUMPY, DATA, 3)
    assert len(there.epochs) == 3
    epochs = list(there.epochs)
    epochs[1] = "0" * 16
    found = parting(there, there.model_copy(update={"epochs": tuple(epochs)}))
    assert found == Parting(1)
    assert str(found) == "in epoch 1"


def test_a_trace_is_read_as_it_was_written_and_of_its_run_only(tmp_path: Path) -> None:
    found = trace(NUMPY, DATA, 1)
    path = tmp_path / "trace.json"
    write_trace(path, found)
    assert read_trace(path, NUMPY, DATA) == found
    with pytest.raises(UserError, match="is of a run with another config"):
        read_trace(path, configured({"train.engine": "numpy", "seed": 1}), DATA)
    for content in ("x", "{}", json.dumps({**json.loads(path.read_text()), "epoch": 2})):
        path.write_text(content)
        with pytest.raises(UserError, match=r"--against .*trace\.json: "):
            read_trace(path, NUMPY, DATA)


@pytest.mark.parametrize("epoch", [0, 4])
def test_an_epoch_that_is_not_there_is_refused(epoch: int) -> None:
    with pytest.raises(UserError, match=f"--epoch {epoch}: allowed: 1 to 3"):
        trace(NUMPY, DATA, epoch)


def test_two_machines_find_where_they_part_by_typing(tmp_path: Path) -> None:
    typed = ("size=100", "model.hidden=[5]", "train.epochs=2", "data.n_validation=100", "-q")
    done = inside(tmp_path, *typed, "tracking.artifacts=light", "train.engine=numpy")
    assert done.returncode == 0, done.stderr
    run = done.stdout.strip()[:8]
    done = inside(tmp_path, "verify", run, "--bisect", "--trace", "there.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "written  there.json: epoch 1, 10 mini-batches" in done.stdout
    done = inside(tmp_path, "verify", run, "--bisect", "--epoch", "3")
    assert (done.returncode, done.stderr) == (2, "nnexp: --epoch 3: allowed: 1 to 2\n")
    done = inside(tmp_path, "verify", run, "--bisect", "--against", "there.json")
    assert "the traces are the same, bit for bit" in done.stdout
    there = json.loads((tmp_path / "there.json").read_text())
    there["batches"][6][3] = "0" * 16
    (tmp_path / "there.json").write_text(json.dumps(there))
    done = inside(
        tmp_path, "verify", run, "--bisect", "--against", "there.json", "--format", "json"
    )
    parted = json.loads(done.stdout)["bisected"]["parting"]
    assert parted == {"epoch": 1, "mini_batch": 7, "operation": there["operations"][3]}
