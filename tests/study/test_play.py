"""The pictures to play with: moved by mouse and keys, they say what NumPy and the record say."""

from __future__ import annotations

import json
import os
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnexp.nn.costs import softmax
from nnexp.study.frames import curves, runs
from tests.inside import inside as nnexp
from tests.stores import address
from tests.study.tab import opened

PICTURES = os.environ.get("NNEXP_PICTURES")
"""A folder to keep pictures of the pages in."""
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
NEURON = ("data=neuron", "init=fixed", "train.epochs=300")
TRAINED = {
    # Both precisions; then what the page cannot compute: momentum, and starts that were drawn.
    "neuron": (
        ("-m", *NEURON, "init.weight=2.0", "init.bias=2.0", "cost=quadratic,crossentropy",
         "train.eta=0.15,0.005", "train.dtype=float32,float64"),
        (*NEURON, "init.weight=0.613", "init.bias=-4.5", "train.eta=0.33", "monitor.every=25"),
        (*NEURON, "init.weight=1.5", "init.bias=0", "train.momentum=0.5"),
        ("data=neuron", "train.epochs=20"),
    ),
    "outputs": (("size=100", "model.hidden=[5]", "train.epochs=1", "cost=loglikelihood"),),
    "plain": (("size=100", "model.hidden=[5]", "train.epochs=1"),),
}  # fmt: skip
REPORTS = {
    "neuron": ("neuron",), "outputs": ("outputs",), "plain": ("plain",),
    "both": ("neuron", "outputs"),
}  # fmt: skip

# Sets a slider as a hand does, and reads what is shown after it.
WALK = """() => {
  const slider = document.getElementById("neuron-epoch"), found = [];
  for (let epoch = 0; epoch <= +slider.max; epoch++) {
    slider.value = epoch;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    const row = {};
    for (const d of document.querySelectorAll("[data-value]")) row[d.dataset.value] = +d.value;
    found.push(row);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with neurons, a softmax layer and neither, and the reports on them."""
    made = tmp_path_factory.mktemp("play")
    for name, commands in TRAINED.items():
        for typed in commands:
            done = nnexp(made, *typed, f"tracking.experiment={name}", "tracking.artifacts=none")
            assert done.returncode == 0, done.stderr
    for out, names in REPORTS.items():
        done = nnexp(made, "report", *names, "--out", out)
        assert done.returncode == 0, done.stderr
    return made


def page(folder: Path, name: str) -> Path:
    return folder / name / "index.html"


def neuron(browser: Any, folder: Path, **options: Any) -> tuple[Any, list[str]]:
    return opened(browser, page(folder, "neuron"), **options)


def values(tab: Any) -> dict[str, float]:
    """What the neuron shows, with all its digits."""
    read = "all => Object.fromEntries(all.map(d => [d.dataset.value, +d.value]))"
    found: dict[str, float] = tab.locator("[data-value]").evaluate_all(read)
    return found


def said(tab: Any) -> str:
    text: str = tab.locator(".said").first.inner_text()
    return text


def rate(tab: Any, eta: float) -> None:
    """Move the slider of η to a rate."""
    spec = json.loads(tab.locator(".neuron .data").inner_text())
    tab.locator("#neuron-eta").fill(str(spec["rates"].index(eta)))


def test_pictures_to_play_with_are_among_the_contents(browser: Any, folder: Path) -> None:
    tab, wrong = opened(browser, page(folder, "both"))
    for title in ("A neuron to play with", "A softmax layer to play with"):
        tab.locator(".contents a", has_text=title).click()
        top = tab.get_by_role("heading", name=title).bounding_box()["y"]
        assert 0 <= top < 200
    assert not [text for text in wrong if "#" not in text]


def test_only_pages_of_such_runs_have_pictures_to_play_with(folder: Path) -> None:
    for name, neurons, layers in (
        ("neuron", 1, 0), ("outputs", 0, 1), ("plain", 0, 0), ("both", 1, 1)
    ):  # fmt: skip
        text = page(folder, name).read_text(encoding="utf-8")
        assert text.count('class="live play neuron"') == neurons, name
        assert text.count('class="live play softmax"') == layers, name
        assert (".board" in text) == (neurons + layers > 0), name
        assert not re.search(
            r"\beval\(|new Function|https?://(?!www\.w3\.org)", text.split("uPlot")[0]
        )


@pytest.mark.parametrize(("cost", "eta"), [
    ("quadratic", 0.15), ("quadratic", 0.005), ("crossentropy", 0.15), ("crossentropy", 0.005),
])  # fmt: skip
def test_curve_of_the_page_is_that_of_the_record(
    browser: Any, folder: Path, cost: str, eta: float
) -> None:
    tab, told = neuron(browser, folder)
    tab.get_by_role("button", name="w = 2, b = 2").click()
    tab.locator(f"[name=neuron-cost][value={cost}]").check()
    rate(tab, eta)
    computed = tab.evaluate(WALK)
    assert len(computed) == 301
    store = address(folder)
    frame = runs(store, "neuron")
    here = (frame["cost.name"] == cost) & (frame["train.eta"] == eta)
    chosen = frame[here & (frame["init.weight"] == 2.0)]
    assert set(chosen["train.dtype"]) == {"float32", "float64"}
    long = curves(store, "neuron")
    for dtype, tolerance in (("float64", 1e-12), ("float32", 5e-6)):
        [run_id] = chosen[chosen["train.dtype"] == dtype]["run_id"]
        table = long[long["run_id"] == run_id].pivot(index="step", columns="metric", values="value")
        for metric, key in (
            ("train/cost", "C"), ("neuron/activation", "a"), ("neuron/gradient_w", "dw")
        ):  # fmt: skip
            recorded = table[metric].loc[0:300].to_numpy()
            assert np.allclose([row[key] for row in computed], recorded, rtol=0, atol=tolerance)
    steps = [(a["w"] - b["w"], a["b"] - b["b"]) for a, b in pairwise(computed)]
    slopes = [(eta * row["dw"], eta * row["db"]) for row in computed[:-1]]
    assert np.allclose(steps, slopes, rtol=0, atol=1e-12)
    assert "The circles are the recorded run" in said(tab)
    assert tab.locator(".curve .ring").count() == 30
    assert told == []


def test_recorded_start_between_the_marks_of_the_sliders_is_met(browser: Any, folder: Path) -> None:
    tab, told = neuron(browser, folder)
    tab.get_by_role("button", name="w = 0.613, b = −4.5").click()
    assert "No recorded run has this start, cost and η" in said(tab)
    tab.get_by_role("radio", name="cross-entropy").check()
    assert "with this start and cost one has η = 0.33" in said(tab)
    rate(tab, 0.33)
    assert re.search(r"The circles are .* at most \d × 10⁻\S+ from the curve", said(tab))
    tab.locator("#neuron-epoch").fill("0")
    assert (values(tab)["w"], values(tab)["b"]) == (0.613, -4.5)
    # Every 25th epoch is recorded.
    assert tab.locator(".curve .ring").count() == 13
    assert told == []


def test_what_the_page_cannot_compute_is_not_offered_as_recorded(folder: Path) -> None:
    text = page(folder, "neuron").read_text(encoding="utf-8")
    [found] = re.findall(r'class="data">(.*?)</script>', text, re.DOTALL)
    spec = json.loads(found)
    assert len(spec["runs"]) == 9
    assert sorted(spec["starts"]) == [[0.613, -4.5], [2.0, 2.0]]
    assert spec["reach"] == 5.0


def test_sliders_move_by_keys_and_the_numbers_follow(browser: Any, folder: Path) -> None:
    tab, told = neuron(browser, folder, viewport=DESK)
    epoch, weight = tab.get_by_label("epoch", exact=True), tab.get_by_label("weight w at the start")
    epoch.focus()
    epoch.press("Home")
    assert values(tab)["w"] == 2.0
    assert values(tab)["a"] == pytest.approx(1 / (1 + np.exp(-4.0)), abs=1e-15)
    assert values(tab)["C"] == pytest.approx(values(tab)["a"] ** 2 / 2, abs=1e-15)
    epoch.press("ArrowRight")
    assert "1 of 300" in tab.locator("[data-shown=epoch]").inner_text()
    assert "1: a = 0.98" in epoch.get_attribute("aria-valuetext")
    epoch.press("ArrowLeft")
    weight.focus()
    for _ in range(3):
        weight.press("ArrowLeft")
    assert values(tab)["w"] == pytest.approx(1.85)
    assert tab.locator("[data-shown=w]").inner_text() == "1.85"
    assert "No recorded run" in said(tab)
    assert tab.locator("[aria-pressed=true]").count() == 0
    assert not tab.locator(".of-record").is_visible()
    assert tab.locator(".curve .ring").count() == 0
    tab.get_by_role("button", name="w = 2, b = 2").press("Enter")
    assert values(tab)["w"] == 2.0
    assert tab.locator("[aria-pressed=true]").count() == 1
    assert told == []


def test_it_plays_when_asked_and_jumps_where_motion_is_unwanted(browser: Any, folder: Path) -> None:
    tab, told = neuron(browser, folder)
    epoch, button = tab.locator("#neuron-epoch"), tab.locator(".neuron .run")
    assert (button.inner_text(), epoch.input_value()) == ("Play", "300")
    button.click()
    tab.wait_for_function("+document.getElementById('neuron-epoch').value > 4")
    assert button.inner_text() == "Pause"
    button.click()
    paused = epoch.input_value()
    assert 4 < int(paused) < 300
    tab.wait_for_timeout(200)
    assert (button.inner_text(), epoch.input_value()) == ("Play", paused)
    button.click()
    tab.wait_for_function("document.getElementById('neuron-epoch').value === '300'")
    assert button.inner_text() == "Play"
    calm, told_calm = neuron(browser, folder, reduced_motion="reduce")
    calm_button = calm.locator(".neuron .run")
    assert calm_button.inner_text() == "To the start"
    calm_button.click()
    assert calm.locator("#neuron-epoch").input_value() == "0"
    assert calm_button.inner_text() == "To the end"
    calm_button.click()
    assert calm.locator("#neuron-epoch").input_value() == "300"
    assert told + told_calm == []


def test_where_the_cost_falls_fastest_is_said_as_the_answers_say_it(
    browser: Any, folder: Path
) -> None:
    tab, _ = neuron(browser, folder)
    [fastest] = re.findall(r"falls fastest in epoch (\d+)", said(tab))
    text = tab.locator(".answer").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    wanted = f"{fastest} with fixed, η = 0.15, train.dtype float32, quadratic cost"
    assert wanted in text


@pytest.mark.parametrize(
    "z", [(2.5, -1.0, 3.2, 0.5), (0, 0, 0, 0), (5, 5, -5, 4.9), (-5, -5, -5, -5)]
)
def test_softmax_and_sigmoids_are_those_of_numpy(
    browser: Any, folder: Path, z: tuple[float, ...]
) -> None:
    tab, told = opened(browser, page(folder, "outputs"))
    for j, value in enumerate(z, 1):
        tab.locator(f"#softmax-{j}").fill(f"{value:g}")
    read = "all => all.map(d => +d.value)"
    column = np.array(z, np.float64)[:, None]
    for name, wanted in (
        ("plain", softmax(column)[:, 0]), ("hatched", 1 / (1 + np.exp(-column[:, 0])))
    ):  # fmt: skip
        shown = tab.locator(f".unit:not(.sums) .{name} data").evaluate_all(read)
        assert np.allclose(shown, wanted, rtol=0, atol=1e-12)
        [total] = tab.locator(f".sums .{name} data").evaluate_all(read)
        assert total == pytest.approx(wanted.sum(), abs=1e-12)
        widths = tab.locator(f".unit:not(.sums) .{name} i").evaluate_all(
            "all => all.map(i => i.getBoundingClientRect().width / i.parentElement.clientWidth)"
        )
        assert np.allclose(widths, wanted, atol=0.02)
    assert tab.locator(".sums .plain data").inner_text() == "1.000"
    assert "= 1.000. Sigmoids" in said(tab)
    assert told == []


def test_one_z_by_keys_moves_all_outputs_of_softmax_and_one_sigmoid(
    browser: Any, folder: Path
) -> None:
    tab, told = opened(browser, page(folder, "outputs"))

    def outputs(name: str) -> list[str]:
        found: list[str] = tab.locator(f".unit:not(.sums) .{name} data").all_inner_texts()
        return found

    assert outputs("plain") == ["0.315", "0.009", "0.633", "0.043"]
    before = outputs("hatched")
    slider = tab.get_by_label("z₁")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "3.0"
    assert all(
        a != b for a, b in zip(outputs("plain"), ["0.315", "0.009", "0.633", "0.043"], strict=True)
    )
    assert outputs("hatched")[1:] == before[1:]
    assert outputs("hatched")[0] != before[0]
    tab.get_by_role("button", name="All 0").click()
    assert outputs("plain") == ["0.250"] * 4
    tab.get_by_role("button", name="Start again").click()
    assert outputs("hatched") == before
    assert told == []


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_fit_the_screen_and_every_control_has_a_name(
    browser: Any, folder: Path, size: dict[str, int], scheme: str
) -> None:
    options = {"viewport": size, "color_scheme": scheme}
    tab, told = opened(browser, page(folder, "both"), **options)
    assert tab.evaluate("document.documentElement.scrollWidth") <= size["width"]
    for control in tab.locator(".play input, .play button").all():
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= size["width"]
    unnamed = "all => all.filter(i => !i.labels.length).length"
    assert tab.locator(".play input").evaluate_all(unnamed) == 0
    assert all(name.strip() for name in tab.locator(".play button").all_inner_texts())
    assert "from 0." in tab.locator(".curve").get_attribute("aria-label")
    for name in ("neuron", "softmax") if PICTURES else ():
        file = Path(PICTURES or "") / f"play-{name}-{size['width']}-{scheme}.png"
        tab.locator(f".play.{name}").screenshot(path=file)
    assert told == []


def test_without_scripts_and_on_paper_there_is_nothing_to_play_with(
    browser: Any, folder: Path
) -> None:
    plain, _ = opened(browser, page(folder, "both"), java_script_enabled=False)
    assert not plain.locator(".play").first.is_visible()
    tab, _ = opened(browser, page(folder, "both"))
    assert tab.locator(".play").first.is_visible()
    tab.emulate_media(media="print")
    assert not tab.locator(".play").first.is_visible()
