"""A file of results, read: its runs, and whether it agrees with itself.

What can be found without training is found here: members that are not what was exported, a record
that is not what its digests say, a config that is not the one of its fingerprint, weights that are
not those of their digest, a run that a sweep was asked for and the file lacks.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnexp.config.plain_yaml import read_plain
from nnexp.config.schema import Config
from nnexp.errors import UserError
from nnexp.extension_files import NotLoaded
from nnexp.record.description import params_of
from nnexp.record.fingerprint import VERSION, fingerprint_of, version_of
from nnexp.record.seal import SHORT, parts_of, seal_of_tags, sealed
from nnexp.record.sweep import sweep_key
from nnexp.record.weights import layer_sizes, load_weights, weights_sha256
from nnexp.source import sha256_of
from nnexp.study.exchange.archive import (
    EVIDENCE,
    MANIFEST,
    WEIGHTS,
    Archive,
    carried,
    member,
)
from nnexp.study.exchange.history import Value, read_history
from nnexp.study.exchange.manifest import Manifest, Run, Sweep, plain_json, read_manifest
from nnexp.study.recorded import config_of


@dataclass(frozen=True)
class Results:
    """An open file of results. What it holds of a run is read when it is asked for."""

    archive: Archive
    manifest: Manifest

    @property
    def shown(self) -> str:
        """What the file is called."""
        return self.archive.shown

    @cached_property
    def digest(self) -> str:
        """What the file is known by, whatever its compression."""
        return self.archive.digest

    def artifact(self, run: Run, name: str) -> bytes | None:
        """An artifact of a run, if the file holds it."""
        path = member(run.id, name)
        return self.archive.read(path) if path in self.archive else None

    def history(self, run: Run) -> list[Value]:
        """All values of a run.

        Raises:
            UserError: there is no history, or one that no export writes.
        """
        try:
            return read_history(self.archive.read(member(run.id, "history.csv")))
        except ValueError as error:
            raise UserError(f"run {run.id}: history.csv: {error}") from error

    def config(self, run: Run) -> Config:
        """The config of a run.

        Raises:
            UserError: it is none of this program.
        """
        content = self.artifact(run, "config.yaml")
        try:
            text = content.decode("utf-8") if content else ""
        except UnicodeDecodeError as error:
            raise UserError(f"run {run.id}: config.yaml: {error.reason}") from error
        return config_of(run.id, run.params, run.tags, text)

    def environment(self, run: Run) -> Mapping[str, Any]:
        """Where a run was recorded; empty if that is not known.

        Raises:
            UserError: it is no JSON object.
        """
        content = self.artifact(run, "environment.json")
        found = plain_json(content, f"run {run.id}: environment.json") if content else {}
        if not isinstance(found, dict) or not isinstance(found.get("numeric", {}), dict):
            raise UserError(f"run {run.id}: environment.json: is not laid out as it is recorded")
        return found


@contextmanager
def open_results(path: Path) -> Iterator[Results]:
    """A file of results on disk, as long as it is looked at.

    Raises:
        UserError: there is none, or it cannot be read.
    """
    try:
        if not path.is_file():
            path.stat()  # Where there is nothing, this says so.
            raise UserError(f"{path}: no plain file; allowed: a file of results")
        file = path.open("rb")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; allowed: a file of results") from error
    with file:
        yield results_in(Archive(file, str(path)))


def results_of(content: bytes, shown: str) -> Results:
    """A file of results in memory; raises as `open_results`."""
    return results_in(Archive(io.BytesIO(content), shown))


def results_in(archive: Archive) -> Results:
    """The results in an archive; raises as `open_results`."""
    return Results(archive, read_manifest(archive.read(MANIFEST), archive.shown))


def problems(results: Results) -> Iterator[str]:
    """What is not as it was recorded and exported, as far as that shows without training.

    Raises:
        NotLoaded: nothing else is known to be wrong, but a run needs a file of its user's own.
    """
    changed = list(results.archive.changes())
    yield from changed
    manifest = results.manifest
    ids = [run.id for run in manifest.runs]
    if len(set(ids)) < len(ids):
        yield "manifest.json: a run twice"
    if list(manifest.runs) != sorted(manifest.runs, key=lambda run: run.place):
        yield "manifest.json: the order of the runs"
    strangers = {name.split("/")[1] for name in results.archive.names if "/" in name} - set(ids)
    yield from (f"runs/{run_id}: of no run in manifest.json" for run_id in sorted(strangers))
    for digest, files in manifest.data.items():
        if files and sha256_of(files) != digest:
            yield f"checksums of the data {digest[:12]}"
    for run in manifest.runs:
        if run.tag("data") not in manifest.data:
            yield f"run {run.id}: no checksum of its data {run.tag('data')[:12]}"
        try:
            yield from (f"run {run.id}: {what}" for what in _of_run(results, run))
        except UserError as error:
            if isinstance(error, NotLoaded) and not changed:
                raise
            text = str(error)
            yield text if run.id in text else f"run {run.id}: {text}"
    for sweep in manifest.sweeps:
        yield from (f"sweep {sweep.id}: {what}" for what in _of_sweep(manifest, sweep))


def absent(manifest: Manifest) -> Iterator[str]:
    """Runs that sweeps were asked for and the file does not hold, each in words."""
    for sweep in manifest.sweeps:
        for asked in sweep.asked:
            if asked.run is None:
                why = "left out" if asked.status == "FINISHED" else asked.status.lower()
                yield f"sweep {sweep.id[:8]} was asked for {asked.name}: not in the file ({why})"


def _of_run(results: Results, run: Run) -> Iterator[str]:
    if not re.fullmatch("[0-9a-f]{64}", run.tag("fingerprint")):
        yield "its fingerprint is none"
    history = results.history(run)
    if len(history) != run.values:
        yield f"history.csv holds {len(history):,} values, manifest.json says {run.values:,}"
    for name in carried(sorted({*run.artifacts, *EVIDENCE, WEIGHTS})):
        path = member(run.id, name)
        if path in results.archive and results.archive.sum_of(path) != run.artifacts.get(name):
            yield f"{name} is not the one of its record"
    yield from _unsealed(run, history)
    config = results.config(run)
    known = params_of(config)
    if told := [k for k, v in run.params.items() if k in known and known[k] != v]:
        yield f"parameters {', '.join(sorted(told)[:3])} are not those of config.yaml"
    if version_of(run.tags) == VERSION:
        numeric = results.environment(run).get("numeric", {})
        data, source = run.tag("data"), run.tag("source")
        # As it was written, with the keys of its time; `config` has refused what is none.
        text = results.artifact(run, "config.yaml")
        written = read_plain(text.decode("utf-8")) if text else None
        own = run.tags.get("nnexp.parts", "")
        computed = fingerprint_of(config, data, source, numeric, written, own)
        if computed != run.tag("fingerprint"):
            yield "its fingerprint is not that of its config, data and source"
    weights = results.artifact(run, WEIGHTS)
    if weights is not None and _weights_of(weights, config) != run.tag("weights_sha256"):
        yield "weights.npz holds other weights than its tag nnexp.weights_sha256 says"


def _unsealed(run: Run, history: list[Value]) -> Iterator[str]:
    """What differs from the digests that were made when the run ended."""
    seal = seal_of_tags(run.tags)
    if seal is None:
        return
    values = ((name, step, value) for name, step, _, value in history)
    parts = parts_of(run.params, run.tags, values, run.artifacts)
    if sealed(parts).sha256 == seal.sha256:
        return
    named = [
        name
        for name in sorted({*parts, *seal.parts})
        if parts.get(name, "")[:SHORT] != seal.parts.get(name)
    ]
    yield f"is not what was recorded: {', '.join(named) or 'its digest'}"


def _weights_of(content: bytes, config: Config) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        path.write_bytes(content)
        try:
            return weights_sha256(load_weights(path, layer_sizes(config)))
        except UserError as error:
            raise UserError(str(error).replace(str(path), WEIGHTS)) from error


def _of_sweep(manifest: Manifest, sweep: Sweep) -> Iterator[str]:
    if sweep_key(sweep.experiment, [asked.fingerprint for asked in sweep.asked]) != sweep.key:
        yield "the list of the runs it was asked for is not the one of its key"
    fingerprints = {run.id: run.tag("fingerprint") for run in manifest.runs}
    for asked in sweep.asked:
        if asked.run is not None and fingerprints.get(asked.run) != asked.fingerprint:
            yield f"{asked.name}: its run {asked.run[:8]} is not in the file"
        elif asked.run is None and asked.status == "FINISHED" and manifest.chosen.where is None:
            yield f"{asked.name}: finished, but not in the file"
