"""The commands beside training: one module each, imported when its word is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

Command = Callable[[Sequence[str]], int]


def _late(module: str) -> Command:
    def run(arguments: Sequence[str]) -> int:
        command: Command = import_module(f"nnexp.cli.{module}").main
        return command(arguments)

    return run


WORDS = (
    *("runs", "show", "watch", "compare", "claims", "report", "search", "ensemble", "sensitivity"),
    *(
        "verify",
        "sweeps",
        "doctor",
        "fork",
        "experiments",
        "tag",
        "note",
        "delete",
        "restore",
        "export",
    ),
    *("import", "replay", "import-curve", "import-data", "ui", "help"),
)

_MODULES = {"import": "import_file"}
"""Modules whose name is not the word: Python keeps that one for itself."""

COMMANDS: dict[str, Command] = {
    word: _late(_MODULES.get(word, word.replace("-", "_"))) for word in WORDS
}
