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


BY_USE: dict[str, tuple[str, ...]] = {
    "to look": ("runs", "sweeps", "experiments", "show", "watch", "ui"),
    "to compare": ("compare", "claims", "report", "ensemble", "sensitivity"),
    "to choose": ("search",),
    "to train on": ("fork",),
    "to check": ("verify", "doctor", "replay"),
    "to keep order": ("tag", "note", "delete", "restore"),
    "to exchange": ("export", "import", "import-curve", "import-data"),
}
"""The words of the commands by what they are for."""

WORDS = (*(word for words in BY_USE.values() for word in words), "help")

_MODULES = {"import": "import_file"}
"""Modules whose name is not the word: Python keeps that one for itself."""

COMMANDS: dict[str, Command] = {
    word: _late(_MODULES.get(word, word.replace("-", "_"))) for word in WORDS
}
