from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import nnexp
from nnexp.nn.parameters import Parameters
from nnexp.record.model import save_model

# MLflow 3.17 warns of a type hint of its own when its pyfunc module is imported.
pytestmark = pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType")

PROBABILITIES = [f"p{k}" for k in range(10)]


def network(*sizes: int) -> Parameters:
    generator = np.random.default_rng(3)
    return Parameters(
        tuple(
            (generator.normal(size=(n_out, n_in)) / np.sqrt(n_in)).astype(np.float32)
            for n_in, n_out in pairwise(sizes)
        ),
        tuple(generator.normal(size=n_out).astype(np.float32) for n_out in sizes[1:]),
    )


def images(n: int = 5, n_in: int = 784) -> NDArray[np.uint8]:
    return np.random.default_rng(4).integers(0, 256, (n, n_in), dtype=np.uint8)


def save(directory: Path, *sizes: int, **settings: Any) -> Parameters:
    parameters = network(*(sizes or (784, 30, 10)))
    usual: dict[str, Any] = {
        "activation": "sigmoid",
        "output": "sigmoid",
        "pixel_max": 255.0,
        "image_shape": (28, 28),
    }
    save_model(directory, parameters, **(usual | settings))
    return parameters


def predict(directory: Path, model_input: Any) -> pd.DataFrame:
    frame = mlflow.pyfunc.load_model(str(directory)).predict(model_input)
    assert isinstance(frame, pd.DataFrame)
    return frame


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 784-30-10 network with sigmoid outputs, moved away from where it was saved."""
    folder = tmp_path_factory.mktemp("model")
    save(folder / "saved", metadata={"nnexp.fingerprint": "abc"}, example=images())
    shutil.move(folder / "saved", folder / "moved")
    return folder / "moved"


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: z * (z > 0),
}


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("pixel_max", [255.0, 256.0])
def test_predictions_are_those_of_the_saved_network(
    tmp_path: Path, activation: str, output: str, pixel_max: float
) -> None:
    parameters = save(
        tmp_path / "m", 784, 20, 15, 10, activation=activation, output=output, pixel_max=pixel_max
    )
    a = images().astype(np.float64) / pixel_max
    for weight, bias in zip(parameters.weights[:-1], parameters.biases[:-1], strict=True):
        a = ACTIVATIONS[activation](a @ weight.astype(np.float64).T + bias)
    z = a @ parameters.weights[-1].astype(np.float64).T + parameters.biases[-1]
    outputs = np.exp(z) if output == "softmax" else ACTIVATIONS["sigmoid"](z)
    expected = outputs / outputs.sum(axis=1, keepdims=True)

    frame = predict(tmp_path / "m", images())

    assert list(frame.columns) == ["class", *PROBABILITIES]
    assert frame["class"].dtype == np.int64
    assert frame["class"].tolist() == expected.argmax(axis=1).tolist()
    np.testing.assert_allclose(frame[PROBABILITIES].to_numpy(), expected, rtol=1e-12)


def test_every_accepted_form_of_the_same_images_gives_the_same_answer(model: Path) -> None:
    flat = images()
    expected = predict(model, flat)
    square = flat.reshape(-1, 28, 28)
    for same in (
        square,
        flat.astype(np.int64),
        flat.tolist(),
        square.tolist(),
        pd.DataFrame(flat),
        flat / 255.0,
        square / 255.0,
        (flat / 255.0).tolist(),
        pd.DataFrame(flat / 255.0),
    ):
        pd.testing.assert_frame_equal(predict(model, same), expected, rtol=1e-12)


def test_floats_mean_the_same_pixels_when_training_divided_by_256(tmp_path: Path) -> None:
    save(tmp_path / "m", pixel_max=256.0)
    pd.testing.assert_frame_equal(
        predict(tmp_path / "m", images() / 255.0), predict(tmp_path / "m", images()), rtol=1e-12
    )


@pytest.mark.parametrize(
    ("refused", "reason"),
    [
        (np.zeros((2, 783)), r"shape \(2, 783\), expected \(N, 784\) or \(N, 28, 28\)"),
        (np.zeros(784), r"shape \(784,\)"),
        (np.zeros((28, 28)), r"shape \(28, 28\)"),
        (np.zeros((1, 1, 28, 28)), r"shape \(1, 1, 28, 28\)"),
        (np.zeros((1, 14, 56)), r"shape \(1, 14, 56\)"),
        (np.full((1, 784), 256), "expected 0 to 255"),
        (np.full((1, 784), -1), "integer pixels from -1 to -1"),
        (np.full((1, 784), 255.0), "floating point pixels from 255 to 255, expected 0 to 1"),
        (np.full((1, 784), np.nan), "NaN"),
        (np.full((1, 784), np.inf), "infinity"),
        (np.full((1, 784), True), "dtype bool"),
        ([["a"] * 784], "dtype <U1"),
        ([[0] * 784, [0] * 783], "ragged"),
        ({"image": [0] * 784}, "dtype object"),
    ],
)
def test_other_shapes_and_ranges_are_refused_with_the_reason(
    model: Path, refused: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        predict(model, refused)


def test_no_images_give_an_empty_table(model: Path) -> None:
    frame = predict(model, np.zeros((0, 784)))
    assert list(frame.columns) == ["class", *PROBABILITIES]
    assert len(frame) == 0


def test_outputs_that_are_all_zero_share_the_probability(tmp_path: Path) -> None:
    silent = Parameters((np.zeros((10, 784), np.float32),), (np.full(10, -1000.0, np.float32),))
    save_model(
        tmp_path / "m", silent, activation="sigmoid", output="sigmoid", pixel_max=255.0,
        image_shape=(28, 28),
    )  # fmt: skip
    assert (predict(tmp_path / "m", images())[PROBABILITIES] == 0.1).all(axis=None)


def test_huge_weighted_inputs_overflow_nowhere(tmp_path: Path) -> None:
    weight = np.zeros((10, 784), np.float32)
    weight[3], weight[4] = 1e4, -1e4
    for output in ("sigmoid", "softmax"):
        save_model(
            tmp_path / output, Parameters((weight,), (np.zeros(10, np.float32),)),
            activation="sigmoid", output=output, pixel_max=255.0, image_shape=(28, 28),
        )  # fmt: skip
        frame = predict(tmp_path / output, images())
        assert (frame["class"] == 3).all()
        assert np.isfinite(frame.to_numpy()).all()


def test_a_single_output_is_returned_alone_and_its_input_taken_as_it_is(tmp_path: Path) -> None:
    neuron = Parameters((np.array([[2.0]]),), (np.array([-0.5]),))
    save_model(
        tmp_path / "m", neuron, activation="sigmoid", output="sigmoid", pixel_max=None,
        image_shape=None,
    )  # fmt: skip
    for one in ([[1]], [[1.0]]):
        frame = predict(tmp_path / "m", one)
        assert list(frame.columns) == ["output"]
        np.testing.assert_allclose(frame["output"], 1 / (1 + np.exp(-1.5)), rtol=1e-12)


def test_the_folder_holds_code_and_arrays_but_no_pickle(model: Path) -> None:
    files = {str(file.relative_to(model)) for file in model.rglob("*") if file.is_file()}
    assert {"MLmodel", "serving.py", "artifacts/weights.npz", "artifacts/settings.json"} <= files
    for name in files:
        # Every pickle of protocol 2 or later starts with this opcode.
        assert not (model / name).read_bytes().startswith(b"\x80"), name
        assert Path(name).suffix not in {".pkl", ".pickle"}, name


def test_the_folder_names_no_path_of_this_machine(model: Path) -> None:
    home = os.path.expanduser("~")
    package = str(Path(nnexp.__file__).parent)
    for file in model.rglob("*"):
        if not file.is_file():
            continue
        content = file.read_bytes()
        for path in (str(model.parent), tempfile.gettempdir() + "/", package, sys.prefix, home):
            assert path.encode() not in content, (file.name, path)


def test_requirements_are_the_installed_versions(model: Path) -> None:
    requirements = (model / "requirements.txt").read_text().split()
    assert requirements == [
        f"mlflow=={mlflow.__version__}",
        f"numpy=={np.__version__}",
        f"pandas=={pd.__version__}",
    ]


def test_metadata_example_and_output_columns_are_kept(model: Path) -> None:
    loaded = mlflow.pyfunc.load_model(str(model))
    assert loaded.metadata.metadata == {"nnexp.fingerprint": "abc"}
    assert loaded.metadata.get_output_schema().input_names() == ["class", *PROBABILITIES]
    example = np.asarray(loaded.input_example)
    assert example.tolist() == images()[:1].tolist()
    pd.testing.assert_frame_equal(loaded.predict(example), loaded.predict(images()[:1]))


def test_saving_touches_nothing_but_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    # MLflow would copy these along into the model.
    (work / "uv.lock").write_text("version = 1\n")
    (work / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    monkeypatch.chdir(work)
    save(tmp_path / "m")
    assert {file.name for file in work.iterdir()} == {"uv.lock", "pyproject.toml"}
    assert not (tmp_path / "m" / "uv.lock").exists()


def test_settings_that_cannot_be_served_are_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match="activation 'selu', expected one of sigmoid, tanh, relu"):
        save(tmp_path / "m", activation="selu")
    with pytest.raises(ValueError, match="output 'tanh', expected one of sigmoid, softmax"):
        save(tmp_path / "m", output="tanh")
    with pytest.raises(ValueError, match=r"image_shape \(28, 27\) does not fit 784 inputs"):
        save(tmp_path / "m", image_shape=(28, 27))
    assert not (tmp_path / "m").exists()


def test_the_model_loads_and_predicts_without_this_package(model: Path, tmp_path: Path) -> None:
    code = (
        "import sys, numpy, mlflow\n"
        # None in sys.modules makes any import of the package fail, installed or not.
        "sys.modules['nnexp'] = None\n"
        f"frame = mlflow.pyfunc.load_model({str(model)!r}).predict(numpy.zeros((2, 784)))\n"
        "print(len(frame), *frame.columns)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2", "class", *PROBABILITIES]


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`mlflow models serve` on the moved model; its address."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    binaries = str(Path(sys.executable).parent)
    environment = os.environ | {
        # The command starts uvicorn by name.
        "PATH": binaries + os.pathsep + os.environ.get("PATH", ""),
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--env-manager", "local"]
    command += ["-m", str(model), "-h", "127.0.0.1", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            deadline = time.monotonic() + 120
            while not _answers(address):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
            yield address
        finally:
            # Its own session, so that the workers it started end with it.
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/ping", timeout=5) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False


def _post(address: str, body: dict[str, Any]) -> list[dict[str, float]]:
    request = urllib.request.Request(
        f"{address}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        answer = json.loads(reply.read())["predictions"]
    assert isinstance(answer, list)
    return answer


def test_the_served_model_takes_integers_floats_and_nested_images(server: str, model: Path) -> None:
    pixels = images(2)
    expected = predict(model, pixels).to_dict("records")
    square = pixels.reshape(-1, 28, 28)
    for body in (
        {"inputs": pixels.tolist()},
        {"inputs": square.tolist()},
        {"inputs": (pixels / 255.0).tolist()},
        {"inputs": (square / 255.0).tolist()},
        {"instances": pixels.tolist()},
        {"dataframe_split": {"columns": list(range(784)), "data": pixels.tolist()}},
    ):
        for answer, wanted in zip(_post(server, body), expected, strict=True):
            assert answer["class"] == wanted["class"]
            assert answer == pytest.approx(wanted, rel=1e-9)


def test_the_served_model_says_what_it_refuses(server: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        _post(server, {"inputs": [[0] * 783]})
    with caught.value as reply:
        assert reply.code == 400
        assert "expected (N, 784) or (N, 28, 28)" in reply.read().decode()
