"""Files of results taken apart, changed, and put together again, as someone would who cheats."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

from nnexp.record.seal import parts_of, sealed
from nnexp.study.exchange.archive import MANIFEST, SIGNATURE, SUMS, archived, sha256, sums_of
from nnexp.study.exchange.history import read_history, write_history
from nnexp.study.exchange.manifest import canonical
from nnexp.study.exchange.results import Results, results_of


class Members:
    """The members of a file, to be changed at will."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.manifest: dict[str, Any] = json.loads(self.files[MANIFEST])

    @property
    def runs(self) -> list[dict[str, Any]]:
        return self.manifest["runs"]  # type: ignore[no-any-return]

    @property
    def sweep(self) -> dict[str, Any]:
        return self.manifest["sweeps"][0]  # type: ignore[no-any-return]

    def path(self, run: int, name: str) -> str:
        return f"runs/{self.runs[run]['id']}/{name}"

    def edit(self, run: int, name: str, change: Callable[[bytes], bytes]) -> None:
        """Change a file of a run; it must make a difference."""
        path = self.path(run, name)
        before, self.files[path] = self.files[path], change(self.files[path])
        assert self.files[path] != before

    def swap(self, name: str) -> None:
        """Exchange a file of the first two runs."""
        first, second = self.path(0, name), self.path(1, name)
        self.files[first], self.files[second] = self.files[second], self.files[first]

    def shift(self, run: int, metric: str = "train/cost", by: float = 0.25) -> None:
        """Change the last value of a metric."""

        def changed(content: bytes) -> bytes:
            values = read_history(content)
            last = max(v[1] for v in values if v[0] == metric)
            return write_history(
                (n, s, t, v + by if (n, s) == (metric, last) else v) for n, s, t, v in values
            )

        self.edit(run, "history.csv", changed)

    def drop(self, run: int) -> None:
        """Take a run out, and all that belongs to it."""
        gone = self.runs.pop(run)["id"]
        self.files = {name: body for name, body in self.files.items() if gone not in name}

    def seal(self) -> None:
        """Make the digests of all records those of what is there now."""
        for k, run in enumerate(self.runs):
            for name in run["artifacts"]:
                if (path := self.path(k, name)) in self.files:
                    run["artifacts"][name] = sha256(self.files[path])
            history = read_history(self.files[self.path(k, "history.csv")])
            run["values"] = len(history)
            values = ((name, step, value) for name, step, _, value in history)
            run["tags"] |= sealed(
                parts_of(run["params"], run["tags"], values, run["artifacts"])
            ).tags

    def put_together(self, *, sums: bool = True) -> bytes:
        """The file again; with `sums`, its list of digests made anew."""
        files = {**self.files, MANIFEST: canonical(self.manifest)}
        if sums:
            listed = {k: v for k, v in files.items() if k not in (SUMS, SIGNATURE)}
            files[SUMS] = sums_of(listed)
        return archived(files)


def opened(content: bytes) -> Results:
    """Results in memory."""
    return results_of(content, "results.nnexp")
