from __future__ import annotations

import io
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from nnexp.nn.parameters import Parameters
from nnexp.record.figures import (
    Predictions,
    confusion_counts,
    most_wrong,
    run_figures,
    save_figures,
)
from nnexp.record.figures.style import visible

CLASSES = {"curves.png", "confusion.png", "mistakes.png", "first_layer.png", "weights.png"}


def network(*sizes: int) -> Parameters:
    generator = np.random.default_rng(1)
    return Parameters(
        tuple(generator.normal(size=(o, i)) for i, o in pairwise(sizes)),
        tuple(generator.normal(size=o) for o in sizes[1:]),
    )


def examples(n: int = 200, n_in: int = 64, n_classes: int = 10) -> Predictions:
    generator = np.random.default_rng(2)
    outputs = generator.random((n, n_classes))
    return Predictions(
        images=generator.integers(0, 256, (n, n_in), dtype=np.uint8),
        labels=generator.integers(0, n_classes, n).astype(np.uint8),
        probabilities=outputs / outputs.sum(axis=1, keepdims=True),
    )


def curves(epochs: int = 8) -> pd.DataFrame:
    steps = np.arange(epochs + 1)
    decay = np.exp(-steps / 3)
    return pd.DataFrame(
        {
            "step": steps,
            "train/cost": 0.1 + 2 * decay,
            "train/accuracy": 0.99 - 0.8 * decay,
            "validation/cost": 0.2 + 2 * decay,
            "validation/accuracy": 0.95 - 0.8 * decay,
        }
    )


def written(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def test_counts_have_the_true_class_in_rows_and_the_predicted_one_in_columns() -> None:
    labels = np.array([0, 0, 0, 1, 2, 2], dtype=np.uint8)
    predicted = np.array([0, 1, 1, 1, 0, 2])
    expected = [[1, 2, 0], [0, 1, 0], [1, 0, 1]]
    assert confusion_counts(labels, predicted, 3).tolist() == expected


def test_counts_of_many_classes_do_not_wrap_around_in_small_integers() -> None:
    labels = np.array([40, 46], dtype=np.uint8)
    counts = confusion_counts(labels, labels, 47)
    assert counts[40, 40] == counts[46, 46] == 1
    assert counts.sum() == 2


def test_worst_mistakes_are_ranked_by_wrong_minus_true_probability() -> None:
    labels = np.array([0, 1, 2, 0, 1])
    probabilities = np.array(
        [
            [0.90, 0.05, 0.05],  # right
            [0.55, 0.40, 0.05],  # wrong by 0.15, though by the most probable class of all
            [0.10, 0.50, 0.40],  # wrong by 0.10
            [0.30, 0.20, 0.50],  # wrong by 0.20
            [0.05, 0.05, 0.90],  # wrong by 0.85
        ]
    )
    assert most_wrong(labels, probabilities, 10).tolist() == [4, 3, 1, 2]
    assert most_wrong(labels, probabilities, 2).tolist() == [4, 3]


def test_equal_mistakes_keep_the_order_of_the_data() -> None:
    labels = np.zeros(40, dtype=np.uint8)
    probabilities = np.tile([0.2, 0.8], (40, 1))
    assert most_wrong(labels, probabilities, 30).tolist() == list(range(30))


def test_no_mistakes_are_found_where_there_are_none() -> None:
    assert most_wrong(np.arange(3), np.eye(3), 30).size == 0


def test_a_classifier_of_images_gets_all_five_figures_of_readable_width(tmp_path: Path) -> None:
    figures = run_figures(
        curves(), network(64, 7, 10), title="64-7-10", test=examples(), image_shape=(8, 8),
        test_accuracy=0.93,
    )  # fmt: skip
    save_figures(tmp_path / "figures", figures)
    assert set(written(tmp_path / "figures")) == set(figures) == CLASSES
    for name in CLASSES:
        picture: NDArray[np.float32] = imread(tmp_path / "figures" / name)
        assert picture.shape[1] >= 800, name
        ink = (picture[..., :3] < 0.9).any(axis=-1).mean()
        assert ink > 0.01, name


def test_equal_figures_are_equal_files(tmp_path: Path) -> None:
    for folder in ("first", "second"):
        figures = run_figures(
            curves(), network(64, 7, 10), title="64-7-10", test=examples(), image_shape=(8, 8)
        )
        save_figures(tmp_path / folder, figures)
    assert written(tmp_path / "first") == written(tmp_path / "second")


def test_every_figure_names_the_setting_as_typed() -> None:
    # "$" would start a formula, and "\\" a command in it.
    title = r"λ = $5, seed 0, data.root=\frac{a}$"
    figures = run_figures(
        curves(), network(64, 7, 10), title=title, test=examples(), image_shape=(8, 8)
    )
    for name, figure in figures.items():
        texts = [text.get_text() for text in figure.texts]
        assert title in texts, name
        figure.savefig(io.BytesIO(), format="png")


def test_the_neuron_without_classes_gets_curves_and_weights_only(tmp_path: Path) -> None:
    steps = np.arange(301)
    frame = pd.DataFrame({"step": steps, "train/cost": np.exp(-steps / 50)})
    figures = run_figures(frame, network(1, 1), title="one neuron")
    save_figures(tmp_path, figures)
    assert set(written(tmp_path)) == {"curves.png", "weights.png"}
    assert len(figures["curves.png"].axes) == 1, "there is no accuracy to show"


def test_inputs_that_are_no_images_leave_the_image_figures_out() -> None:
    figures = run_figures(curves(), network(5, 4, 3), title="", test=examples(20, 5, 3))
    assert set(figures) == {"curves.png", "confusion.png", "weights.png"}


@pytest.mark.parametrize(
    ("sizes", "epochs"),
    [((64, 10), 1), ((64, 3, 10), 0), ((64, 40, 20, 20, 20, 20, 10), 400), ((64, 1, 10), 30)],
)
def test_any_depth_and_any_length_can_be_drawn(
    tmp_path: Path, sizes: tuple[int, ...], epochs: int
) -> None:
    figures = run_figures(
        curves(epochs), network(*sizes), title="x " * 200, test=examples(), image_shape=(8, 8),
        test_accuracy=0.5, test_step=epochs // 2,
    )  # fmt: skip
    save_figures(tmp_path, figures)
    assert set(written(tmp_path)) == CLASSES


def test_a_perfect_network_can_be_drawn(tmp_path: Path) -> None:
    labels = np.arange(10).repeat(3)
    perfect = Predictions(np.zeros((30, 64), np.uint8), labels, np.eye(10)[labels])
    figures = run_figures(
        curves(), network(64, 7, 10), title="", test=perfect, image_shape=(8, 8), test_accuracy=1.0
    )
    save_figures(tmp_path, figures)
    texts = [text.get_text() for text in figures["mistakes.png"].axes[0].texts]
    assert texts == ["no test image is misclassified"]


def test_missing_and_infinite_values_are_left_out_of_the_curves() -> None:
    frame = curves()
    frame["test/accuracy"] = np.nan
    frame.loc[3, "validation/cost"] = np.nan
    frame.loc[4, "train/cost"] = np.inf
    figure = run_figures(frame, network(64, 7, 10), title="")["curves.png"]
    cost, accuracy = figure.axes
    lines = {str(line.get_label()).split()[0]: line for line in cost.lines}
    assert set(lines) == {"train", "validation"}
    assert 4 not in np.asarray(lines["train"].get_xdata())
    assert 3 not in np.asarray(lines["validation"].get_xdata())
    assert len(accuracy.lines) == 2
    assert np.isfinite(cost.get_ylim()).all()


def test_a_diverged_network_can_be_drawn(tmp_path: Path) -> None:
    broken = network(64, 7, 10)
    broken.weights[0][:] = np.nan
    broken.weights[1][0, 0] = np.inf
    broken.biases[0][:] = np.nan
    frame = curves()
    frame.loc[1:, "train/cost"] = np.nan
    figures = run_figures(frame, broken, title="", image_shape=(8, 8))
    save_figures(tmp_path, figures)
    assert set(written(tmp_path)) == {"curves.png", "first_layer.png", "weights.png"}


def test_the_final_test_accuracy_is_marked_at_the_epoch_it_belongs_to() -> None:
    def marker(step: int | None) -> tuple[float, float]:
        figure = run_figures(
            curves(), network(64, 7, 10), title="", test_accuracy=0.931, test_step=step
        )["curves.png"]
        (line,) = [one for one in figure.axes[1].lines if one.get_marker() == "D"]
        (x,), (y,) = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
        return float(x), float(y)

    assert marker(None) == (8, 0.931)
    assert marker(5) == (5, 0.931)


def test_drawing_leaves_pyplot_and_its_global_state_alone() -> None:
    code = "import sys, nnexp.record.figures; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("value", [1e30, 1e16, 0.0])
def test_weights_that_no_bin_can_tell_apart_are_drawn(value: float, tmp_path: Path) -> None:
    """As `init=fixed init.weight=1e30` has them: numbers there lie farther apart than bins."""
    plain = network(64, 30, 10)
    alike = tuple(np.full_like(w, value) for w in plain.weights)
    alike[0][0, 0] = np.nextafter(value, 0)
    alike[1][0, 0] = -value
    figures = run_figures(
        curves(), Parameters(alike, plain.biases), title="alike", test=examples(),
        image_shape=(8, 8), test_accuracy=0.1, test_step=None,
    )  # fmt: skip
    save_figures(tmp_path, figures)
    assert (tmp_path / "weights.png").stat().st_size > 1000


@pytest.mark.parametrize("shape", [(1, 784), (784, 1), (1, 40), (1, 1), (2, 32), (3, 100)])
def test_strips_are_drawn_so_that_they_can_be_seen(shape: tuple[int, int], tmp_path: Path) -> None:
    n_in = shape[0] * shape[1]
    drawn = run_figures(
        curves(), network(n_in, 5, 3), title="", test=examples(60, n_in, 3), image_shape=shape
    )
    save_figures(tmp_path, drawn)
    assert set(written(tmp_path)) == CLASSES
    for name in ("first_layer.png", "mistakes.png"):
        height, width, _ = imread(tmp_path / name).shape
        assert 100 < height < 4 * width, name
    (high, wide), images = shape, np.arange(float(n_in)).reshape(1, n_in)
    _, height, width = visible(images, shape).shape
    assert max(height, width) < 8 * min(height, width)
    assert (height % high, width % wide) == (0, 0)


def test_images_that_are_no_strips_stay_as_they_are() -> None:
    assert visible(np.zeros((2, 28 * 28)), (28, 28)).shape == (2, 28, 28)
    assert visible(np.zeros((2, 30)), (3, 10)).shape == (2, 3, 10)
