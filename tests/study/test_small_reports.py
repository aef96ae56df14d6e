"""Reports on runs with hardly anything to draw: one epoch, one evaluation, no artifacts."""

from __future__ import annotations

from pathlib import Path

from tests.inside import inside

LIGHT = "tracking.artifacts=light"


def test_the_smallest_runs_can_be_reported_on(tmp_path: Path) -> None:
    asked = {
        "one_epoch": ("size=100", "train.epochs=1", LIGHT),
        "one_evaluation": ("size=100", "monitor.every=100", "train.epochs=3", LIGHT),
        "no_artifacts": ("size=100", "train.epochs=2", "tracking.artifacts=none"),
        "one_figure": ("size=100", "train.epochs=1", "tracking.artifacts=none"),
        "untrained": ("size=100", "train.epochs=0", LIGHT),
    }
    for name, typed in asked.items():
        trained = inside(tmp_path, *typed, f"tracking.experiment={name}")
        assert trained.returncode == 0, trained.stderr
        run_id = next(n.split()[1] for n in trained.stdout.splitlines() if n.startswith("run  "))
        for command in (("show", run_id[:8]), ("report", name), ("runs", "--experiment", name)):
            done = inside(tmp_path, *command)
            assert done.returncode == 0, (name, command, done.stderr)
            assert done.stderr == ""
            assert "1 figures" not in done.stdout
            assert (
                name != "one_figure" or command[0] != "report" or "its 1 figure be" in done.stdout
            )
        assert (tmp_path / "reports" / name / "index.html").stat().st_size > 10_000


def test_metrics_of_ones_own_have_a_curve_and_a_column(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom nnexp import register\n\n\n"
        "@register.metric('doubt')\ndef doubt(outputs, labels):\n"
        "    return float(np.mean(1.0 - outputs.max(axis=1)))\n"
    )
    typed = ("size=100", "train.epochs=2", "data.n_validation=100", "monitor.metrics=[doubt]")
    done = inside(tmp_path, *typed, "tracking.artifacts=none", "--load", "mine.py")
    assert done.returncode == 0, done.stderr
    done = inside(tmp_path, "report", "nnexp", "--out", "page")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "<h3>doubt on the validation data</h3>" in page
    assert '<th scope="col">doubt, test data</th>' in page


def test_a_report_opens_with_what_its_preset_asks(tmp_path: Path) -> None:
    sweep = ("-m", "size=100", "train.epochs=2", "model.hidden=[5]", "reg=none,l1", "seed=0,1")
    trained = inside(tmp_path, *sweep, "data.n_validation=100", "tracking.experiment=l1_l2", LIGHT)
    assert trained.returncode == 0, trained.stderr
    done = inside(tmp_path, "report", "l1_l2")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()[:2]
    assert first.startswith("First-layer weights within 0.01 of zero: ")
    assert second.startswith("Test accuracy: ")
    page = (tmp_path / "reports" / "l1_l2" / "index.html").read_text(encoding="utf-8")
    # The picture that shows it, and what the chapter says of it.
    assert page.index("<h3>Weights of the first layer") < page.index('<nav class="contents"')
    assert 'id="claims"' in page


def test_curves_go_on_where_one_seed_stopped_after_its_first_epoch(tmp_path: Path) -> None:
    """A mean ends where its first run stops: with that seed it was a single point, not drawn."""
    early = ("stop=early", "stop.patience=1", "train.epochs=20", "seed=0,4,5")
    small = ("size=100", "data.n_validation=100", "model.hidden=[5]", "tracking.artifacts=none")
    trained = inside(tmp_path, "-m", *small, *early, "sweep.workers=1")
    assert trained.returncode == 0, trained.stderr
    done = inside(tmp_path, "report", "nnexp", "--out", "page")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert (tmp_path / "page" / "train_cost.svg").exists()
    assert "first run stops (1 run that stopped after one measured epoch left out)" in page
