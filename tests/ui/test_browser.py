"""The MLflow UI as a user sees it: a real sweep, the run list, a comparison, in a real browser.

The pictures in docs/images are made by this test, from a longer sweep:

    NNEXP_PICTURES=docs/images python -m pytest tests/ui
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import nnexp
from tests.cli.command import free_port, start
from tests.cli.test_servers import ended_at_last, wait_for
from tests.stores import address

CHROMIUM = shutil.which("chromium") or ""
PICTURES = os.environ.get("NNEXP_PICTURES")
EPOCHS = 15 if PICTURES else 2
SIZES = ("1k", "50k") if PICTURES else ("100", "1k")
WAIT = 120_000
"""Milliseconds: machines are slow at times, which is no failure."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The addresses that `python -m nnexp ui` prints for a sweep over sizes and seeds."""
    folder = tmp_path_factory.mktemp("ui")
    more = {"reg": "none,l2", "seed": range(3)} if PICTURES else {"seed": range(2)}
    store = {"tracking.uri": address(folder), "tracking.artifacts": "light"}
    fixed = {"train.epochs": EPOCHS, "monitor.test": "epoch"}
    nnexp.sweep(f"size={','.join(SIZES)}", store, fixed, quiet=True, **more)
    process = start("ui", "--port", str(free_port()), cwd=folder)
    with ended_at_last(process):
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(3)]
        found = re.findall(r"nnexp, (\w+): (\S+)", "".join(said))
        wait_for(re.findall(r"http://[\d.:]+", said[0])[0], process)
        yield dict(found)
        process.terminate()


@pytest.fixture
def page() -> Iterator[Any]:
    """A page of a browser that has never been here."""
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        fresh = browser.new_page(viewport={"width": 1280, "height": 800})
        fresh.set_default_timeout(WAIT)
        yield fresh
        browser.close()


def picture(page: Any, name: str) -> None:
    """Keep what is seen, if asked for."""
    if PICTURES:
        page.wait_for_timeout(2000)  # Charts are drawn with an animation.
        page.screenshot(path=Path(PICTURES) / name)


def opened(page: Any, address: str) -> None:
    """A view, without MLflow's own first-visit panels in front of it."""
    page.goto(address)
    page.get_by_label("Hide banner").click()
    close = page.get_by_role("button", name="Close", exact=True)
    if close.count():
        close.first.click()


def tick(page: Any, run: str) -> None:
    """Select a run of the list by its name: names and boxes are in two parts of one table."""
    named = page.get_by_role("row").filter(has=page.get_by_text(run, exact=True))
    index = named.first.get_attribute("row-index")
    page.locator(f'[row-index="{index}"] input[type=checkbox]').first.check(force=True)


@pytest.mark.slow  # Half a minute, and MLflow's chart page keeps a busy machine waiting.
def test_two_runs_are_chosen_from_the_list_and_compared(pages: dict[str, str], page: Any) -> None:
    opened(page, pages["runs"])
    runs = [f"{size} seed0 crossentropy {EPOCHS} epochs" for size in SIZES]
    for run in runs:
        page.get_by_text(run, exact=True).first.wait_for()
    # What tells the runs apart is a column, and so is what came out.
    for column in ("size", "seed", "test/accuracy"):
        page.get_by_role("columnheader", name=column).first.wait_for()
    picture(page, "ui-runs.png")
    for run in runs:
        tick(page, run)
    page.get_by_role("button", name="Compare").click()
    page.get_by_text("Comparing 2 Runs from 1 Experiment").first.wait_for()
    # "Show diff only", of the parameters; metrics and tags have switches of their own below.
    page.get_by_role("switch").first.click()
    differing = page.get_by_role("row").filter(
        has_text=re.compile(rf"^\s*size\s*{SIZES[0]}\s*{SIZES[1]}\s*$")
    )
    differing.first.wait_for()
    alike = page.get_by_role("row").filter(has_text=re.compile(r"^\s*cost\.name"))
    alike.first.wait_for(state="detached")
    picture(page, "ui-compare.png")
    page.get_by_role("link", name="train/cost", exact=True).first.click()
    page.wait_for_url(re.compile(r"/metric\?"))
    # A line of each run, through the untrained network and every epoch.
    lines = page.locator(".js-plotly-plot .scatterlayer .trace path.js-line")
    lines.nth(1).wait_for()
    for run in runs:
        # The legend of the chart.
        page.locator("text", has_text=f"{run} (train/cost)").or_(
            page.get_by_text(f"{run} (train/cost)")
        ).first.wait_for()
    assert len({line.get_attribute("d") for line in lines.all()}) >= 2
    picture(page, "ui-curves.png")


def test_settings_are_shown_as_means_with_bounds(pages: dict[str, str], page: Any) -> None:
    opened(page, pages["settings"])
    for size in SIZES:
        page.get_by_text(
            re.compile(rf"^{size} .*{EPOCHS} epochs mean of \d seeds")
        ).first.wait_for()
    page.get_by_text("Means over seeds, with 95 % intervals").first.wait_for()
    lines = page.locator(".js-plotly-plot").first.locator(".scatterlayer .trace path.js-line")
    # The mean and both bounds of each setting.
    lines.nth(5).wait_for(state="attached")
    picture(page, "ui-settings.png")
