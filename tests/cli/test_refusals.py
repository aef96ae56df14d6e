"""Requests that cannot be carried out: one line on standard error, exit code 2, nothing recorded.

Most are typed into `nnexp.__main__.entry`, the program itself, within this process; a few run as a
process of their own.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from nnexp.__main__ import entry
from tests.cli.command import Typed, environment, free_port, nnexp, start

Type = Callable[..., Typed]

# What is typed, and what the line has to say beside what was typed: what is allowed, or meant.
MISSPELT = [
    ("cst=quadratic", "did you mean cost?"),
    ("train.etaa=3", "did you mean train.eta?"),
    ("learning_rate=3", "did you mean train.eta?"),
    ("weight_decay=3", "did you mean reg.lmbda?"),
    ("modle.hidden=[30]", "did you mean model.hidden?"),
    ("etaa=1", "unknown key"),
    ("train=3", "unknown key"),
    ("cost=quadratik", "did you mean quadratic?"),
    ("cost=foo", "allowed: crossentropy, loglikelihood, quadratic"),
    ("rng=0", "allowed: nielsen2014, pcg64"),
    ("rng=float(nan)", "allowed: nielsen2014, pcg64"),
    ("hydra.mode=0", "allowed: RUN, MULTIRUN"),
    ("hydra.verbose=0", "allowed: true, false, the name of a logger"),
    ("hydra.verbose=[a,null]", "allowed: true, false, the name of a logger"),
    ("hydra/launcher=1e-9", "allowed: "),
    ("reg=[[30]]", "allowed: decoupled, elastic, l1, l2, maxnorm, none"),
    ("reg={name:l2}", "allowed: decoupled, elastic, l1, l2, maxnorm, none"),
    ("cost.name=foo", "allowed: crossentropy, quadratic, loglikelihood"),
    ("reg=l3", "allowed: decoupled, elastic, l1, l2, maxnorm, none"),
    ("dropout=quarter", "allowed: chapter, half, off"),
    ("data=cifar", "allowed: fashion_mnist, idx, mnist, neuron"),
    ("expand=rotate", "allowed: "),
    ("init=xavier", "allowed: fixed, he, large, scaled"),
    ("stop=late", "allowed: early, none"),
    ("rng=mt19937", "allowed: nielsen2014, pcg64"),
    ("experiment=no_such_preset", "allowed: "),
    ("sewps", "did you mean sweeps?"),
    ("trane", "allowed: a command or key=value"),
    ("train.eta", "train.eta: allowed: train.eta=VALUE, without spaces around ="),
    ("train.eta = 1", "train.eta = 1: allowed: train.eta=VALUE, without spaces around ="),
    ("--multirum", "did you mean --multirun?"),
    ("--seed", "did you mean seed=VALUE?"),
    ("--epochs", "did you mean train.epochs=VALUE?"),
    ("overfitting", "did you mean experiment=overfitting?"),
    ("softmax", "did you mean experiment=softmax?"),
    ("l2", "did you mean reg=l2?"),
    ("batch=3", "did you mean train.batch_size?"),
    ("reg=L2", "did you mean l2?"),
    ("reg=off", "did you mean none?"),
    ("dropout=none", "did you mean off?"),
    ("dropout=on", "did you mean half?"),
    ("cost=mse", "did you mean quadratic?"),
    ("train.dtype=double", "did you mean float64?"),
]

NUMBERS = [
    ("train.eta=nan", "a finite number"),
    ("train.eta=inf", "a finite number"),
    ("train.eta=-inf", "a finite number"),
    ("train.eta=-1", "greater than 0"),
    ("train.eta=0", "greater than 0"),
    ("train.eta=abc", "a number"),
    ("train.eta=0,5", "did you mean train.eta=0.5?"),
    ("train.epochs=1.5", "a whole number"),
    ("train.epochs=-1", "0 to "),
    ("train.batch_size=0", "at least 1"),
    ("train.batch_size=2.5", "a whole number"),
    ("train.momentum=1", "0 <= mu < 1"),
    ("train.momentum=-0.5", "0 <= mu < 1"),
    ("train.momentum=nan", "a finite number"),
    ("dropout.hidden=1", "0 <= p < 1"),
    ("dropout.hidden=-0.1", "0 <= p < 1"),
    ("dropout.input=nan", "a finite number"),
    ("seed=-1", "0 to 4294967295"),
    ("seed=4294967296", "0 to 4294967295"),
    ("seed=1.5", "a whole number"),
    ("seed=abc", "a whole number"),
    ("seed=true", "a whole number"),
    ("seed=", "a whole number"),
    ("monitor.every=0", "at least 1"),
    ("monitor.every=0.5", "a whole number"),
    ("data.n_validation=-1", "at least 0"),
    ("sweep.workers=-1", "at least 0"),
    ("sweep.fuse=8", "no longer a key: runs are trained one by one"),
    ("train.schedule=constant", "schedule=constant, step"),
]

LISTS = [
    ("model.hidden=[0]", "at least 1"),
    ("model.hidden=[30,-5]", "at least 1"),
    ("model.hidden=30", "a list such as [30]"),
    ("model.hidden=null", "a list such as [30]"),
    ("model.hidden=[1.5]", "a list such as [30]"),
    ("model.hidden=[a]", "a list such as [30]"),
    ("model.hidden=[30", "a list such as [30]"),
    ("model.hidden=[200000]", "at most 100000"),
]

WORDS = [
    ("model.activation=softplus", "sigmoid, tanh, relu"),
    ("train.dtype=float16", "float32, float64"),
    ("train.engine=jax", "compiled, numpy"),
    ("monitor.test=seldom", "end, epoch, never"),
    ("data.subset=last", "first, random"),
    ("sweep.executor=slurm", "processes, dask"),
    ("tracking.artifacts=some", "auto, all, light, none"),
]

SIZES = [
    ("size=abc", "a number of images such as"),
    ("size=0", "a number of images such as"),
    ("size=-5", "a number of images such as"),
    ("size=1.5", "a number of images such as"),
    ("size=1,000", "allowed: size=1000"),
    ("size=55k", "50000"),
    ("size=70k", "60000"),
    ("data.n_train=55000", "50000"),
    ("data.n_train=0", "at least 1"),
]

# What leads out of the program's promises.
HOSTILE = [
    ("+foo=1", "cannot be added or removed"),
    ("+train.etaa=3", "cannot be added or removed"),
    ("++train.eta=3", "cannot be added or removed"),
    ("~reg", "cannot be added or removed"),
    ("--experimental-rerun=job.pickle", "unknown option"),
    ("--frobnicate", "unknown option"),
    ("--config-path=/tmp", "unknown option"),
    ("-z", "unknown option"),
    ("--info=nothing", "defaults-tree"),
    ("hydra.run.dir=/tmp/elsewhere", "allowed: "),
    ("hydra.sweep.dir=elsewhere", "allowed: "),
    ("hydra.output_subdir=x", "allowed: "),
    ("tracking.experiment=${oc.env:HOME}", "no interpolations"),
    ("train.eta=${oc.env:HOME}", "no interpolations"),
    ("reg@other=l2", "not a key"),
    ("tracking.experiment=a\x1b[2Jb", "control characters"),
]

# Several words on a line: the first is the one that the line is about.
TOGETHER = [
    (("train.batch_size=101", "size=100"), "data.n_train=100"),
    (("stop=early", "size=60k"), "no validation data"),
    (("schedule=halve", "size=60k"), "no validation data"),
    (("schedule.factor=0.5",), "schedule=step or halve"),
    (("schedule.half=3", "schedule=step"), "schedule=inverse"),
    (("schedule.every=0", "schedule=step"), "at least 1"),
    (("schedule=linear",), "constant, cosine, halve, inverse, step"),
    (("train.nesterov=true",), "train.momentum above 0"),
    (("train.average=1",), "0 <= beta < 1"),
    (("cost.smoothing=1",), "0 <= epsilon < 1"),
    (("cost.smoothing=0.1", "data=neuron"), "there are no classes"),
    (("reg.lmbda=1",), "reg=l2, l1, elastic or decoupled"),
    (("reg.lmbda=-1", "reg=l2"), "at least 0"),
    (("reg.lmbda=nan", "reg=l2"), "a finite number"),
    (("reg.lmbda=null", "reg=l2"), "a number"),
    (("reg.lmbda=200000", "reg=l2"), "eta * lmbda / n must stay below 1"),
    (("reg.lmbda_l1=1", "reg=l2"), "reg=elastic"),
    (("reg.max_norm=1", "reg=l2"), "reg=maxnorm"),
    (("reg.max_norm=0", "reg=maxnorm"), "greater than 0"),
    (("reg.biases=true",), "reg=l2, l1, elastic or decoupled"),
    (("init.weight=1",), "init=fixed"),
    (("init.bias=1", "init=he"), "init=fixed"),
    (("stop.patience=3",), "stop=early"),
    (("stop.patience=0", "stop=early"), "at least 1"),
    (("data.root=/no/such/folder", "data=idx"), "four IDX files"),
    (("data.root=/tmp",), "data=idx"),
    (("model.hidden=[30]", "data=neuron"), "no hidden layer"),
    (("data.n_train=2", "data=neuron"), "one example"),
    (("dropout.hidden=0.5", "model.hidden=[]"), "a hidden layer"),
    (("dropout.hidden=0.5", "rng=nielsen2014"), "dropout=off"),
    (("dropout.mask=batch",), "has no effect here"),
    (("dropout.scale=test", "dropout=off"), "has no effect here"),
    (("data.subset=random", "rng=nielsen2014"), "first"),
    (("seed=0,1",), "-m"),
    (("seed=abc,1", "-m"), "a whole number"),
    (("train.eta=log(0.01,1)",), "a number; python -m nnexp search takes ranges"),
    (("expand.sigma=0.05", "expand=distort"), "0.1 to 100"),
    (("expand.alpha=2000.0", "expand=distort"), "0 to 1000"),
    (("size=1k", "data=neuron"), "has no effect here"),
    (("stop.name=early", "data=neuron"), "there is no validation data: allowed: none"),
    (("data.n_validation=0", "stop=early", "size=100"), "stop=early needs validation data"),
    (("data.n_validation=0", "schedule=halve", "size=100"), "schedule=halve needs validation data"),
    (("experiment=overfitting", "experiment=dropout"), "given again, as experiment=dropout"),
    (("experiment=overfitting,dropout", "-m"), "several experiments or stores; allowed: one"),
    (("dropout=0.5,off", "-m"), "a rate of its own is dropout.hidden=0.5"),
    (("size=1k, reg=l2",), "a word each, without commas: size=1k reg=l2"),
    (("size=1k;reg=l2 seed=3",), "a word each, without commas: size=1k reg=l2 seed=3"),
    (("size=1k,", "reg=l2"), "ends with ,; allowed: size=1k"),
]

# Sweeps that Hydra would write down for ever, and numbers that Python cannot read.
ENDLESS = [
    (("seed=range(100000000)",), "100,000,000 runs; allowed: at most 100,000"),
    (("seed=shuffle(range(100000000))",), "100,000,000 runs; allowed: at most 100,000"),
    (("seed=range(1000)", "train.eta=range(0.1,1,0.0001)"), "9,000,000 runs"),
    (("seed=range(100000000)", "seed=0,1"), "100,000,000 runs"),
    (("seed=range(0,1e308,1e-308)",), "no end of runs"),
    (("seed=range(0,1e999)",), "finite numbers"),
    (("seed=range(0,5,0)",), "a step other than 0"),
    (("seed=range(nan,5)",), "finite numbers"),
    (("seed=interval(0,1)",), "seed=interval(0,1): an interval; allowed: values such as"),
]


@pytest.fixture
def typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Type]:
    """The program, typed in an empty folder."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    for name in ("HYDRA_FULL_ERROR", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)

    def run(*args: str) -> Typed:
        monkeypatch.setattr(sys, "argv", ["nnexp", *args])
        with pytest.raises(SystemExit) as ending:
            entry()
        out, err = capfd.readouterr()
        assert isinstance(ending.value.code, int)
        return Typed(tmp_path, ending.value.code, out, err)

    yield run
    for number, handler in before.items():
        signal.signal(number, handler)


def said(done: Typed, there: Collection[str] = ()) -> str:
    """The one line of a refusal; nothing else was said, and nothing recorded beside `there`."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("nnexp: ")
    assert {path.name for path in done.folder.iterdir()} <= {".nnexp", *there}
    return line


@pytest.mark.parametrize(("argument", "allowed"), [*MISSPELT, *NUMBERS, *LISTS, *WORDS, *SIZES])
def test_wrong_value_or_name_is_refused_in_a_line_that_says_what_is_allowed(
    typed: Type, argument: str, allowed: str
) -> None:
    line = said(typed(argument))
    assert argument in line
    assert allowed in line


@pytest.mark.parametrize(("argument", "allowed"), HOSTILE)
def test_what_leads_out_of_the_program_is_refused(typed: Type, argument: str, allowed: str) -> None:
    line = said(typed(argument))
    assert argument.split("=")[0] in line
    assert allowed in line
    assert "\x1b" not in line


@pytest.mark.parametrize(("arguments", "allowed"), TOGETHER)
def test_values_that_do_not_go_together_are_refused(
    typed: Type, arguments: tuple[str, ...], allowed: str
) -> None:
    line = said(typed(*arguments))
    key, _, value = arguments[0].partition("=")
    if key in ("seed", "dropout"):  # Of these it is the first value that is wrong.
        value = value.split(",")[0]
    assert f"{key}={value}" in line
    assert allowed in line


@pytest.mark.parametrize(("arguments", "allowed"), ENDLESS)
def test_a_sweep_without_end_is_refused_at_once(
    typed: Type, arguments: tuple[str, ...], allowed: str
) -> None:
    started = time.monotonic()
    line = said(typed("-m", *arguments))
    assert time.monotonic() - started < 10
    assert allowed in line


@pytest.mark.parametrize("command", [("-m",), ("search", "--trials", "2")])
def test_layers_without_brackets_are_refused_where_several_are_tried(
    typed: Type, command: tuple[str, ...]
) -> None:
    line = said(typed(*command, "model.hidden=30,100", "size=100"))
    assert "allowed: a list such as [30]" in line


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (("size=100", "runs"), "runs: allowed: a command first: python -m nnexp runs"),
        (("list",), "did you mean runs?"),
        (("--verbos",), "did you mean --verbose?"),
        (("my/mine.yaml",), "or a file as a preset: --config-dir DIR experiment=NAME"),
    ],
)
def test_what_is_no_word_here_is_told_what_is_meant(
    typed: Type, words: tuple[str, ...], allowed: str
) -> None:
    assert allowed in said(typed(*words))


def test_a_run_of_a_sweep_is_named_as_it_was_typed(typed: Type) -> None:
    line = said(typed("-m", "reg=none,l2", "reg.lmbda=1", "size=100", "tracking.tags.question=l2"))
    assert line.endswith("(in reg=none reg.lmbda=1 size=100 tracking.tags.question=l2)")


def test_an_address_in_it_is_shown_without_escapes(typed: Type) -> None:
    line = said(typed("-m", "sweep.address=tcp://127.0.0.1:8799", "size=100", "seed=1,2"))
    assert line.endswith("(in sweep.address=tcp://127.0.0.1:8799 size=100 seed=1)")


def test_a_long_text_in_it_is_cut(typed: Type) -> None:
    line = said(typed("-m", f"tracking.name={'long ' * 300}", "size=100", "seed=1,2"))
    assert "(in " in line
    assert len(line) < 500


def test_two_choices_of_a_group_are_refused_in_a_search(typed: Type) -> None:
    asked = ("search", "train.eta=0.1,0.5", "--trials", "2", "size=100")
    line = said(typed(*asked, "experiment=dropout", "experiment=softmax"))
    assert "experiment=dropout: given again, as experiment=softmax" in line


def test_a_misspelt_option_of_a_command_is_told_the_nearest(typed: Type) -> None:
    assert "did you mean --quick?" in said(typed("replay", "--quik"))
    assert "--port abc: allowed: a whole number" in said(typed("ui", "--port", "abc"))


def test_values_that_are_typed_again_count_once(typed: Type) -> None:
    swept = ("seed=range(50000)", "train.eta=0.1,0.2,0.3")  # As a preset has them.
    done = typed("-m", *swept, "size=100", "seed=0,1", "sweep.dry_run=true")
    assert done.returncode == 0, done.stderr
    assert "sweep of 6 runs" in done.stdout


@pytest.mark.parametrize(
    ("argument", "key"),
    [
        (f"seed={'1' * 5000}", "seed"),
        (f"seed={'1' * 4000}", "seed"),
        (f"model.hidden={'[' * 4000}", "model.hidden"),
    ],
    ids=["unreadable", "huge", "nested"],
)
def test_a_value_of_thousands_of_characters_is_refused_in_a_short_line(
    typed: Type, argument: str, key: str
) -> None:
    line = said(typed(argument))
    assert line.startswith(f"nnexp: {key}=")
    assert "allowed: " in line
    assert len(line) < 300


def test_going_on_with_no_sweep_is_refused(typed: Type) -> None:
    assert "--go-on '': allowed: the id of a sweep" in said(typed("sweeps", "--go-on", ""))


UNREADABLE = [
    "http://me:geheim@[x/y",
    "postgresql://me:geheim@host:notaport/x",
    "postgresql+psycopg2://me:das ist geheim@127.0.0.1:1/x",
    "postgresql+psycopg2://me:geh'geheim@127.0.0.1:1/x",
    "sqlite:///~nobody-of-this-name/x.db",
    "sqlite:///%00",
]


@pytest.mark.parametrize("uri", UNREADABLE)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(
    typed: Type, uri: str
) -> None:
    line = said(typed("size=100", f"tracking.uri={uri}"))
    assert "geheim" not in line
    assert f"tracking.uri={uri.partition('://')[0]}://" in line
    assert "allowed: " in line


@pytest.mark.parametrize(
    "asked", [("--cfg", "job"), ("--cfg=all",), ("--info", "all"), ("hydra.verbose=true",)]
)
def test_no_password_is_printed_with_the_config(typed: Type, asked: tuple[str, ...]) -> None:
    done = typed(*asked, "tracking.uri=http://me:das 'ist' geheim@127.0.0.1:1/x", "size=100")
    assert done.returncode == 2 * (asked[0] == "hydra.verbose=true"), done.stderr
    assert "geheim" not in done.stdout + done.stderr
    assert "://***@127.0.0.1:1/x" in done.stdout + done.stderr


def test_letters_of_other_languages_are_letters_of_a_folder(typed: Type, tmp_path: Path) -> None:
    line = said(typed("data.root=für", "data=idx", "tracking.experiment=Größe"))
    assert f"data.root={tmp_path / 'für'}: not a folder" in line


def test_idx_data_without_a_folder_is_refused(typed: Type) -> None:
    line = said(typed("data=idx"))
    assert "data=idx needs data.root=DIR" in line


def test_folder_without_idx_files_is_refused_with_its_name(typed: Type, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    line = said(typed("data=idx", f"data.root={tmp_path / 'empty'}"), there=["empty"])
    assert str(tmp_path / "empty") in line
    assert "train-images" in line


def test_one_bad_combination_refuses_the_whole_sweep(typed: Type) -> None:
    line = said(typed("-m", "size=100", "train.epochs=1", "seed=0,1", "dropout.hidden=0,1.5"))
    assert "dropout.hidden=1.5" in line
    assert "0 <= p < 1" in line


@pytest.mark.parametrize("flag", ["--cfg", "--cfg=everything"])
def test_config_printing_flag_used_wrongly_is_refused_in_one_line(typed: Type, flag: str) -> None:
    line = said(typed(flag))
    assert "--cfg" in line
    assert "job" in line


@pytest.mark.parametrize(
    "arguments",
    [("ui", "--port", "0"), ("ui", "--port", "abc"), ("ui", "--prot", "5001"), ("ui", "extra")],
)
def test_wrong_option_of_a_command_is_refused_with_its_name(
    typed: Type, arguments: tuple[str, ...]
) -> None:
    line = said(typed(*arguments))
    assert arguments[-1] in line
    assert "Traceback" not in line


def test_whole_traceback_is_shown_on_request(tmp_path: Path) -> None:
    done = nnexp("train.epochs=1.5", cwd=tmp_path, env={"HYDRA_FULL_ERROR": "1"})
    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "train.epochs" in done.stderr
    assert "hydra.errors." in done.stderr


def test_refusal_of_a_process_of_its_own_is_the_same_line(typed: Type, tmp_path: Path) -> None:
    """Nothing is printed by Hydra as its process goes down."""
    inside = said(typed("train.epochs=1.5"))
    done = nnexp("train.epochs=1.5", cwd=tmp_path)
    assert said(Typed(tmp_path, done.returncode, done.stdout, done.stderr)) == inside


@pytest.mark.parametrize(
    ("uri", "allowed"),
    [
        ("foo://somewhere", "sqlite:///FILE"),
        ("/some/folder", "sqlite:///FILE"),
        ("file:///some/folder", "sqlite:///FILE"),
        ("sqlite:////no/such/folder/mlflow.db", "no folder /no/such/folder"),
        ("sqlite:////tmp", "is a folder"),
    ],
)
def test_address_of_no_store_is_refused(typed: Type, uri: str, allowed: str) -> None:
    line = said(typed("size=100", "train.epochs=1", f"tracking.uri={uri}"))
    assert f"tracking.uri={uri}" in line
    assert allowed in line


def test_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database")
    done = nnexp("size=100", "tracking.uri=sqlite:///notes.txt", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "tracking.uri=sqlite:///" in line
    assert "notes.txt" in line
    assert (tmp_path / "notes.txt").read_text() == "no database"


def test_address_where_nobody_listens_is_refused_before_training(tmp_path: Path) -> None:
    address = f"http://user:geheim@127.0.0.1:{free_port()}"
    done = nnexp("size=100", f"tracking.uri={address}", cwd=tmp_path)
    line = said(Typed(tmp_path, done.returncode, done.stdout, done.stderr))
    assert "tracking.uri=http://" in line
    assert address.rpartition("@")[2] in line
    assert "geheim" not in line


@pytest.mark.parametrize("key", ["tracking.uri", "tracking.urii"])
def test_password_of_an_address_is_never_repeated(typed: Type, key: str) -> None:
    """Neither where nobody answers nor where the key is misspelt."""
    address = f"postgresql+psycopg2://user:geheim@127.0.0.1:{free_port()}/runs?connect_timeout=3"
    line = said(typed("size=100", f"{key}={address}"))
    assert "geheim" not in line
    assert f"{key}=postgresql" in line
    assert ("no tracking store answers" if key == "tracking.uri" else "tracking.uri?") in line


def test_missing_database_driver_is_named_in_one_line(typed: Type) -> None:
    """No driver for Microsoft's database is among the requirements."""
    line = said(typed("size=100", "tracking.uri=mssql+pymssql://127.0.0.1/runs"))
    assert "tracking.uri=mssql+pymssql://127.0.0.1/runs" in line
    assert "pymssql" in line.rpartition("/runs")[2]
    assert "not installed" in line


@pytest.mark.slow
def test_address_that_never_answers_is_given_up(tmp_path: Path) -> None:
    """MLflow's own patience is over four minutes; ours ends long before the time limit here."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = nnexp("size=100", cwd=tmp_path, env={"MLFLOW_TRACKING_URI": uri}, timeout=60)
    line = said(Typed(tmp_path, done.returncode, done.stdout, done.stderr))
    assert f"MLFLOW_TRACKING_URI={uri}" in line


def test_port_in_use_is_refused(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = nnexp("ui", "--port", str(port), cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert f"--port {port}" in line
    assert "in use" in line


@pytest.mark.parametrize("typed", [("--help",), ("runs",), ("size=100", "sweep.dry_run=true")])
def test_reader_that_goes_away_is_no_error(typed: tuple[str, ...], tmp_path: Path) -> None:
    """As in `python -m nnexp --help | head -1`."""
    assert nnexp("size=100", "train.epochs=1", "tracking.artifacts=none", cwd=tmp_path).stdout
    process = start(*typed, cwd=tmp_path)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(timeout=60) == 0


def test_output_that_cannot_be_written_ends_in_one_line(tmp_path: Path) -> None:
    typed = [sys.executable, "-m", "nnexp", "--help"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            typed, cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "No space left" in line


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("seed=1", "--config-dir"), "--config-dir: has no value"),
        (("seed=1", "-c"), "-c: has no value"),
        (("seed=1", "-m=3"), "-m=3: allowed: -m, without a value"),
    ],
)
def test_flags_with_too_few_or_too_many_values(
    typed: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    done = nnexp(*typed, cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line


def test_a_sweep_over_no_value_is_refused(tmp_path: Path) -> None:
    done = nnexp("-m", "seed=range(0)", "size=100", cwd=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "seed=range(0)" in line
    assert "allowed: at least one value per key" in line


def test_flags_may_stand_anywhere(tmp_path: Path) -> None:
    done = nnexp("size=100", "-m", "seed=0,1", "sweep.dry_run=true", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "sweep of 2 runs" in done.stdout
