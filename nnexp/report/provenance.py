"""Where the runs of a report come from: code, data, versions, machine."""

from __future__ import annotations

import json
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from nnexp.config.plurals import some
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.report.report_data import Material
from nnexp.study.ledger import ledger
from nnexp.study.lookup import artifact
from nnexp.study.text_table import TextTable

READ = 12
"""Environments are read of one run per sweep and source, and of no more than so many."""
_VERSIONS = ("numpy", "scipy", "mlflow")


def provenance(store: Store, material: Material) -> TextTable:
    """Runs, data, numeric source, versions, commit and machine, each with what is different."""
    runs = material.runs
    firsts = set(runs.drop_duplicates(["source", "data", "sweep"])["run_id"][:READ])
    read = (_environment(store, run) for run in material.kept if run.info.run_id in firsts)
    found = [environment for environment in read if environment]
    first, last = str(runs["start"].min())[:16], str(runs["start"].max())[:16]
    rows = [
        ("recorded", f"{some(len(runs), 'finished run')}, {first} to {last} UTC"),
        ("data (SHA-256)", _listed(str(v)[:16] for v in runs["data"])),
        ("test data", str(ledger(store, set(runs["data"]), material.whole))),
        ("numeric source (SHA-256)", _listed(str(v)[:16] for v in runs["source"])),
        ("commit", _listed(_commit(e) for e in found)),
        ("versions", _listed(_versions(e) for e in found)),
        ("machine", _listed(_machine(e) for e in found)),
    ]
    kept = tuple((name, value) for name, value in rows if value)
    return TextTable("Provenance", ("what", "value"), kept, texts=2)


def training_commands(store: Store, material: Material) -> list[str]:
    """The commands that trained the runs: of their sweeps, or of single runs, the first ones."""
    found = []
    for sweep in [s for s in dict.fromkeys(material.runs["sweep"]) if s][:READ]:
        try:
            found.append(str(store.client.get_run(sweep).data.tags["nnexp.command"]))
        except (KeyError, MlflowException):
            continue
    single = material.runs[material.runs["sweep"] == ""]["command"]
    return [*dict.fromkeys(found), *single[:READ]]


def _environment(store: Store, run: Run) -> dict[str, Any] | None:
    with TemporaryDirectory() as folder, suppress(UserError):
        if (path := artifact(store, run, "environment.json", folder)) is not None:
            return dict(json.loads(path.read_text(encoding="utf-8")))
    return None


def _listed(values: Any) -> str:
    return "; ".join(dict.fromkeys(value for value in values if value))


def _commit(environment: dict[str, Any]) -> str:
    git = environment.get("git")
    if not isinstance(git, dict) or "commit" not in git:
        return ""
    return str(git["commit"])[:12] + (" with uncommitted changes" if git.get("dirty") else "")


def _versions(environment: dict[str, Any]) -> str:
    packages = dict(line.split("==", 1) for line in environment.get("packages", []) if "==" in line)
    named = [f"{name} {packages[name]}" for name in _VERSIONS if name in packages]
    blas = [str(lib.get("internal_api", "")) for lib in environment.get("blas", [])]
    own = [f"nnexp {environment.get('nnexp')}", f"Python {environment.get('python')}"]
    return ", ".join([*own, *named, *dict.fromkeys(filter(None, blas))])


def _machine(environment: dict[str, Any]) -> str:
    parts = [environment.get("cpu"), some(int(environment.get("cores", 1)), "core")]
    return ", ".join([*map(str, filter(None, parts)), str(environment.get("platform", ""))])
