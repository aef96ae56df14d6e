"""What is recorded of some runs and sweeps, put together as the members of a file of results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nnexp import __version__
from nnexp.config.plurals import some
from nnexp.data.checksums import FASHION_MNIST, MNIST
from nnexp.errors import UserError
from nnexp.record.check_seals import checked_contents
from nnexp.record.contents import Contents
from nnexp.record.description import owner_tags
from nnexp.record.files import recorded_contents, recorded_digests
from nnexp.record.projection import TOKEN
from nnexp.record.store import Store
from nnexp.record.store_errors import said_by_store
from nnexp.record.sweep import sweep_key
from nnexp.record.tags import number
from nnexp.source import sha256_of
from nnexp.study.exchange import archive
from nnexp.study.exchange.history import read_history, write_history
from nnexp.study.exchange.manifest import Asked, Chosen, Manifest, Run, Sweep, refused
from nnexp.study.lookup import all_experiments, check_schema
from nnexp.study.recorded import config_of, data_of
from nnexp.study.sweep_runs import asked_for, ended, in_rounds

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run as Recorded

MOST_RUNS = 20_000

README_TEXT = """\
Results of {runs}, written by {program}.

To check this file, and train again what it claims:   python -m nnexp verify FILE
To put its runs into a record of your own:            python -m nnexp import FILE

Without the program:
  sha256sum -c SHA256SUMS       whether the members are what was exported
  manifest.json                 the runs: configs (params), digests (tags), what sweeps asked for
  runs/ID/history.csv           every value of a run: metric, step, time in milliseconds, value
  runs/ID/curves.csv            the same as a table, a row an epoch
  runs/ID/config.yaml           the config that it was trained with
  runs/ID/environment.json      versions, processor, commit
  runs/ID/weights.npz           arrays W1, b1, W2 ... for numpy.load, if they were asked for
The tag nnexp.weights_sha256 is the SHA-256 of the bytes of these arrays, in that order.
The data are not in here; manifest.json has the SHA-256 of their files.
signature.json, where there is one, signs the line `nnexp results`, the SHA-256 of SHA256SUMS and
the name of who exported it, each ended by a newline (Ed25519). verifications.json, where there is
one, says who has trained these results again since; it is not in SHA256SUMS.
"""

_PLACED = (TOKEN, "nnexp.sweep", "nnexp.imported")
"""Tags that say where a run lies in its store: they stay behind, as do those of a process."""


@dataclass(frozen=True)
class Gathered:
    """A file of results, not yet written."""

    manifest: Manifest
    members: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """What the file is known by: SHA-256 of the list of its members' digests."""
        return archive.sha256(self.members[archive.SUMS])


def travels(tag: str) -> bool:
    """Whether a tag of a run belongs into a file: not what is of a store, a process or a person."""
    if tag.startswith("mlflow."):
        return tag == "mlflow.note.content"
    return tag not in _PLACED and tag not in _of_process()


@lru_cache(maxsize=1)
def _of_process() -> frozenset[str]:
    return frozenset(owner_tags())


@refused("export: a record is not as this program writes it")
def gather(
    store: Store, runs: Iterable[Recorded], sweeps: Iterable[Recorded], chosen: Chosen, *,
    weights: bool, whole: pd.DataFrame | None = None,
) -> Gathered:  # fmt: skip
    """Put runs and the sweeps they belong to into members; `whole` as `sweep_runs.ended` has it.

    Raises:
        UserError: no run, one that has not finished, or one whose record has changed.
    """
    found = {str(run.info.run_id): run for run in runs}
    names = all_experiments(store)
    asked = [
        sweep_of(store, parent, names, found, complete=chosen.where is None, whole=whole)
        for parent in sweeps
        if not in_rounds(parent)
    ]
    if not 0 < len(found) <= MOST_RUNS:
        raise UserError(f"export: {len(found):,} finished runs; allowed: 1 to {MOST_RUNS:,}")
    for run in found.values():
        _check_run(run)
    members: dict[str, bytes] = {}
    claims = []
    for run_id, contents, record in checked_contents(store, list(found)):
        if record.differences:
            raise UserError(
                f"run {run_id}: its record is not what was recorded ({record}); allowed: a run "
                "whose record is whole; python -m nnexp doctor looks at all"
            )
        digests = record.artifacts
        if not record.sealed:
            digests = recorded_digests(store, contents.place, [*archive.EVIDENCE, archive.WEIGHTS])
        carried = archive.carried(digests, weights=weights)
        members |= _artifacts(store, run_id, contents.place, carried)
        history = write_history(contents.values)
        members[archive.member(run_id, "history.csv")] = history
        count = history.count(b"\n") - 1
        claims.append(_run(found[run_id], contents, names, digests, count))
    manifest = Manifest(
        format="nnexp results",
        version=1,
        made_by=f"nnexp {__version__}",
        chosen=chosen,
        data=_data_of(claims),
        runs=tuple(sorted(claims, key=lambda run: run.place)),
        sweeps=tuple(sorted(asked, key=lambda sweep: (sweep.start_time, sweep.id))),
    )
    text = README_TEXT.format(runs=some(len(claims), "run"), program=manifest.made_by)
    members |= {archive.MANIFEST: manifest.bytes(), archive.README: text.encode("ascii", "replace")}
    return Gathered(manifest, {**members, archive.SUMS: archive.sums_of(members)})


def _check_run(run: Recorded) -> None:
    kind = run.data.tags.get("nnexp.kind", "not of this program")
    if kind != "run":
        instead = f", or --sweep {str(run.info.run_id)[:8]}" if kind == "sweep" else ""
        raise UserError(
            f"run {run.info.run_id}: is of kind {kind}; allowed: FINISHED runs of kind run{instead}"
        )
    if run.info.status != "FINISHED":
        raise UserError(f"run {run.info.run_id}: is {run.info.status}; allowed: FINISHED runs")
    check_schema(run)


def _run(
    run: Recorded,
    contents: Contents,
    names: Mapping[str, str],
    digests: Mapping[str, str],
    values: int,
) -> Run:
    info = run.info
    return Run(
        id=str(info.run_id),
        name=str(info.run_name or ""),
        experiment=names[str(info.experiment_id)],
        start_time=int(info.start_time or 0),
        end_time=int(info.end_time or 0),
        params=dict(contents.params),
        tags={name: value for name, value in contents.tags.items() if travels(name)},
        artifacts=dict(digests),
        values=values,
    )


def _artifacts(store: Store, run_id: str, place: str, names: Sequence[str]) -> dict[str, bytes]:
    try:
        found = recorded_contents(store, place, names)
    except Exception as error:
        # Artifacts may lie on a disk or in any of a dozen services, each with errors of its own.
        raise UserError(
            f"run {run_id}: its artifacts cannot be fetched ({said_by_store(error)})"
        ) from error
    return {archive.member(run_id, name): content for name, content in found.items()}


def _data_of(runs: Sequence[Run]) -> dict[str, dict[str, str]]:
    """The checksums of the files behind each digest of data, where they are known here."""
    found = {sha256_of(files): dict(files) for files in (MNIST, FASHION_MNIST)}
    for run in runs:
        digest = run.tag("data")
        if digest not in found:
            found[digest] = {}
            with suppress(UserError):  # Its files may have gone, or be others by now.
                dataset = data_of(run.id, config_of(run.id, run.params, run.tags, ""), digest)
                found[digest] = dict(dataset.digests)
    return {digest: found[digest] for digest in {run.tag("data") for run in runs}}


def parquet(gathered: Gathered) -> bytes:
    """All values as one Parquet table: columns `run_id`, `metric`, `step`, `time`, `value`."""
    import pandas as pd

    tables = [
        pd.DataFrame(
            read_history(gathered.members[archive.member(run.id, "history.csv")]),
            columns=["metric", "step", "time", "value"],
        ).assign(run_id=run.id)
        for run in gathered.manifest.runs
    ]
    whole = pd.concat(tables, ignore_index=True)
    table: bytes = whole[["run_id", "metric", "step", "time", "value"]].to_parquet(index=False)
    return table


def sweep_of(
    store: Store,
    parent: Recorded,
    names: Mapping[str, str],
    found: Mapping[str, Recorded],
    *,
    complete: bool,
    whole: pd.DataFrame | None = None,
) -> Sweep:
    """A sweep by its parent, whose runs in the file are those `found`, by id.

    With `complete`, every finished run of it must be there. `whole` as `ended` has it.

    Raises:
        UserError: what it was asked for is not known, or a run was left out.
    """
    info, tags = parent.info, parent.data.tags
    experiment = str(info.experiment_id)
    wanted = asked_for(store, parent)
    key = tags.get("nnexp.sweep_key", "")
    if sweep_key(names[experiment], list(wanted)) != key:
        raise UserError(
            f"sweep {info.run_id}: {len(wanted)} of the {number(tags, 'nnexp.total')} runs it was "
            "asked for are known; allowed: a sweep that is whole; python -m nnexp sweeps says how "
            "to go on with it"
        )
    recorded, asked = ended(store, parent, whole), []
    ids = {run.data.tags.get("nnexp.fingerprint", ""): run_id for run_id, run in found.items()}
    for fingerprint, name in wanted.items():
        status = recorded[fingerprint].status if fingerprint in recorded else "MISSING"
        run_id = ids.get(fingerprint)
        if complete and status == "FINISHED" and run_id is None:
            left_out = recorded[fingerprint].run_id
            raise UserError(f"sweep {info.run_id}: its run {left_out} was left out")
        became = {"name": name, "fingerprint": fingerprint, "status": status, "run": run_id}
        asked.append(Asked.model_validate(became))
    return Sweep(
        id=str(info.run_id),
        name=str(info.run_name or ""),
        experiment=names[experiment],
        command=tags.get("nnexp.command", ""),
        key=key,
        start_time=int(info.start_time or 0),
        asked=tuple(asked),
    )


def sweeps_of(store: Store, runs: Iterable[Recorded]) -> list[Recorded]:
    """The sweeps that some runs were trained in.

    Raises:
        UserError: one of them is not recorded.
    """
    from mlflow.exceptions import MlflowException

    found = []
    for run_id in dict.fromkeys(run.data.tags.get("nnexp.sweep", "") for run in runs):
        try:
            found += [store.client.get_run(run_id)] if run_id else []
        except MlflowException as error:
            raise UserError(f"sweep {run_id}: {said_by_store(error)}") from error
    return found
