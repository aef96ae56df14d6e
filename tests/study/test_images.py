"""Settings against each other image by image."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from nnexp.record.check_seals import Checked
from nnexp.record.correct_images import Bits, load_correct, save_correct
from nnexp.record.store import open_store
from nnexp.study import runs
from nnexp.study.compare import compare
from nnexp.study.images import compare_images, crossed_interval, mcnemar_p
from nnexp.study.recorded import unlike
from nnexp.study.verify import recorded_as, verify
from tests.inside import inside
from tests.record.stored import restore
from tests.stores import address

TINY = (
    *("size=100", "model.hidden=[5]", "data.n_validation=100", "tracking.artifacts=light"),
    *("sweep.workers=1", "tracking.experiment=images"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two settings with three seeds each, one of them trained longer."""
    made = tmp_path_factory.mktemp("images")
    restore(made)  # Quicker than making a database.
    done = inside(made, "-m", *TINY, "train.epochs=1,4", "seed=range(3)")
    assert done.returncode == 0, done.stderr
    return made


def recorded(folder: Path) -> dict[tuple[int, int], Bits]:
    """By epochs and seed, what a run has recorded that it gets right."""
    frame = runs(address(folder), "images")
    return {
        (row["train.epochs"], row["seed"]): load_correct(
            folder / "mlartifacts" / row["run_id"] / "artifacts" / "correct.npz"
        )
        for _, row in frame.iterrows()
    }


def test_every_run_records_what_it_gets_right(folder: Path) -> None:
    frame = runs(address(folder), "images").set_index(["train.epochs", "seed"])
    found = recorded(folder)
    assert len(found) == 6
    for key, bits in found.items():
        assert len(bits["validation"]) == 100
        assert bits["test"].sum() == frame.loc[key, "test/correct"]
        assert bits["validation"].sum() == frame.loc[key, "validation/correct"]


@pytest.mark.parametrize(
    ("metric", "which"), [("test/accuracy", "test"), ("best/validation_accuracy", "validation")]
)
def test_images_are_won_and_lost_in_most_seeds(folder: Path, metric: str, which: str) -> None:
    frame = runs(address(folder), "images")
    found = compare_images(
        open_store(address(folder)), frame, compare(frame, ["train.epochs"], metric)
    )
    (pair,) = found.pairs
    assert (pair.a, pair.b, pair.seeds) == ("train.epochs=4", "train.epochs=1", 3)
    right = recorded(folder)
    a, b = (np.stack([right[n, s][which] for s in range(3)]).astype(int) for n in (4, 1))
    assert pair.only_a == tuple(((a == 1) & (b == 0)).sum(axis=1))
    assert pair.won == tuple(np.flatnonzero((a > b).all(axis=0)))
    assert pair.lost == tuple(np.flatnonzero((a < b).all(axis=0)))
    assert pair.mean == pytest.approx(a.mean() - b.mean())
    assert pair.low < pair.mean < pair.high
    signs = (a - b).sum(axis=0)
    wins, losses = int((signs > 0).sum()), int((signs < 0).sum())
    assert pair.p == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)
    counts = np.concatenate([a, b]).sum(axis=0)
    assert [count for _, count in found.hardest] == sorted(counts)[:10]
    assert (found.none_right, found.all_right) == ((counts == 0).sum(), (counts == 6).sum())


def test_the_command_says_it_in_a_sentence_and_names_all_for_programs(folder: Path) -> None:
    typed = ("compare", "--experiment", "images", "--images")
    shown = inside(folder, *typed)
    assert (shown.returncode, shown.stderr) == (0, "")
    said = json.loads(inside(folder, *typed, "--format", "json").stdout)["images"]
    (pair,) = said["pairs"]
    sentence = (
        f"train.epochs=4 gets right {len(pair['won'])} test images that train.epochs=1 does not, "
        f"in at least 3 of 3 seeds, and loses {len(pair['lost'])}"
    )
    assert sentence in shown.stdout
    against = inside(folder, *typed, "--against", "4", "--format", "csv")
    rows = [r for r in csv.DictReader(against.stdout.splitlines()) if r["kind"] == "images"]
    assert [row["a"] for row in rows] == ["train.epochs=1"]
    assert rows[0]["lost"].split() == [str(image) for image in pair["won"]]


def test_the_report_shows_the_images_that_tell_settings_apart(folder: Path) -> None:
    done = inside(folder, "report", "images", "--out", "page")
    assert done.returncode == 0, done.stderr
    text = (folder / "page" / "index.html").read_text("utf-8")
    assert "<p>train.epochs 4 gets right " in text
    assert {"images_won.png", "images_hardest.svg"} <= {p.name for p in (folder / "page").iterdir()}


def test_what_was_not_recorded_is_refused_in_one_line(folder: Path) -> None:
    done = inside(folder, *TINY, "seed=7", "tracking.artifacts=none", "tracking.experiment=bare")
    assert done.returncode == 0, done.stderr
    done = inside(folder, "compare", "--experiment", "bare", "--images")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "has not recorded which test images it gets right" in done.stderr


def test_verify_compares_the_images_too(folder: Path) -> None:
    """A file that was exchanged before the record was sealed: only training again tells."""
    store = open_store(address(folder))
    run = store.client.get_run(runs(address(folder), "images")["run_id"].iloc[0])
    path = Path(run.info.artifact_uri.removeprefix("file://")) / "correct.npz"
    kept = path.read_bytes()
    checked = Checked(sealed=False)
    before = verify(store, run, recorded_as(store, run), checked)
    assert before.verified
    bits = dict(load_correct(path))
    bits["test"] = np.roll(bits["test"], 1)
    other = int((bits["test"] != np.roll(bits["test"], -1)).sum())
    try:
        save_correct(path, bits)
        found = verify(store, run, recorded_as(store, run), checked)
    finally:
        path.write_bytes(kept)
    assert not found.verified
    assert [(d.metric, d.ours) for d in found.differences] == [
        ("test images that are right in only one", other)
    ]
    assert before.compared == found.compared


def test_sets_of_another_size_are_unlike() -> None:
    here = {"test": np.ones(3, np.bool_)}
    assert list(unlike({"test": np.ones(4, np.bool_)}, here)) == [("test", 4)]
    assert list(unlike(here, {})) == [("test", 3)]
    assert list(unlike({}, here)) == []


@pytest.mark.parametrize(("only_a", "only_b"), [(41, 12), (0, 5), (7, 7), (0, 0)])
def test_mcnemars_test_is_exact(only_a: int, only_b: int) -> None:
    least, either = min(only_a, only_b), only_a + only_b
    expected = min(1.0, 2.0 * stats.binom.cdf(least, either, 0.5))
    assert mcnemar_p(only_a, only_b) == pytest.approx(expected)


def test_without_differences_the_interval_has_no_width_and_of_one_seed_there_is_none() -> None:
    assert crossed_interval(np.zeros((3, 50), int)) == (0.0, 0.0)
    assert np.isnan(crossed_interval(np.eye(1, 50, dtype=int))).all()


def covered(rng: np.random.Generator, seeds: int, images: int) -> bool:
    """Whether the interval of a made-up pair holds the difference over all seeds and images.

    An image is right where a normal variable is above zero: how easy the image is, how it suits the
    setting, how good the seed is, and chance.
    """
    easy, suits = rng.normal(size=images), 0.3 * rng.normal(size=images)
    right = []
    for sign, level in ((1, 1.7), (-1, 1.6)):
        good = 0.15 * rng.normal(size=(seeds, 1))
        right.append(
            level + easy + sign * suits + good + 0.6 * rng.normal(size=(seeds, images)) > 0
        )
    spread = np.sqrt(1.0 + 0.3**2 + 0.15**2 + 0.6**2)
    truth = stats.norm.cdf(1.7 / spread) - stats.norm.cdf(1.6 / spread)
    low, high = crossed_interval(right[0].astype(int) - right[1])
    return bool(low <= truth <= high)


def test_the_interval_covers_other_seeds_and_images() -> None:
    rng = np.random.default_rng(0)
    assert np.mean([covered(rng, 5, 1_000) for _ in range(200)]) > 0.90


@pytest.mark.slow
def test_coverage_over_many_cases() -> None:
    rng = np.random.default_rng(1)
    share = np.mean([covered(rng, 5, 2_000) for _ in range(2_000)])
    assert 0.93 <= share <= 0.975
