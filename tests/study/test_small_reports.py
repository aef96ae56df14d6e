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
        assert (tmp_path / "reports" / name / "index.html").stat().st_size > 10_000
