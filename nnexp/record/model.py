"""`model/`: a trained network as an MLflow model that loads, predicts and serves."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.config.schema import ACTIVATIONS
from nnexp.nn import activations
from nnexp.nn.parameters import Parameters
from nnexp.record.mlflow_private import listed_modules
from nnexp.record.mlflow_settings import prepare_mlflow
from nnexp.record.weights import save_weights

OUTPUTS = ("sigmoid", "softmax")

REQUIRED = ("mlflow", "numpy", "pandas")
"""The packages that a model needs to be loaded."""


def save_model(
    directory: Path,
    parameters: Parameters,
    *,
    activation: str,
    output: str,
    pixel_max: float | None,
    image_shape: tuple[int, int] | None,
    example: NDArray[Any] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write an MLflow pyfunc model, from code and plain arrays: no pickle, no path of this machine.

    The folder can be moved; `mlflow.pyfunc.load_model(directory)` then loads it where this
    package is not installed. What it predicts: see `nnexp.record.serving`.

    Args:
        directory: the folder to make; absent or empty.
        parameters: the trained weights and biases.
        activation: of the hidden layers, by its name in `nnexp.nn.activations`.
        output: of the last layer, `sigmoid` or `softmax`.
        pixel_max: what a pixel of 0 to 255 was divided by in training, 255 or 256; None where the
            inputs are no pixels, and are taken as they are.
        image_shape: (height, width), or None where the input is no image.
        example: images whose first one becomes the model's input example; uint8, (N, n_in).
        metadata: kept in the `MLmodel` file, such as the run's fingerprint.

    Raises:
        ValueError: an unknown activation or output, or a shape that does not fit the weights.
    """
    sizes = parameters.sizes
    _check(activation, output, image_shape, sizes[0])
    settings = {
        "sizes": list(sizes),
        "activation": activation,
        "output": output,
        "pixel_max": pixel_max,
        "image_shape": None if image_shape is None else list(image_shape),
    }
    with tempfile.TemporaryDirectory() as folder:
        weights_file = Path(folder, "weights.npz")
        settings_file = Path(folder, "settings.json")
        save_weights(weights_file, parameters)
        settings_file.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        _save_pyfunc(
            directory,
            {
                "weights": str(weights_file),
                "settings": str(settings_file),
                "activations": str(activations.__file__),
            },
            dict(metadata or {}),
            parameters,
            example,
        )
    _make_relative(directory)


def _check(activation: str, output: str, image_shape: tuple[int, int] | None, n_in: int) -> None:
    if activation not in ACTIVATIONS:
        raise ValueError(f"activation {activation!r}, expected one of {', '.join(ACTIVATIONS)}")
    if output not in OUTPUTS:
        raise ValueError(f"output {output!r}, expected one of {', '.join(OUTPUTS)}")
    if image_shape is not None and image_shape[0] * image_shape[1] != n_in:
        raise ValueError(f"image_shape {image_shape} does not fit {n_in} inputs")


def _save_pyfunc(
    directory: Path,
    artifacts: dict[str, str],
    metadata: dict[str, str],
    parameters: Parameters,
    example: NDArray[Any] | None,
) -> None:
    """Let MLflow lay out the folder."""
    # A worker of a sweep has opened no store, which would have told MLflow so.
    prepare_mlflow()
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema, TensorSpec

    n_in, n_out = parameters.sizes[0], parameters.sizes[-1]
    if n_out == 1:
        columns: list[ColSpec | TensorSpec] = [ColSpec(DataType.double, "output")]
    else:
        columns = [ColSpec(DataType.long, "class")]
        columns += [ColSpec(DataType.double, f"p{k}") for k in range(n_out)]
    try:
        with listed_modules(REQUIRED):
            mlflow.pyfunc.save_model(
                path=str(directory),
                python_model=str(Path(__file__).with_name("serving.py")),
                artifacts=artifacts,
                # Only the outputs: a schema for the inputs would allow just one of the accepted
                # shapes and dtypes, and the model itself says more clearly what it refuses.
                signature=ModelSignature(outputs=Schema(columns)),
                input_example=np.zeros((1, n_in), np.uint8) if example is None else example[:1],
                # Given, because inferring them starts another process.
                pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
                metadata=metadata or None,
                # MLflow looks for a uv project to copy along, by default in the working directory.
                uv_project_path=directory,
            )
    except mlflow.exceptions.MlflowException as error:
        # Of a full disk it says that the code cannot be copied.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from error
        raise


def _make_relative(directory: Path) -> None:
    """Take this machine's absolute paths out of `MLmodel`; loading needs none of them."""
    from mlflow.models import Model

    file = directory / "MLmodel"
    model = Model.load(str(file))
    flavor = model.flavors["python_function"]
    flavor["model_code_path"] = Path(flavor["model_code_path"]).name
    for artifact in flavor["artifacts"].values():
        artifact["uri"] = artifact["path"]
    model.save(str(file))
