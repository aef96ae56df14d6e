"""The network as an MLflow model: copied beside the weights, run where it is loaded or served.

This file becomes part of every saved model ("models from code"), so it stands alone: it needs
NumPy, pandas and MLflow, not the package it comes from. Importing it only defines the model; the
weights are read in `load_context`.
"""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]


def _sigmoid(z: Array) -> Array:
    """σ(z) = 1 / (1 + exp(-z)) without overflow for large negative z."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -z)))


def _softmax(z: Array) -> Array:
    """exp(z_j) / Σ_k exp(z_k) along the last axis; the maximum is taken off against overflow."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _normalized(activations: Array) -> Array:
    """Activations divided by their sum; equal shares where the sum is zero."""
    total = activations.sum(axis=1, keepdims=True)
    equal = np.full_like(activations, 1.0 / activations.shape[1])
    return np.asarray(np.divide(activations, total, out=equal, where=total != 0.0))


class Network(PythonModel):  # type: ignore[misc, unused-ignore]
    """A trained fully connected network that names the class of each image."""

    def load_context(self, context: Any) -> None:
        """Read the settings and the weights that were saved with the model."""
        settings = json.loads(Path(context.artifacts["settings"]).read_text(encoding="utf-8"))
        there = runpy.run_path(context.artifacts["activations"])["ACTIVATIONS"]
        self.activation: Callable[[Array], Array] = there[settings["activation"]].function
        self.output: str = settings["output"]
        self.pixel_max: float | None = settings["pixel_max"]
        shape = settings["image_shape"]
        self.image_shape: tuple[int, ...] | None = None if shape is None else tuple(shape)
        with np.load(context.artifacts["weights"], allow_pickle=False) as arrays:
            layers = range(1, len(arrays.files) // 2 + 1)
            self.weights = [arrays[f"W{layer}"].astype(np.float64) for layer in layers]
            self.biases = [arrays[f"b{layer}"].astype(np.float64) for layer in layers]

    def predict(self, context: Any, model_input: np.ndarray, params: Any = None) -> pd.DataFrame:
        """The class and its probabilities, for each image.

        Args:
            context: not used here (MLflow passes it).
            model_input: array, DataFrame or nested list of shape (N, n_in) or, for images,
                (N, height, width). Integers are pixels of 0 to 255, floating point numbers
                pixels of 0 to 1, whatever scale the network was trained on. Where the inputs are
                no pixels, numbers are taken as they are.
            params: not used.

        Returns:
            One row for each image: `class` and the probabilities `p0`, `p1` …; for a network
            with a single output the activation `output` alone.

        Raises:
            ValueError: another shape, another range, or values that are no numbers.
        """
        activations = self._inputs(model_input)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            activations = self.activation(activations @ weight.T + bias)
        z = activations @ self.weights[-1].T + self.biases[-1]
        outputs = _softmax(z) if self.output == "softmax" else _sigmoid(z)
        if outputs.shape[1] == 1:
            return pd.DataFrame({"output": outputs[:, 0]})
        probabilities = outputs if self.output == "softmax" else _normalized(outputs)
        # The largest output is the class; dividing by the sum cannot change which it is.
        table: dict[str, Any] = {"class": outputs.argmax(axis=1).astype(np.int64)}
        table.update({f"p{k}": probabilities[:, k] for k in range(probabilities.shape[1])})
        return pd.DataFrame(table)

    def _inputs(self, model_input: Any) -> Array:
        """The first layer's activations, of shape (N, n_in)."""
        values = _numbers(model_input)
        n_in = self.weights[0].shape[1]
        shapes = f"(N, {n_in})"
        if self.image_shape is not None:
            shapes += " or (N, " + ", ".join(map(str, self.image_shape)) + ")"
        is_image = values.ndim > 1 and values.shape[1:] == self.image_shape
        if not is_image and (values.ndim != 2 or values.shape[1] != n_in):
            raise ValueError(f"input has shape {values.shape}, expected {shapes}")
        scaled = np.reshape(values, (values.shape[0], n_in)).astype(np.float64)
        if not np.isfinite(scaled).all():
            raise ValueError("input holds NaN or infinity, expected finite numbers")
        if self.pixel_max is None:
            return scaled
        integers = bool(np.issubdtype(values.dtype, np.integer))
        white = 255 if integers else 1
        if scaled.size and (scaled.min() < 0 or scaled.max() > white):
            kind = "integer" if integers else "floating point"
            raise ValueError(
                f"{kind} pixels from {scaled.min():g} to {scaled.max():g}, expected 0 to {white} "
                "(integers mean 0 to 255, floating point numbers 0 to 1)"
            )
        return scaled * (255.0 / white / self.pixel_max)


def _numbers(model_input: Any) -> NDArray[Any]:
    """The input as an array of integers or of floating point numbers."""
    if isinstance(model_input, pd.DataFrame):
        model_input = model_input.to_numpy()
    try:
        values = np.asarray(model_input)
    except ValueError as error:
        raise ValueError("input is a ragged list, expected images of one size") from error
    if not np.issubdtype(values.dtype, np.integer) and not np.issubdtype(values.dtype, np.floating):
        raise ValueError(f"input has dtype {values.dtype}, expected integers or floating point")
    return values


set_model(Network())
