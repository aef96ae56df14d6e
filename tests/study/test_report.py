"""`report`: a page that stands alone, answers in words, and can be read by everyone."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from nnexp.config.compose import schema_keys
from nnexp.report.chart import POINTS, Chart, Series, line_of, plot_data, thinned
from nnexp.report.labels import said
from nnexp.report.plots import DPI, draw
from nnexp.report.render import _held
from nnexp.report.svg import inline, png_file, svg_file
from nnexp.study.frames import runs
from nnexp.study.metric import Metric
from nnexp.study.preset import asked_key, question_of
from nnexp.study.published import published
from tests.inside import inside as nnexp
from tests.stores import address
from tests.study.tab import opened
from tests.test_presets import PRESETS

NAME = "mine & <i>yours</i>"
SWEEP = (
    *("-m", "size=1k", "init=large", "reg=none,l2", "seed=range(2)", "train.epochs=400"),
    *("monitor.every=20", "monitor.test=epoch", f"tracking.experiment='{NAME}'"),
)
"""The chapter's runs on 1,000 images, so that the published ones belong beside them."""
DIVERGES = ("-m", "size=100", "model.activation=relu", "train.eta=1e30",
            "train.epochs=2", f"tracking.experiment='{NAME}'", "seed=0,1")  # fmt: skip
HOSTILE = "<script>alert(1)</script>"
INDEX = "page/index.html"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs, two that failed, a curve with a hostile name; then the report."""
    folder = tmp_path_factory.mktemp("report")
    done = nnexp(folder, *SWEEP)
    assert done.returncode == 0, done.stderr
    assert nnexp(folder, *DIVERGES).returncode == 1
    (folder / "paper.csv").write_text("step,test/accuracy\n1,0.5\n400,0.875\n", encoding="utf-8")
    curve = ("import-curve", "paper.csv", "--name", HOSTILE, "--experiment", NAME)
    done = nnexp(folder, *curve)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def spoken(store: Path) -> str:
    """What the command says; the page is written beside the store."""
    done = nnexp(store, "report", NAME, "--out", "page")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def page(store: Path, spoken: str) -> str:
    return (store / INDEX).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def plots(page: str) -> list[dict[str, Any]]:
    found = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    return [json.loads(text) for text in found]


def test_answer_in_words_is_that_of_the_runs_with_the_published_beside(
    store: Path, spoken: str, page: str
) -> None:
    frame = runs(address(store), NAME, "attributes.status = 'FINISHED'")
    means = frame.groupby("reg.name")["gap/best"].mean().map(Metric("gap/best").text)
    for text in (spoken, Elements(page).text.replace("\N{NO-BREAK SPACE}", " ")):
        first = next(line for line in text.splitlines() if line.startswith("Gap"))
        assert f"about {means['none']} points for no regularization" in first
        assert f"{means['l2']} points for L2" in first
        assert "published 17.73" in first
        assert "published 12.90" in first
        assert re.search(r"L2 against no regularization: −\d+\.\d\d points \(95 % interval", text)
    assert "index.html" in spoken
    assert (store / "page" / "index.html").as_uri() in spoken


def test_page_loads_nothing_and_escapes_every_name(page: str) -> None:
    elements = Elements(page)
    loading = [a for _, a in elements.found if a.get("src") or "srcset" in a]
    assert not loading
    links = [a.get("href") or a.get("xlink:href") or "#" for _, a in elements.found]
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"@import|url\((?!#)", page)
    assert HOSTILE not in page
    assert "<i>" not in page
    assert HOSTILE in [line["label"] for plot in plots(page) for line in plot["lines"]]
    assert NAME in elements.text


def test_every_figure_says_what_is_seen(page: str) -> None:
    elements = Elements(page).found
    pictures = [a for tag, a in elements if tag == "svg"]
    assert len(pictures) >= 8
    assert all(a["role"] == "img" and len(a["aria-label"] or "") > 40 for a in pictures)
    charts = [a for _, a in elements if a.get("class") == "plot"]
    assert len(charts) == len(plots(page)) >= 6
    assert all(re.search(r"from .* at \d|highest", a["aria-label"] or "") for a in charts)


def test_curves_are_those_of_the_record_and_the_published_file(store: Path, page: str) -> None:
    accuracy = next(p for p in plots(page) if p["y"] == "Accuracy on the test data (%)")
    lines = {line["label"]: line for line in accuracy["lines"]}
    printed = published("overfitting").curves["test/accuracy"]
    grey = lines["published: no regularization"]
    assert grey["colour"] == "--published"
    assert grey["y"][0] == pytest.approx(100.0 * printed[0], rel=1e-4)
    assert grey["y"][-1] == pytest.approx(100.0 * printed[-1], rel=1e-4)
    frame = runs(address(store), NAME, "attributes.status = 'FINISHED'")
    ends = 100.0 * frame[frame["reg.name"] == "l2"]["test/accuracy"]
    ours = lines["L2"]
    assert ours["y"][-1] == pytest.approx(ends.mean(), rel=1e-4)
    assert (ours["low"][-1], ours["high"][-1]) == pytest.approx((ends.min(), ends.max()), rel=1e-4)


def test_failed_runs_provenance_and_commands_are_told(store: Path, page: str) -> None:
    text = Elements(page).text
    assert re.search(r"4 finished runs in 2\s+settings; 2 failed", text)
    assert "Failed runs" in text
    frame = runs(address(store), NAME, "attributes.status = 'FINISHED'")
    assert frame["source"].iloc[0][:16] in text
    assert f"numpy {np.__version__}" in text
    assert "python -m nnexp -m size=1k init=large reg=none,l2" in text
    assert f"compare --by reg --metric gap/best --experiment '{NAME}'" in text
    assert f"python -m nnexp report '{NAME}' --out page" in text


def test_figures_lie_beside_the_page_and_follow_its_theme_in_it(store: Path, page: str) -> None:
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        files = list((store / "page").glob(f"*.{ending}"))
        assert len(files) == page.count("<figure")
        assert all(file.read_bytes().startswith(start) for file in files)
    inside = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL))
    assert "var(--c0)" in inside
    assert not re.search(r"#(0072b2|222222|ffffff|000000)", inside)


def test_a_part_of_the_runs_can_be_reported(store: Path) -> None:
    typed = ("report", NAME, "--where", "params.`reg.name` = 'l2'", "--out", "part")
    done = nnexp(store, *typed)
    assert done.returncode == 0, done.stderr
    text = Elements((store / "part" / "index.html").read_text(encoding="utf-8")).text
    assert re.search(r"2 finished runs in 1\s+setting;", text)
    assert "L2 against" not in text
    nothing = nnexp(store, "report", NAME, "--where", "params.`reg.name` = 'l1'")
    assert nothing.returncode == 2
    assert nothing.stderr.count("\n") == 1
    assert "no finished runs" in nothing.stderr


def test_figures_that_a_later_page_has_not_are_removed_and_nothing_else(store: Path) -> None:
    folder = store / "twice"
    assert nnexp(store, "report", NAME, "--out", "twice").returncode == 0
    before = {path.name for path in folder.iterdir()}
    (folder / "mine.png").write_bytes(b"somebody's own")
    (folder / "slopes.svg").write_bytes(b"written over by somebody")
    typed = ("--where", "params.`reg.name` = 'l2'")
    assert nnexp(store, "report", NAME, *typed, "--out", "twice").returncode == 0
    assert nnexp(store, "report", NAME, *typed, "--out", "once").returncode == 0
    ours = {path.name for path in (store / "once").iterdir()}
    assert "slopes.png" in before - ours
    assert {path.name for path in folder.iterdir()} == {*ours, "mine.png", "slopes.svg"}


def test_experiments_can_be_put_together(store: Path) -> None:
    other = ("size=100", "train.epochs=2", "tracking.experiment=other")
    assert nnexp(store, *other).returncode == 0
    done = nnexp(store, "report", NAME, "other", "--out", "both")
    assert done.returncode == 0, done.stderr
    text = Elements((store / "both" / "index.html").read_text(encoding="utf-8")).text
    assert re.search(r"5 finished runs in 3\s+settings; 2 failed", text)
    # Only some were watched on the test data: the page opens with what all of them have.
    assert done.stdout.startswith("Test accuracy: about ")
    assert "100 images" in done.stdout


# What follows looks at the page as a reader does.


def test_a_setting_is_switched_off_in_all_charts_by_mouse_or_key(
    browser: Any, store: Path, page: str
) -> None:
    tab, told = opened(browser, store / INDEX, viewport={"width": 1280, "height": 900})
    name = tab.locator(".legend button", has_text=re.compile("^L2$"))
    rows = tab.locator(".u-legend tr:not(.bound)", has_text=re.compile("^L2"))
    off = lambda: {"u-off" in (row.get_attribute("class") or "") for row in rows.all()}  # noqa: E731
    assert rows.count() >= 4
    assert (name.get_attribute("aria-checked"), off()) == ("true", {False})
    name.click()
    assert (name.get_attribute("aria-checked"), off()) == ("false", {True})
    name.press("Enter")
    assert (name.get_attribute("aria-checked"), off()) == ("true", {False})
    tab.locator(".u-over").first.scroll_into_view_if_needed()
    box = tab.locator(".u-over").first.bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    values = tab.locator(".u-legend").first.locator("tr:not(.bound) .u-value")
    assert any(re.match(r"\d+\.?\d* \(\d", text) for text in values.all_inner_texts())
    assert told == []


def test_published_curves_take_no_setting_its_place_among_the_eight_drawn(
    browser: Any, page: str, tmp_path: Path
) -> None:
    spec = plots(page)[0]
    ours, grey = spec["lines"][-1], {"colour": "--published", "low": None, "high": None}
    spec["lines"] = [*({**ours, **grey, "label": f"paper {k}"} for k in range(9)), *spec["lines"]]
    first = re.compile(r'(?<=<script type="application/json">).*?(?=</script>)', re.DOTALL)
    more, plot = tmp_path / "index.html", json.dumps(spec).replace("<", "\\u003c")
    more.write_text(first.sub(lambda _: plot, page, count=1), encoding="utf-8")
    tab, told = opened(browser, more, viewport={"width": 1280, "height": 900})
    switches = tab.locator(".legend button")
    assert switches.count() > 10
    assert {one.get_attribute("aria-checked") for one in switches.all()} == {"true"}
    assert not tab.locator(".legend .more").is_visible()
    # What is gone to is not below the legend.
    tab.locator(".contents a", has_text="Learning curves").click()
    legend, heading = tab.locator(".legend"), tab.locator("#learning-curves h2")
    assert heading.bounding_box()["y"] > legend.bounding_box()["height"]
    assert [text for text in told if "#" not in text] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_a_phone_and_its_theme(browser: Any, store: Path, page: str, scheme: str) -> None:
    size = {"width": 390, "height": 844}
    tab, told = opened(browser, store / INDEX, viewport=size, color_scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert tab.locator("canvas").first.bounding_box()["width"] <= 390
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", paper)))
    assert (brightness > 600) == (scheme == "light")
    assert told == []


def test_figures_for_paper_stand_in_print_and_without_scripts(
    browser: Any, store: Path, page: str
) -> None:
    tab, _ = opened(browser, store / INDEX)
    assert not tab.locator(".chart .static").first.is_visible()
    tab.emulate_media(media="print")
    assert tab.locator(".chart .static").first.is_visible()
    assert not tab.locator(".plot").first.is_visible()
    plain, _ = opened(browser, store / INDEX, java_script_enabled=False)
    assert plain.locator(".chart .static").first.is_visible()


# The parts.


def test_long_curves_are_thinned_and_keep_their_ends() -> None:
    steps = np.arange(1, 15_001)
    for log in (False, True):
        kept = thinned(steps, log=log)
        assert len(kept) <= POINTS
        assert (kept[0], kept[-1]) == (0, len(steps) - 1)
        assert kept == sorted(set(kept))
    assert thinned(steps[:50]) == list(range(50))


def test_lines_of_other_steps_share_one_axis_and_what_is_not_finite_is_null() -> None:
    frame = pd.DataFrame(
        {"mean": [1.0, 1.7976931348623157e308], "min": [0.5, 1.0], "max": [2.0, np.inf]},
        index=[1, 3],
    ).assign(count=2)
    other = Series("other", np.array([2.0, 3.0]), np.array([7.0, 8.0]), style=1)
    chart = Chart("c", "Cost", "epoch", "cost", (line_of(frame, "ours", 0), other))
    data = plot_data(chart)
    json.dumps(data, allow_nan=False)
    assert data["xs"] == [1.0, 2.0, 3.0]
    assert data["lines"][0]["y"] == [1.0, None, None]
    assert data["lines"][0]["low"] == [0.5, None, 1.0]
    assert data["lines"][1]["y"] == [None, 7.0, 8.0]
    assert "other: from 7.00 at 2 to 8.00 at 3" in chart.text


def test_a_number_is_not_parted_from_its_sign_or_its_name() -> None:
    told = _held("about 34.10 % (95 % interval, n = 2), against η = 0.5; a == b")
    assert told.replace("\N{NO-BREAK SPACE}", "_") == (
        "about 34.10_% (95_% interval, n_=_2), against η_=_0.5; a == b"
    )


def test_text_in_a_figure_stays_as_it_was_typed() -> None:
    typed = "η = 0.02512 #222222 <b>$x$ & y</b>"
    chart = Chart("c", "Cost", "epoch", "cost", (Series(typed, np.arange(3.0), np.arange(3.0)),))
    drawn = draw(chart)
    assert typed in Elements(inline(drawn)).text


def test_a_figure_that_leaves_the_page_takes_its_title_along() -> None:
    title = "Cost of $x$ & y, in nats"
    line = Series("ours", np.arange(3.0), np.arange(3.0))
    drawn = draw(Chart("c", title, "epoch", "cost", (line,), note="over 3 seeds"))
    alone, within = svg_file(drawn), inline(drawn)
    assert title in Elements(alone.decode()).text
    assert "over 3 seeds" in Elements(alone.decode()).text
    assert title not in Elements(within).text.replace(drawn.text, "")
    assert svg_file(drawn) == alone
    assert inline(drawn) == within
    width, height = drawn.figure.get_size_inches() * DPI
    picture = Image.open(io.BytesIO(png_file(drawn)))
    assert picture.width == round(width)
    assert picture.height > height
    above = np.asarray(picture.convert("L"))[: picture.height - round(height)]
    assert (above < 128).any()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_question_and_asks_about_a_key(name: str) -> None:
    assert "?" in question_of(name)
    assert asked_key(name) in schema_keys()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.n_train", 50000, "50,000 images"),
        ("reg.name", "none", "no regularization"),
        ("reg.biases", True, "biases constrained too"),
        ("dropout.hidden", 0.5, "dropout 0.5"),
        ("dropout.hidden", 0.0, "no dropout"),
        ("train.eta", 0.025, "η = 0.025"),
        ("model.hidden", "[100, 30]", "100-30 hidden"),
        ("train.epochs", 30, "train.epochs 30"),
        ("model.activation", "relu", "ReLU units"),
        ("model.activation", "tanh", "tanh units"),
    ],
)
def test_values_are_said_in_words(key: str, value: object, words: str) -> None:
    assert said(key, value) == words
