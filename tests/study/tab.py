"""A report's page in a tab of a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def opened(browser: Any, page: Path, **options: Any) -> tuple[Any, list[str]]:
    """The page in a tab, and what goes wrong in it or is fetched, as it happens."""
    tab = browser.new_context(**options).new_page()
    address = page.as_uri()
    told: list[str] = []

    def tell(text: str) -> None:
        if text != address:
            told.append(text)

    tab.on("console", lambda message: tell(message.text))
    tab.on("pageerror", lambda error: tell(str(error)))
    tab.on("request", lambda request: tell(request.url))
    tab.goto(address)
    return tab, told
