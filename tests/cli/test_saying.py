"""What is said and where: quiet, verbose, a log file, help on a word, completion, its own name."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from nnexp import program
from nnexp.config.command import command_of
from nnexp.config.compose import schema_keys
from nnexp.config.key_help import meaning
from nnexp.config.shell_words import joined
from nnexp.runner import sweep_progress as board
from nnexp.study import glossary
from nnexp.terminal import new_console
from tests.cli.command import ROOT, Typed, environment
from tests.inside import inside
from tests.small import configured

TINY = ("size=100", "data.n_validation=50", "model.hidden=[5]", "train.epochs=1")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """A run of one epoch, quiet, with a log file."""
    place = tmp_path_factory.mktemp("saying")
    light = "tracking.artifacts=light"
    return inside(place, *TINY, light, "-q", "--log", "what.log", "tracking.tags.token=s3cretvalue")


def test_quiet_training_prints_the_id_alone(trained: Typed) -> None:
    assert trained.returncode == 0, trained.stderr
    assert re.fullmatch(r"[0-9a-f]{32}\n", trained.stdout)
    assert trained.stderr == ""


def test_the_log_says_what_was_done_and_when(trained: Typed) -> None:
    text = (trained.folder / "what.log").read_text()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} UTC ", x) for x in text.splitlines())
    for said in ("python -m nnexp size=100", "fingerprint ", "trained 1 epoch", "closed"):
        assert said in text


def test_verbose_says_it_on_standard_error_and_errors_are_logged(trained: Typed) -> None:
    log = trained.folder / "again.log"
    done = inside(trained.folder, "show", "zzz", f"--log={log}")
    assert done.returncode == 2
    done = inside(trained.folder, *TINY, "-v")
    assert "fingerprint " in done.stderr
    assert "nothing was trained" in done.stdout
    assert "RUN_ID 'zzz'" in log.read_text()


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (("--log",), "--log: has no value"),
        (("--log", "-m", "size=100"), "--log: has no value"),
        (("--log", "size=100"), "--log size=100: a key is no file; allowed: --log FILE"),
        (("--log=train.eta=1", "size=100"), "--log train.eta=1: a key is no file"),
        (("--log", "no/such/folder/x.log"), "cannot be written"),
        (("-q", "-v"), "-q -v: allowed: one of them"),
        (("-q", "runs"), "-q: runs is asked for what it prints"),
        (("--completion", "fish"), "--completion fish: allowed: bash"),
        (("help", "test/acuracy"), "did you mean test/accuracy?"),
    ],
)
def test_what_cannot_be_said_is_refused(tmp_path: Path, typed: tuple[str, ...], why: str) -> None:
    done = inside(tmp_path, *typed)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert why in done.stderr


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("reg", "reg=l2             λ/2n Σ w² (eq. 85)"),
        ("train.eta", "default  0.5"),
        ("dropout.hidden", "allowed  0 <= p < 1"),
        ("test/cost", "a metric: data cost and penalty"),
        ("overfitting", "How much does a network overfit"),
        ("tag", "usage: python -m nnexp tag"),
        ("dropout", "dropout=, a group: rates of deleted units"),
        ("reg.lmbda", "default  n/10,000 with reg=l2"),
        # Not the whole name: its last part, a choice, what it is called elsewhere or in the book.
        ("eta", "train.eta, a key: Learning rate"),
        ("gap", "gap/final, a metric: training accuracy less test accuracy"),
        ("reg=l2", "reg=l2, a choice: λ/2n Σ w² (eq. 85)"),
        ("cross-entropy", "cost=crossentropy, a choice: C = -Σ"),
        ("lambda", "reg.lmbda, a key: λ of eq. 85"),
        ("learning rate", "train.eta, a key: Learning rate"),
        ("loss", "cost=, a group:"),
        ("weight initialization", "init=, a group:"),
        ("early stopping", "stop=, a group:"),
        ("rectified linear", "model.activation, a key:"),
        ("expanded data", "expand=, a group:"),
        ("mini-batch", "help tells more of dropout.mask, "),
        ("relu", "help tells more of model.activation, init=he"),
    ],
)
def test_help_explains_a_word(tmp_path: Path, word: str, said: str) -> None:
    assert said in inside(tmp_path, "help", *word.split()).stdout


def test_every_key_and_every_recorded_metric_is_explained(trained: Typed) -> None:
    assert [key for key in schema_keys() if not meaning(key) and key != "size"] == []
    run = MlflowClient(trained.uri).get_run(trained.stdout.strip())
    assert [name for name in run.data.metrics if glossary.meaning(name) is None] == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nnexp sho", {"show"}),
        ("nnexp reg=l", {"l1", "l2"}),
        ("nnexp -m experiment=over", {"overfitting"}),
        ("nnexp train.ep", {"train.epochs="}),
        ("nnexp model.activation=", {"sigmoid", "tanh", "relu"}),
        ("nnexp size=1", {"100", "1k", "10k"}),
        ("nnexp sweep.dry_run=", {"true", "false"}),
        ("nnexp --lo", {"--load", "--log"}),
        ("nnexp compare --by train.ep", {"train.epochs"}),
        ("nnexp help reg.max", {"reg.max_norm"}),
    ],
)
def test_bash_completes(tmp_path: Path, line: str, words: set[str]) -> None:
    script = tmp_path / "completion.bash"
    script.write_text(inside(tmp_path, "--completion", "bash").stdout)
    typed = f'. {script}; COMP_LINE="{line}" COMP_POINT={len(line)}; _nnexp 2>/dev/null; '
    typed += 'echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == words


def test_hints_name_the_program_as_it_was_started(capsys: pytest.CaptureFixture[str]) -> None:
    program.started_as(program.SCRIPT)
    try:
        new_console().print("look       python -m nnexp ui")
    finally:
        program.started_as(program.MODULE)
    assert capsys.readouterr().out == "look       nnexp ui\n"


def test_a_python_without_the_packages_is_told_what_to_do(tmp_path: Path) -> None:
    bare = [sys.executable, "-S", "-m", "nnexp", "runs"]
    env = {**environment(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        bare, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not installed for" in done.stderr
    assert "make run" in done.stderr


@pytest.mark.parametrize(
    ("root", "typed"),
    [("/data/a-b/c_1.x", "data.root=/data/a-b/c_1.x"), ("/data/für", "data.root='/data/für'")],
)
def test_the_line_that_repeats_a_run_quotes_no_more_than_it_must(root: str, typed: str) -> None:
    command = command_of(configured({"data.name": "idx", "data.root": root}))
    assert typed in shlex.split(command)


@pytest.mark.sqlite
def test_the_line_that_repeats_a_run_finds_it_where_it_is_recorded(tmp_path: Path) -> None:
    place = f"tracking.uri=sqlite:///{tmp_path / 'other.db'}"
    light = ("size=100", "train.epochs=1", "tracking.artifacts=light")
    done = inside(tmp_path, *light, place, "tracking.experiment=what if")
    (line,) = re.findall(r"^repeat     python -m nnexp (.*)$", done.stdout, flags=re.MULTILINE)
    assert line.endswith(f"'tracking.experiment=what if' {place}")
    again = inside(tmp_path, *shlex.split(line))
    (run_id,) = re.findall(r"^run        (\w+)$", done.stdout, flags=re.MULTILINE)
    assert f"run        {run_id}\n" in again.stdout
    shown = inside(tmp_path, "show", run_id, "--tracking-uri", place.partition("=")[2])
    assert f"\nrepeat     python -m nnexp {line}\n" in shown.stdout


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("tags.question = 'l2'", "\"tags.question = 'l2'\""),
        ('params.size = "1k"', "'params.size = \"1k\"'"),
        ("it's $5", "'it'\"'\"'s $5'"),
        ("size=1k", "size=1k"),
    ],
)
def test_a_line_to_be_copied_is_quoted_so_that_it_can_be_read(word: str, shown: str) -> None:
    assert joined(["runs", word]) == f"runs {shown}"
    assert shlex.split(joined([word])) == [word]


def test_time_left_is_that_of_the_busiest_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(board.time, "monotonic", lambda: now)
    shown = board.SweepProgress(
        3, {0: 4.0, 1: 4.0, 2: 4.0}, {0: 10, 1: 10, 2: 10}, 0, 2, new_console()
    )
    now = 103.0  # Workers start; nothing is known of their speed.
    for run in (0, 1):
        shown.progress(run, 0)
    assert shown.said() == "0 done, 2 running, 0 failed, 1 left"
    now = 153.0
    for run in (0, 1):
        shown.progress(run, 5)
    # Half of two runs in 50 s: 50 s for the other halves, then 100 s for the third alone.
    assert shown.said().endswith(", 1 left, about 2:30 min left")
    now = 203.0
    for run in (0, 1):
        shown.ended(run, "", failed=False)
    assert shown.said() == "2 done, 0 running, 0 failed, 1 left, about 1:40 min left"
    assert shown._pace.running == 0


def test_of_a_preset_that_lists_what_is_not_swept_over_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\nhydra: {sweeper: {params: {seed: 'range(2)', reg: 'none,l2'}}}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    typed = ("--config-dir", ".", "experiment=mine", "size=100", "train.epochs=1")
    done = inside(tmp_path, *typed, "tracking.artifacts=none")
    assert done.returncode == 0
    assert "hydra.sweeper.params (seed, reg) of the preset: no effect" in done.stderr
    swept = inside(tmp_path, *typed, "-m", "sweep.dry_run=true")
    assert swept.stderr == ""
    assert "sweep of 4 runs" in swept.stdout


def test_of_a_preset_that_is_a_search_it_is_said_what_searches(tmp_path: Path) -> None:
    """`-m`, which it was sent to, refuses its ranges."""
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\nhydra: {sweeper: {params: {train.eta: 'log(0.1,3)'}}}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    typed = ("--config-dir", ".", "experiment=mine", "size=100", "sweep.dry_run=true")
    done = inside(tmp_path, *typed)
    assert done.returncode == 0
    assert "here; allowed with python -m nnexp search KEY=RANGE\n" in done.stderr


def test_of_two_numbers_of_images_it_is_said_which_counts(tmp_path: Path) -> None:
    done = inside(tmp_path, "size=1k", "data.n_train=100", "train.epochs=1", "sweep.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("size=1k: no effect, since data.n_train=100 is typed too") == 1
    assert "100 mnist images" in done.stdout


def test_keys_of_sweeps_are_said_to_have_no_effect_on_one_run(tmp_path: Path) -> None:
    typed = ("size=100", "sweep.dry_run=true", "sweep.workers=2", "sweep.executor=dask")
    done = inside(tmp_path, *typed)
    assert done.returncode == 0
    keys = "sweep.executor, sweep.workers"
    assert f"{keys}: no effect on one run, which is trained here; allowed with -m" in done.stderr
    assert "no effect" not in inside(tmp_path, "-m", *typed, "seed=0,1").stderr
    assert "no effect" not in inside(tmp_path, *typed[:2]).stderr
