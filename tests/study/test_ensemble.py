"""Networks that vote: the arithmetic on small cases, and the command on recorded runs."""

from __future__ import annotations

import csv
import io
import json
from math import log
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import PCG64
from numpy.typing import NDArray

from nnexp.nn import draws
from nnexp.nn.activations import ACTIVATIONS
from nnexp.nn.costs import COSTS
from nnexp.nn.initializers import DRAWN
from nnexp.nn.network import forward
from nnexp.study.ensemble import cost_of, likeness, majority, mean_of, sampled, sizes, verdict
from tests.inside import inside
from tests.runner.typed import recorded

LABELS = np.array([0, 1, 2], np.uint8)


def saying(*classes: int, sure: float = 0.9) -> NDArray[np.float64]:
    """Outputs of a network that takes each image for the class given."""
    found = np.full((len(classes), 3), 0.05)
    found[np.arange(len(classes)), classes] = sure
    return found


def test_three_weak_networks_outvote_their_errors() -> None:
    """Each is wrong about one image, another one each: together they are right about all."""
    three = np.stack([saying(1, 1, 2), saying(0, 2, 2), saying(0, 1, 0)])
    together = verdict(three, LABELS, "crossentropy")
    assert together.accuracy == together.votes == 1.0
    assert [size.accuracy.mean for size in sizes(three, LABELS, "quadratic", (1, 3))] == [
        pytest.approx(2 / 3),
        1.0,
    ]
    alike = likeness(three, LABELS)
    assert alike.both_wrong == 0.0
    assert alike.independent == pytest.approx(1 / 9)
    assert alike.correlation == pytest.approx(-0.5)
    assert alike.none_right == alike.all_right == 0.0


def test_networks_of_the_same_errors_gain_nothing() -> None:
    same = np.stack([saying(1, 1, 2)] * 4)
    assert verdict(same, LABELS, "crossentropy") == verdict(same[:1], LABELS, "crossentropy")
    alike = likeness(same, LABELS)
    assert alike.agreement == 1.0
    assert alike.correlation == pytest.approx(1.0)
    assert alike.same_error == 1.0
    with pytest.raises(ValueError, match="one network"):
        likeness(same[:1], LABELS)


def test_a_tied_vote_is_decided_by_the_mean_output() -> None:
    two = np.stack([saying(0, 0, 0, sure=0.6), saying(1, 1, 1, sure=0.9)])
    assert majority(two).tolist() == [1, 1, 1]
    assert majority(two[::-1]).tolist() == [1, 1, 1]


def test_ensembles_of_a_size_share_no_network() -> None:
    five = np.stack([saying(0, 1, 2), saying(1, 1, 1), *[saying(0, 1, 1)] * 3])
    found = sizes(five, LABELS, "crossentropy", (1, 2, 5, 7))
    assert [(size.k, size.accuracy.n) for size in found] == [(1, 5), (2, 2), (5, 1)]


@given(
    outputs=st.lists(st.floats(0.01, 0.99), min_size=9, max_size=9),
    cost=st.sampled_from(list(COSTS)),
)
def test_costs_are_those_of_the_chapter(outputs: list[float], cost: str) -> None:
    a = np.array(outputs).reshape(3, 3)
    expected = 0.0
    for row, label in zip(a.tolist(), LABELS, strict=True):
        for j, value in enumerate(row):
            y = float(j == label)
            expected += {
                "quadratic": (value - y) ** 2 / 2,
                "crossentropy": -(y * log(value) + (1 - y) * log(1 - value)),
                "loglikelihood": -y * log(value),
            }[cost] / 3
    assert cost_of(a, LABELS, cost) == pytest.approx(expected, rel=1e-13)


def test_an_output_that_is_wrong_and_certain_has_a_finite_cost() -> None:
    assert np.isfinite(cost_of(np.eye(3)[[1, 2, 0]], LABELS, "crossentropy"))


def test_sampled_networks_are_what_dropout_trains() -> None:
    """The outputs of a sampled network are those of the forward pass with its mask."""
    network = DRAWN["scaled"]((6, 5, 4, 3), draws.Normals(PCG64(0)))
    x = np.random.default_rng(1).random((6, 7))
    thin = sampled(network, 0.4, 3, PCG64(2))
    bits = draws.halves(PCG64(2), 3, 9)
    sigmoid, cost = ACTIVATIONS["sigmoid"], COSTS["crossentropy"]
    for each, row in zip(thin, bits, strict=True):
        kept = np.where(row < int(0.4 * 2**32), 0.0, 1 / 0.6)[:, None]
        masks = [np.broadcast_to(m, (len(m), 7)) for m in (kept[:5], kept[5:])]
        expected = forward(network, x, sigmoid, cost, masks).output
        np.testing.assert_allclose(forward(each, x, sigmoid, cost).output, expected, rtol=1e-13)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ensemble")
    typed = ("-m", "size=100", "train.epochs=3", "dropout=off,half", "seed=range(3)")
    assert inside(folder, *typed, "tracking.artifacts=light").returncode == 0
    return folder


def test_command_says_and_records_what_the_networks_say_together(store: Path) -> None:
    done = inside(store, "ensemble", "--masks", "5", "--format", "json")
    assert done.returncode == 0, done.stderr
    together, alike, masks = json.loads(done.stdout)
    assert [row["networks"] for row in together["rows"]] == ["1", "2", "3"] * 2
    assert len(alike["rows"]) == 2
    assert [row["masks"] for row in masks["rows"]] == ["1", "2", "3", "5", "full network"]
    ours = [r for r in recorded(store, "ensemble") if r.info.status == "FINISHED"]
    assert len(ours) == 2
    for run in ours:
        assert run.data.params["n_networks"] == "3"
        shown = [
            row for row in together["rows"]
            if row["networks"] == "3" and f"{100 * run.data.metrics['test/accuracy']:.2f}" in
            row["mean outputs (%)"]
        ]  # fmt: skip
        assert shown
    # Once more: nothing new is recorded, and rows of `runs` they are not.
    assert inside(store, "ensemble", "--masks", "5").returncode == 0
    assert len(recorded(store, "ensemble")) == 2
    assert len(json.loads(inside(store, "runs", "--format", "json").stdout)) == 6


def test_errors_are_recorded_image_by_image(store: Path) -> None:
    assert inside(store, "ensemble", "--where", "params.`dropout.hidden` = '0.5'").returncode == 0
    [run] = [r for r in recorded(store, "ensemble") if r.data.tags["nnexp.command"].endswith("'")]
    [path] = (store / "mlartifacts").rglob(f"{run.info.run_id}/artifacts/errors.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    wrong = sum(row["mean_outputs"] != row["label"] for row in rows)
    assert 1 - wrong / 10_000 == pytest.approx(run.data.metrics["test/accuracy"])
    none_right = sum(row["networks_wrong"] == "3" for row in rows) / 10_000
    assert none_right == pytest.approx(run.data.metrics["errors/none_right"])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("--experiment", "nothing"), "experiment nothing"),
        (("--masks", "-1"), "--masks -1: allowed: 0 to 1000"),
        (("--where", "params.seed = '0'"), "no two networks differ in their seed only"),
        (("abc", "--where", "params.seed = '0'"), "--where"),
        (("ffffffff",), "no recorded sweep"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    store: Path, typed: tuple[str, ...], said: str
) -> None:
    before = len(recorded(store, "ensemble"))
    done = inside(store, "ensemble", *typed)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert len(recorded(store, "ensemble")) == before


def test_mean_outputs_are_added_in_order() -> None:
    three = np.random.default_rng(0).random((3, 4, 5))
    np.testing.assert_array_equal(mean_of(three), (three[0] + three[1] + three[2]) / 3)


def test_a_recorded_ensemble_is_shown_with_what_it_says(store: Path) -> None:
    assert inside(store, "ensemble").returncode == 0
    (run, *_) = recorded(store, "ensemble")
    shown = inside(store, "show", run.info.run_id[:8])
    assert shown.returncode == 0, shown.stderr
    accuracy = run.data.metrics["test/accuracy"]
    assert f"{accuracy:.2%}  test accuracy of their mean outputs" in shown.stdout
    members = [run_id[:8] for run_id in run.data.tags["nnexp.members"].split()]
    assert f"networks   {' '.join(members)}" in shown.stdout
    assert "repeat     python -m nnexp ensemble" in shown.stdout


def test_files_of_what_is_no_trained_network_are_refused(store: Path) -> None:
    assert inside(store, "ensemble").returncode == 0
    (run, *_) = recorded(store, "ensemble")
    for name in ("--figures", "--model"):
        done = inside(store, "show", run.info.run_id[:8], name, "there")
        assert done.returncode == 2
        assert f"{name} there: run {run.info.run_id[:8]} is of kind ensemble" in done.stderr
        assert not (store / "there").exists()


def test_what_an_ensemble_leaves_out_is_said(store: Path) -> None:
    typed = ("size=100", "train.epochs=3", "model.hidden=[5]", "tracking.artifacts=light")
    assert inside(store, *typed).returncode == 0
    alone = "left out, of one seed only: crossentropy 100 5 3 epochs\n"
    unmasked = "--masks 2: no effect: none of these settings"
    done = inside(store, "ensemble", "--masks", "2")
    assert alone in done.stderr
    assert unmasked not in done.stderr
    where = "params.`dropout.hidden` = '0.0'"
    assert unmasked in inside(store, "ensemble", "--masks", "2", "--where", where).stderr
