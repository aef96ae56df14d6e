"""Parts of a user's own: trained, recorded, verified as what is built in, or refused in a line."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from nnexp.config.check import check
from nnexp.config.extensions import sources_of
from nnexp.data.dataset import load_dataset
from nnexp.errors import UserError
from nnexp.extension_files import load_parts, loaded, split_off, with_parts
from nnexp.nn.activations import ACTIVATIONS
from nnexp.own_calls import check_own
from nnexp.record.fingerprint import fingerprint
from tests import golden, own_parts
from tests.cli.command import Typed
from tests.inside import inside
from tests.small import arrays, configured, made, run

ALL = (
    "cost=cubic", "reg=logarithmic", "init=glorot", "model.activation=swish", "data=stripes",
    "monitor.metrics=[top2]", "data.n_validation=200", "size=800", "model.hidden=[5]",
    "train.epochs=2", "tracking.artifacts=light",
)  # fmt: skip
LOAD = ("--load", "my_parts.py")
NUMERIC = {
    "cost.name": "cubic",
    "reg.name": "logarithmic",
    "reg.lmbda": 3.0,
    "init.name": "glorot",
    "model.activation": "swish",
    "monitor.metrics": ["top2"],
    "model.hidden": [6, 5],
}


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Path]:
    """The file of docs/extending.md, loaded."""
    path = own_parts.write(tmp_path)
    with with_parts([str(path)]):
        yield path


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Typed:
    """A run with a part of each kind."""
    folder = tmp_path_factory.mktemp("own")
    own_parts.write(folder)
    done = inside(folder, *ALL, *LOAD)
    assert done.returncode == 0, done.stderr
    return done


def client(done: Typed) -> MlflowClient:
    return MlflowClient(done.uri)


def runs(done: Typed, where: str = "tags.`nnexp.kind` = 'run'") -> list[Run]:
    store = client(done)
    ids = [experiment.experiment_id for experiment in store.search_experiments()]
    return list(store.search_runs(ids, where))


# What is trained.


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"train.momentum": 0.5, "train.nesterov": True, "reg.biases": True},
        {"cost.smoothing": 0.1, "dropout.hidden": 0.3, "train.average": 0.9},
        {"stop.name": "early", "stop.patience": 1, "monitor.test": "end"},
    ],
    ids=["plain", "momentum", "dropout", "early"],
)
def test_both_engines_agree(parts: Path, more: dict[str, Any]) -> None:
    dataset = made()
    config = {**NUMERIC, "train.dtype": "float32", "train.epochs": 3, **more}
    ours, plain = (
        run(configured(config, **{"train.engine": engine}), dataset)
        for engine in ("compiled", "numpy")
    )
    for a, b in zip(arrays(ours.parameters), arrays(plain.parameters), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
    for name in ("train/cost", "train/penalty", "validation/top2"):
        np.testing.assert_allclose(ours.series(name), plain.series(name), rtol=1e-4)
    if "stop.name" in more:
        assert ours.final["best/test_top2"] == ours.final["test/top2"] > 0.5
    else:
        assert ours.series("test/top2")[-1] > 0.5


def test_each_part_changes_what_is_trained(parts: Path) -> None:
    dataset = made()
    all_of = run(configured(NUMERIC, **{"train.engine": "numpy"}), dataset)
    for key in ("cost.name", "reg.name", "init.name", "model.activation"):
        without = {k: v for k, v in NUMERIC.items() if not k.startswith(key.partition(".")[0])}
        without |= {"model.hidden": [6, 5]}
        other = run(configured(without, **{"train.engine": "numpy"}), dataset)
        assert any(
            (a != b).any()
            for a, b in zip(arrays(all_of.parameters), arrays(other.parameters), strict=True)
        ), key


@pytest.mark.parametrize("name", ["main", "dropout"])
def test_what_is_built_in_keeps_its_bits_beside_parts_of_ones_own(parts: Path, name: str) -> None:
    assert golden.digest(name) == golden.golden()[name]


def test_what_is_loaded_is_gone_afterwards(tmp_path: Path) -> None:
    path = own_parts.write(tmp_path)
    with with_parts([str(path)]):
        assert [source.name for source in loaded()] == ["my_parts.py"]
        assert "swish" in ACTIVATIONS
    assert not loaded()
    assert "swish" not in ACTIVATIONS
    with pytest.raises(UserError, match="allowed: sigmoid, tanh, relu"):
        check(configured({"model.activation": "swish"}))


# What is recorded.


def test_the_record_holds_the_file_its_digest_and_the_command(recorded: Typed) -> None:
    (found,) = runs(recorded)
    digests = json.loads(found.data.tags["nnexp.parts"])
    assert list(digests) == ["my_parts.py"]
    assert len(digests["my_parts.py"]) == 64
    assert found.data.tags["nnexp.command"].endswith("--load my_parts.py")
    assert found.data.params["monitor.metrics"] == "[top2]"
    assert {"train/top2", "validation/top2", "test/top2"} <= set(found.data.metrics)
    path = client(recorded).download_artifacts(found.info.run_id, "parts/my_parts.py")
    assert Path(path).read_text(encoding="utf-8") == own_parts.TEXT
    assert "top2" in recorded.stdout


def test_the_same_file_is_asked_for_and_no_other(recorded: Typed, tmp_path: Path) -> None:
    (found,) = runs(recorded)
    short = found.info.run_id[:8]
    done = inside(recorded.folder, "verify", short)
    assert done.returncode == 2
    assert "was trained with my_parts.py (SHA-256" in done.stderr
    assert done.stderr.count("\n") == 1
    assert "allowed: --load my_parts.py, after reading it" in done.stderr
    other = own_parts.write(tmp_path, own_parts.TEXT.replace("2 / (n + m)", "3 / (n + m)"))
    done = inside(recorded.folder, "verify", short, "--load", str(other))
    assert done.returncode == 2
    assert "was trained with another my_parts.py" in done.stderr
    # Comments and docstrings are of no account.
    same = own_parts.write(tmp_path, "# Mine.\n" + own_parts.TEXT.replace("Parts of my", "The"))
    done = inside(recorded.folder, "verify", short, f"--load={same}")
    assert done.returncode == 0, done.stderr
    assert "identical" in done.stdout


def test_workers_train_with_the_file(recorded: Typed) -> None:
    typed = [*ALL, "seed=1,2", "sweep.workers=2", "tracking.experiment=swept"]
    done = inside(recorded.folder, "-m", *typed, *LOAD)
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("--load my_parts.py")
    members = runs(done, "tags.`nnexp.sweep` != '' and tags.`nnexp.kind` = 'run'")
    assert [m.info.status for m in members] == ["FINISHED", "FINISHED"]
    (parent,) = runs(done, "tags.`nnexp.kind` = 'sweep'")
    assert parent.data.tags["nnexp.parts"] == members[0].data.tags["nnexp.parts"]
    done = inside(recorded.folder, "verify", members[0].info.run_id, *LOAD)
    assert done.returncode == 0, done.stdout
    done = inside(recorded.folder, "sweeps", "--go-on", parent.info.run_id)
    assert done.returncode == 2
    assert "my_parts.py" in done.stderr
    done = inside(recorded.folder, "sweeps", "--go-on", parent.info.run_id, *LOAD)
    assert done.returncode == 0, done.stderr


def test_a_file_of_results_carries_it_and_runs_nothing_of_it(recorded: Typed) -> None:
    (found,) = runs(recorded, "tags.`nnexp.kind` = 'run' and attributes.run_name LIKE '%seed0%'")
    done = inside(recorded.folder, "export", found.info.run_id, "--out", "a.nnexp")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(recorded.folder / "a.nnexp") as archive:
        text = archive.read(f"runs/{found.info.run_id}/parts/my_parts.py")
    assert text.decode() == own_parts.TEXT
    for command in (("verify", "a.nnexp"), ("import", "a.nnexp", "--experiment", "other")):
        done = inside(recorded.folder, *command)
        assert done.returncode == 2
        assert "was trained with my_parts.py" in done.stderr
        assert "CHANGED" not in done.stdout + done.stderr
    uri = f"sqlite:///{recorded.folder / 'other.db'}"
    done = inside(recorded.folder, "import", "a.nnexp", "--tracking-uri", uri, *LOAD)
    assert done.returncode == 0, done.stdout + done.stderr


def test_only_what_is_used_is_part_of_a_fingerprint(parts: Path) -> None:
    dataset = load_dataset(configured({"data.name": "neuron"}).data)
    plain, own = configured(), configured({"model.activation": "swish"})
    assert [source.name for source in sources_of(own)] == ["my_parts.py"]
    assert not sources_of(plain)
    marks = fingerprint(plain, dataset), fingerprint(own, dataset)
    own_parts.write(parts.parent, own_parts.TEXT.replace("default_rng(0)", "default_rng(1)"))
    load_parts(parts)
    assert fingerprint(plain, dataset) == marks[0]
    assert fingerprint(own, dataset) != marks[1]


def test_a_changed_data_set_is_read_anew(parts: Path) -> None:
    config = configured({"data.name": "stripes"})
    before = load_dataset(config.data)
    assert before.train.images.shape == (1000, 64)
    assert before.image_shape == (8, 8)
    own_parts.write(parts.parent, own_parts.TEXT.replace("default_rng(0)", "default_rng(1)"))
    load_parts(parts)
    assert load_dataset(config.data).digest != before.digest


def test_an_entry_point_names_an_installed_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin_of_a_test.py").write_text(own_parts.TEXT, encoding="utf-8")
    info = tmp_path / "plugin_of_a_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin-of-a-test\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[nnexp.parts]\nmine = plugin_of_a_test\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with with_parts(["mine"]):
        assert "swish" in ACTIVATIONS


# What is refused.

HEAD = "import numpy as np\nfrom nnexp import register\n"
WRONG = {
    "x = (": "line 1: '(' was never closed",
    "\n\n1 / 0": "line 3: ZeroDivisionError: division by zero",
    "import sys; sys.exit(3)": "SystemExit: 3",
    "x = 1": "registers nothing",
    HEAD + "register.metric('a b')(lambda outputs, labels: 0)": "metric a b: allowed: a name",
    HEAD + "register.metric('cost')(lambda outputs, labels: 0)": "this name is taken",
    HEAD + "register.metric('m')(lambda outputs: 0)": "parameters (outputs, labels)",
    HEAD + "register.metric('m')(3)": "3 is no function",
    HEAD + "register.cost('quadratic', error=lambda a, y: a)(lambda z, y: z)": "this name is taken",
    HEAD + "register.activation('f', slope=lambda z, a: 2 * z)(lambda z: z)": (
        "activation f: the slope(z, a) is not the derivative: at -3.99 it is -7.9754, the slope"
    ),
    HEAD + "register.cost('c', error=lambda a, y: a - y)(lambda z, y: z * 0)": (
        "cost c: at y = 0, the slope(a, y) is not the derivative"
    ),
    HEAD + "register.activation('f', slope=lambda z, a: 1.0)(lambda z: z)": "gave shape ()",
    HEAD + "register.activation('f', slope=lambda z, a: a)(np.log)": "not finite everywhere",
    HEAD + "register.regularizer('r', slope=lambda w: 0 * w + 1)(lambda w: w)": "at 0 is not 0",
    HEAD
    + "def f(z):\n    return z + 0\ndef g(z, a):\n    return z * 0 + 2\n"
    + "register.activation('f', slope=lambda z, a: z / z, compiled=(f, g))(f)": (
        "compiled g is not what the plain one is: at -3.99, -3.99 it gives 2, not 1"
    ),
    HEAD
    + "def f(z):\n    return np.exp(z)\ndef g(z, a):\n    return a\n"
    + "register.activation('f', slope=g, compiled=(f, g))(f)": (
        "compiled f: exp of the C library differs between processors"
    ),
    HEAD
    + "def f(z):\n    return z + unknown\ndef g(z, a):\n    return z / z\n"
    + "register.activation('f', slope=g, compiled=(f, g))(lambda z: z)": (
        "name 'unknown' is not defined; allowed: arithmetic"
    ),
    HEAD + "@register.metric\ndef m(outputs, labels):\n    return 0.0\n": (
        '@register.metric without a name; allowed: @register.metric("NAME", …)'
    ),
}


@pytest.mark.parametrize(("text", "said"), WRONG.items(), ids=range(len(WRONG)))
def test_a_wrong_file_is_refused_in_a_line(text: str, said: str, tmp_path: Path) -> None:
    path = own_parts.write(tmp_path, text)
    with pytest.raises(UserError) as refused:
        load_parts(path)
    assert str(refused.value).startswith(f"--load {path}: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not loaded()
    assert "f" not in ACTIVATIONS


DRAWS = (
    HEAD + "@register.initializer('i')\ndef i(sizes, rng):\n"
    "    weights = [{} for m, n in zip(sizes, sizes[1:])]\n"
    "    return weights, [np.zeros(n) for n in sizes[1:]]\n"
)
METRIC = HEAD + "@register.metric('m')\ndef m(outputs, labels):\n    {}\n"
MISTAKES = {
    HEAD + "@register.initializer('i')\ndef i(sizes, rng):\n    pass\n": (
        "init=i: TypeError: 'NoneType' object is not iterable"
    ),
    DRAWS.format("rng.normal(0, 1, (n, m))"): "init=i: line 5: AttributeError: 'Normals' object",
    DRAWS.format("np.full((n, m), np.nan)"): "init=i: gave numbers that are not finite",
    DRAWS.format("np.random.default_rng().random((n, m))"): (
        "init=i: gave other numbers when it was called again; allowed: draws of rng"
    ),
    METRIC.format("return outputs[:, 0]"): "metric m: gave shape (",
    METRIC.format("outputs.mean()"): "metric m: gave NoneType; allowed: a number",
    METRIC.format("return 'good'"): "metric m: gave str; allowed: a number",
    METRIC.format("return outputs[10**6, 0]"): "metric m: line 5: IndexError: index 1000000 is out",
    METRIC.format("raise SystemExit(3)"): "metric m: line 5: SystemExit: 3",
    METRIC.format("labels[:] = 0; return 1.0"): "metric m: line 5: ValueError: assignment dest",
}


@pytest.mark.parametrize(("text", "said"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_in_a_function_is_a_line(text: str, said: str, tmp_path: Path) -> None:
    path = own_parts.write(tmp_path, text)
    with with_parts([str(path)]):
        key = ("init.name", "i") if "initializer" in text else ("monitor.metrics", ["m"])
        with pytest.raises(UserError) as refused:
            check_own(configured(dict([key])), made())
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("command", [(), ("-m", "seed=0,1"), ("search", "train.eta=0.1,1")])
def test_a_mistake_in_a_function_is_noticed_before_anything_is_recorded(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    own_parts.write(tmp_path, METRIC.format("return 'good'"))
    done = inside(tmp_path, *command, "monitor.metrics=[m]", "size=100", "train.epochs=1", *LOAD)
    assert done.returncode == 2
    assert done.stderr == "nnexp: metric m: gave str; allowed: a number\n"
    assert not runs(done, "")


def test_a_metric_that_is_not_finite_ends_a_run_with_its_reason(tmp_path: Path) -> None:
    own_parts.write(tmp_path, METRIC.format("return float('nan')"))
    done = inside(tmp_path, "monitor.metrics=[m]", "size=100", "train.epochs=1", *LOAD)
    assert done.returncode == 2
    said = "metric m: is nan; allowed: a finite number"
    assert done.stderr == f"nnexp: {said}\n"
    (failed,) = runs(done)
    assert failed.info.status == "FAILED"
    assert said in failed.data.tags.values()


def data_set(labels: str, seed: str = "0") -> str:
    """A file with a data set whose labels are drawn so."""
    return HEAD + (
        "@register.dataset('d')\ndef d():\n"
        f"    rng = np.random.default_rng({seed})\n"
        "    images = rng.integers(0, 256, (300, 4, 4), np.uint8)\n"
        f"    labels = {labels}\n"
        "    return images[:200], labels[:200], images[200:], labels[200:]\n"
    )


DATA = ("data=d", "data.n_validation=50", "size=100", "model.hidden=[5]", "train.epochs=1", *LOAD)


def test_labels_may_be_of_any_whole_numbers(tmp_path: Path) -> None:
    path = own_parts.write(tmp_path, data_set("rng.integers(0, 3, 300)"))
    with with_parts([str(path)]):
        found = load_dataset(configured({"data.name": "d"}).data)
        assert found.train.labels.dtype == np.uint8
    own_parts.write(tmp_path, data_set("rng.integers(0, 3, 300) - 1"))
    done = inside(tmp_path, *DATA)
    assert done.returncode == 2
    assert "data=d: ValueError: labels are -1 to 1; allowed: 0 to 255" in done.stderr


@pytest.mark.parametrize("command", [(), ("-m", "seed=0,1"), ("search", "train.eta=0.1,1")])
def test_data_that_are_drawn_anew_are_refused_before_anything_is_recorded(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    own_parts.write(tmp_path, data_set("rng.integers(0, 3, 300)", seed=""))
    done = inside(tmp_path, *command, *DATA)
    assert done.returncode == 2
    assert done.stderr.startswith(
        "nnexp: data=d: gave other data when it was called again; allowed"
    )
    assert not runs(done, "")


def test_no_run_of_a_sweep_is_trained_on_other_data_than_its_fingerprint_says(
    tmp_path: Path,
) -> None:
    seed = "__import__('os').getpid()"
    own_parts.write(tmp_path, data_set("rng.integers(0, 3, 300)", seed=seed))
    done = inside(tmp_path, "-m", "seed=range(2)", *DATA)
    assert done.returncode == 1
    assert "in a worker process" in done.stderr
    assert "drawn anew whenever it is read; allowed: the same data each time" in done.stderr
    assert not [r for r in runs(done) if r.info.status == "FINISHED"]


def test_a_file_that_imports_from_beside_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside_of_a_test.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    path = own_parts.write(tmp_path, own_parts.TEXT + "\nimport beside_of_a_test\n")
    with pytest.raises(UserError, match="imports beside_of_a_test from beside it"):
        load_parts(path)


def test_files_that_cannot_be_loaded(tmp_path: Path, parts: Path) -> None:
    with pytest.raises(UserError, match=r"--load nothing.py: cannot be read \(No such file"):
        load_parts("nothing.py")
    with pytest.raises(UserError, match="--load: has no value"):
        split_off(["cost=cubic", "--load"])
    odd = tmp_path / "my parts.py"
    odd.write_text(own_parts.TEXT)
    with pytest.raises(UserError, match="allowed: a file name of letters"):
        load_parts(odd)
    (tmp_path / "d").mkdir()
    other = own_parts.write(tmp_path / "d", own_parts.TEXT + "\nx = 1\n")
    with pytest.raises(UserError, match="a file of this name is loaded from"):
        load_parts(other)
    twice = tmp_path / "twice.py"
    twice.write_text(own_parts.TEXT)
    with pytest.raises(UserError, match="activation swish: this name is taken"):
        load_parts(twice)


def test_plain_functions_are_for_the_numpy_engine(tmp_path: Path) -> None:
    text = HEAD + "register.activation('half', slope=lambda z, a: 0 * z + 0.5)(lambda z: z / 2)"
    own_parts.write(tmp_path, text)
    typed = ("model.activation=half", "size=100", "train.epochs=1", "model.hidden=[5]", *LOAD)
    done = inside(tmp_path, *typed)
    assert done.returncode == 2
    assert done.stderr == (
        "nnexp: train.engine=compiled: activation half has no compiled functions; "
        "allowed: train.engine=numpy\n"
    )
    light = ("train.engine=numpy", "tracking.artifacts=light", "data.n_validation=50")
    assert inside(tmp_path, *typed, *light).returncode == 0


def test_a_data_set_of_another_form_is_refused(tmp_path: Path) -> None:
    text = HEAD + "register.dataset('d')(lambda: (np.zeros(3), np.zeros(3)))"
    with (
        with_parts([str(own_parts.write(tmp_path, text))]),
        pytest.raises(UserError, match=r"data=d: gave float64 \(3,\), float64 \(3,\); allowed"),
    ):
        load_dataset(configured({"data.name": "d"}).data)


def test_nothing_is_registered_outside_of_a_loaded_file() -> None:
    from nnexp import register

    with pytest.raises(UserError, match="allowed in a file that is loaded"):
        register.metric("m")(lambda outputs, labels: 0.0)
