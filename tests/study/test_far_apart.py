"""A report whose settings are far apart, or whose experiments are several: nothing is cut."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nnexp.config.plurals import with_article
from nnexp.nn.parameters import Parameters
from nnexp.report.final_plots import dots
from nnexp.report.labels import FINAL, Measure, capital, number
from nnexp.report.networks import Networks, confusion
from nnexp.report.settings import setting_names
from nnexp.study.metric import Metric
from tests.inside import inside
from tests.study.tab import opened

TINY = ("size=100", "data.n_validation=100", "model.hidden=[5]", "train.epochs=2")
LABELS = """
const write = CanvasRenderingContext2D.prototype.fillText;
window.written = [];
CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
  window.written.push(text);
  return write.call(this, text, ...at);
};
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two experiments, of which one has a run that diverged."""
    folder = tmp_path_factory.mktemp("far")
    for name, typed in (("overfitting", "train.eta=0.5,1e6"), ("regularized", "train.eta=0.4")):
        typed_too = ("model.activation=relu", f"tracking.experiment={name}", typed)
        done = inside(folder, "-m", *TINY, *typed_too)
        assert done.returncode == 0, done.stderr
    done = inside(folder, "report", "overfitting", "--experiment", "regularized")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "two ways to say which" in done.stderr
    assert inside(folder, "report", "overfitting", "--out", "").returncode == 2
    (folder / "index.html").write_text("a page of somebody's own")
    done = inside(folder, "report", "overfitting", "--out", ".")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert (folder / "index.html").read_text() == "a page of somebody's own"
    names = ("--experiment", "overfitting", "--experiment", "regularized")
    done = inside(folder, "report", *names, "--out", "page")
    assert done.returncode == 0, done.stderr
    return folder / "page" / "index.html"


def test_what_diverged_leaves_the_other_costs_to_be_seen(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    scripts = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    costs = [s for s in map(json.loads, scripts) if s["y"].startswith("Cost")]
    assert len(costs) == 2
    assert all(spec["logy"] and spec["y"].endswith("(logarithmic)") for spec in costs)


def test_the_numbers_beside_an_axis_fit_and_are_there(browser: Any, page: Path) -> None:
    tab, _ = opened(browser, page)
    tab.add_init_script(LABELS)
    tab.reload()
    tab.wait_for_timeout(300)
    written = [text for text in tab.evaluate("window.written") if re.match(r"-?[\d.]", text)]
    assert any("e" in text for text in written)
    assert max(map(len, written)) <= 7


def test_a_neuron_has_the_same_line_in_all_charts(tmp_path: Path) -> None:
    typed = ("data=neuron", "init=fixed", "train.epochs=3", "cost=quadratic,crossentropy")
    typed = (*typed, "init.bias=0.5,2")
    assert inside(tmp_path, "-m", *typed, "tracking.experiment=neuron").returncode == 0
    assert inside(tmp_path, "report", "neuron", "--out", "page").returncode == 0
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    lines = [line for script in scripts for line in json.loads(script)["lines"]]
    # The page opens with what learns slowly.
    assert text.index("<h3>Cost: quadratic cost") < text.index("<h3>Cost: cross-entropy")
    told = {(line["label"], line["colour"], str(line["dash"])) for line in lines}
    costs = ("cross-entropy", "quadratic cost")
    names = {f"b = {bias}, {cost}" for bias in ("0.5", "2") for cost in costs}
    assert {label for label, *_ in told} == names
    assert len(told) == len({(colour, dash) for _, colour, dash in told}) == 4


def test_every_heading_can_be_gone_to(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    ids = Counter(re.findall(r' id="([^"]*)"', text))
    assert {name for name in ids if name.startswith("claims")} == {
        "claims-overfitting",
        "claims-regularized",
    }
    # The letters of pictures are the same, whichever picture brings them.
    assert {name for name, count in ids.items() if count > 1} <= set(
        re.findall(r'<path id="([^"]*)"', text)
    )


def test_a_matrix_has_the_whole_name_of_its_setting() -> None:
    name = "200 images, dropout 0.5, model.hidden 30, sigmoid units, no regularization"
    nothing = Parameters([np.zeros((2, 2))], [np.zeros(2)])
    drawn = confusion([Networks(name, (nothing,), (np.zeros(4),), np.array([[3, 1], [0, 2]]))])
    assert drawn is not None
    texts = [text.get_text().replace("\n", " ") for text in drawn.figure.axes[0].texts]
    assert name in texts


def test_names_beside_many_rows_end_before_what_is_drawn() -> None:
    settings = [f"{n} images, no dropout, sigmoid units, no regularization" for n in range(90, 102)]
    runs = pd.DataFrame({"setting": settings, FINAL: np.linspace(0.1, 0.9, len(settings))})
    material: Any = SimpleNamespace(
        runs=runs,
        some=lambda count: settings[:count],
        style={s: k for k, s in enumerate(settings)},
        published=[],
        printed=lambda setting, metric: [],
    )
    drawn = dots(material, Measure(FINAL, "Test accuracy"))
    assert drawn.note == "each run a dot"
    (axes,) = drawn.figure.axes
    drawn.figure.canvas.draw()
    ends = [text.get_window_extent().x1 for text in axes.texts]
    assert len(ends) == len(settings)
    assert max(ends) <= axes.get_window_extent().x0


def test_equal_means_are_said_alike_whatever_the_order() -> None:
    a, b = 0.099, 0.4119  # the mean is 25.545 %
    for mean in ((a + b) / 2, a + (b - a) / 2, b - (b - a) / 2):
        assert Metric("test/accuracy").text(mean) == "25.55"
        assert Measure(FINAL, "").text(mean) == "25.55"
    assert Metric("test/accuracy").text(-1e-9, sign=True) == "0.00"
    assert number(0.997) == "1.00"
    assert number(0.93) == "0.93"


def test_sentences_begin_large_and_numbers_have_their_article() -> None:
    assert capital("dropout 0.5") == "Dropout 0.5"
    assert capital("η = 0.5") == "η = 0.5"
    assert [with_article(n) for n in ("1", "8", "11", "18", "80")] == [
        "a 1",
        "an 8",
        "an 11",
        "an 18",
        "an 80",
    ]


def test_no_regularization_has_no_lambda_in_its_name() -> None:
    runs = pd.DataFrame({"reg.name": ["none", "l2"], "reg.lmbda": [0.0, 0.1]})
    names = list(setting_names(runs, ["reg.name", "reg.lmbda"]))
    assert names == ["no regularization", "L2, λ = 0.1"]
