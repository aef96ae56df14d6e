"""Whatever is changed in a file is named: at once, or when it is trained again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest

from nnexp.config.compose import from_yaml
from nnexp.config.plain_yaml import read_plain
from nnexp.errors import UserError
from nnexp.nn.parameters import Parameters
from nnexp.record.fingerprint import fingerprint_of
from nnexp.record.sweep import sweep_key
from nnexp.record.weights import weights_sha256
from nnexp.study.exchange.archive import MANIFEST
from nnexp.study.exchange.manifest import read_manifest
from nnexp.study.exchange.reproduce import claims_of, reproduce
from nnexp.study.exchange.results import absent, problems
from nnexp.terminal import new_console
from tests.study.exchange.conftest import Exported
from tests.study.exchange.members import Members, opened

Change = Callable[[Members], None]


def value(m: Members) -> None:
    m.shift(0)


def time_of_a_value(m: Members) -> None:
    m.edit(0, "history.csv", lambda body: body.replace(b"train/cost,0,1", b"train/cost,0,2", 1))


def rows(m: Members) -> None:
    lines = m.files[m.path(0, "history.csv")].splitlines(keepends=True)
    m.edit(0, "history.csv", lambda _: b"".join([lines[0], *reversed(lines[1:])]))


def digits(m: Members) -> None:
    m.edit(0, "history.csv", lambda body: re.sub(rb"(\.\d+)\n", rb"\g<1>0\n", body, count=1))


def runs(m: Members) -> None:
    m.runs.reverse()


def swapped(m: Members) -> None:
    m.swap("history.csv")


def swapped_weights(m: Members) -> None:
    m.swap("weights.npz")


def weight(m: Members) -> None:
    def changed(body: bytes) -> bytes:
        with np.load(io.BytesIO(body)) as found:
            arrays = dict(found)
        arrays["W1"][0, 0] += 0.5
        made = Parameters((arrays["W1"], arrays["W2"]), (arrays["b1"], arrays["b2"]))
        m.runs[0]["tags"]["nnexp.weights_sha256"] = weights_sha256(made)
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    m.edit(0, "weights.npz", changed)


def weights_damaged(m: Members) -> None:
    m.edit(0, "weights.npz", lambda body: body[:400] + bytes([body[400] ^ 1]) + body[401:])


def config_file(m: Members) -> None:
    m.edit(0, "config.yaml", lambda body: body.replace(b"eta: 0.5", b"eta: 0.25"))


def parameter(m: Members) -> None:
    m.runs[0]["params"]["train.eta"] = "0.25"


def config(m: Members) -> None:
    config_file(m)
    parameter(m)


def marked(m: Members) -> None:
    """Another config, and everything that follows from it but the numbers."""
    config(m)
    run = m.runs[0]
    made = from_yaml(m.files[m.path(0, "config.yaml")].decode())
    tags = run["tags"]
    mark = fingerprint_of(made, tags["nnexp.data"], tags["nnexp.source"], {})
    for asked in m.sweep["asked"]:
        if asked["fingerprint"] == tags["nnexp.fingerprint"]:
            asked["fingerprint"] = mark
    tags["nnexp.fingerprint"] = mark
    marks = [asked["fingerprint"] for asked in m.sweep["asked"]]
    m.sweep["key"] = sweep_key(m.sweep["experiment"], marks)


def command(m: Members) -> None:
    m.runs[0]["tags"]["nnexp.command"] += " train.eta=0.25"


def environment(m: Members) -> None:
    m.edit(0, "environment.json", lambda body: body.replace(b'"python"', b'"Python"', 1))


def seed_removed(m: Members) -> None:
    m.drop(1)


def seed_never_asked_for(m: Members) -> None:
    gone = m.runs[1]["id"]
    m.drop(1)
    m.sweep["asked"] = [asked for asked in m.sweep["asked"] if asked["run"] != gone]


def seed_unfinished(m: Members) -> None:
    gone = m.runs[1]["id"]
    m.drop(1)
    for asked in m.sweep["asked"]:
        if asked["run"] == gone:
            asked |= {"run": None, "status": "FAILED"}


def data_files(m: Members) -> None:
    (files,) = m.manifest["data"].values()
    files["train-images"] = "0" * 64


def data(m: Members) -> None:
    m.manifest["data"] = {"0" * 64: {}}
    for run in m.runs:
        run["tags"]["nnexp.data"] = "0" * 64


def source(m: Members) -> None:
    m.runs[0]["tags"]["nnexp.source"] = "0" * 64


def fingerprint(m: Members) -> None:
    m.runs[0]["tags"] |= {"nnexp.fingerprint": "' or '' = '", "nnexp.fingerprint_version": "3"}


def added(m: Members) -> None:
    m.files[f"runs/{'0' * 32}/weights.npz"] = b"PK"


def taken_out(m: Members) -> None:
    del m.files[m.path(0, "curves.csv")]


def history_cut(m: Members) -> None:
    m.edit(0, "history.csv", lambda body: b"".join(body.splitlines(keepends=True)[:-1]))


# Whoever changes something and no more.
PLAIN: list[tuple[Change, str]] = [
    (value, "history.csv: is not what was exported"),
    (time_of_a_value, "history.csv: is not what was exported"),
    (weights_damaged, "weights.npz: is not what was exported"),
    (command, "manifest.json: is not what was exported"),
    (added, "added"),
    (taken_out, "curves.csv: taken out"),
]
# Whoever makes the list of digests anew.
SUMMED: list[tuple[Change, str]] = [
    (value, "is not what was recorded: metric train/cost"),
    (rows, "rows in another order"),
    (digits, "written in another way"),
    (runs, "the order of the runs"),
    (swapped, "is not what was recorded: metric"),
    (swapped_weights, "weights.npz is not the one of its record"),
    (config_file, "config.yaml is not the one of its record"),
    (parameter, "is not what was recorded: parameters train"),
    (command, "is not what was recorded: tag nnexp.command"),
    (environment, "environment.json is not the one of its record"),
    (source, "is not what was recorded: tag nnexp.source"),
    (seed_removed, "its run {} is not in the file"),
    (seed_never_asked_for, "the list of the runs it was asked for is not the one of its key"),
    (data_files, "checksums of the data"),
    (added, "of no run in manifest.json"),
    (history_cut, "values, manifest.json says"),
]
# Whoever makes the digests of the records anew, too.
SEALED: list[tuple[Change, str]] = [
    (parameter, "parameters train.eta are not those of config.yaml"),
    (config, "its fingerprint is not that of its config, data and source"),
    (data, "its fingerprint is not that of its config, data and source"),
    (source, "its fingerprint is not that of its config, data and source"),
    (fingerprint, "its fingerprint is none"),
    (swapped_weights, "weights.npz holds other weights than its tag"),
]
# Whoever does everything right: only training again tells, by a value or by the weights.
TRAINED: list[tuple[Change, str, bool]] = [
    (value, "train/cost at step 2", True),
    (swapped, " at step 0", True),
    (weight, "", False),
    (marked, " at step 1", False),
    (history_cut, "only in ours", True),
]


@pytest.mark.parametrize(("change", "named"), PLAIN)
def test_a_change_is_named_by_the_list_of_digests(
    exported: Exported, change: Change, named: str
) -> None:
    members = Members(exported.content)
    change(members)
    assert_named(members.put_together(sums=False), named)


@pytest.mark.parametrize(("change", "named"), SUMMED)
def test_a_change_is_named_though_the_list_of_digests_agrees(
    exported: Exported, change: Change, named: str
) -> None:
    members = Members(exported.content)
    gone = members.runs[1]["id"][:8]
    change(members)
    assert_named(members.put_together(), named.format(gone))


@pytest.mark.parametrize(("change", "named"), SEALED)
def test_a_change_is_named_though_the_records_agree_with_their_digests(
    exported: Exported, change: Change, named: str
) -> None:
    members = Members(exported.content)
    change(members)
    members.seal()
    assert_named(members.put_together(), named)


@pytest.mark.parametrize(("change", "named", "weights"), TRAINED)
def test_a_change_that_agrees_with_all_digests_is_found_by_training(
    exported: Exported, change: Change, named: str, weights: bool
) -> None:
    members = Members(exported.content)
    changed = members.runs[0]["id"]
    change(members)
    members.seal()
    results = opened(members.put_together())
    assert not list(problems(results))
    claims = claims_of(results, results.manifest.runs[:1], None)
    (verdict,) = reproduce(results, claims, None, new_console())
    assert verdict.run_id == changed
    assert not verdict.verified
    first = str(verdict.differences[0]) if verdict.differences else ""
    assert named in first
    assert bool(first) == bool(named)
    assert verdict.weights_agree is weights


def test_a_run_that_is_said_to_have_failed_is_named_as_not_there(exported: Exported) -> None:
    members = Members(exported.content)
    seed_unfinished(members)
    results = opened(members.put_together())
    assert not list(problems(results))
    (line,) = absent(results.manifest)
    assert re.search(r"seed1 .*: not in the file \(failed\)", line)


def test_a_file_of_before_there_was_a_config_key_is_as_whole_as_it_was(exported: Exported) -> None:
    members = Members(exported.content)
    key = b"  scale: train\n"
    for k, run in enumerate(members.runs):
        members.edit(k, "config.yaml", lambda body: body.replace(key, b""))
        del run["params"]["dropout.scale"]
        text = members.files[members.path(k, "config.yaml")].decode()
        config, written = from_yaml(text), read_plain(text)
        data, source = run["tags"]["nnexp.data"], run["tags"]["nnexp.source"]
        mark = fingerprint_of(config, data, source, {}, written)
        assert mark != fingerprint_of(config, data, source, {})
        for asked in members.sweep["asked"]:
            asked["fingerprint"] = mark if asked["run"] == run["id"] else asked["fingerprint"]
        run["tags"]["nnexp.fingerprint"] = mark
    marks = [asked["fingerprint"] for asked in members.sweep["asked"]]
    members.sweep["key"] = sweep_key(members.sweep["experiment"], marks)
    members.seal()
    results = opened(members.put_together())
    assert not list(problems(results))
    (verdict,) = reproduce(
        results, claims_of(results, results.manifest.runs[:1], None), None, new_console()
    )
    assert verdict.verified


def test_the_manifest_is_taken_in_one_form_only(exported: Exported) -> None:
    members = Members(exported.content)
    spaced = members.files[MANIFEST].replace(b'": "', b'":  "', 1)
    with pytest.raises(UserError, match="not written as an export writes it"):
        read_manifest(spaced, "results.nnexp")


def assert_named(content: bytes, named: str) -> None:
    found = list(problems(opened(content)))
    assert any(named in line for line in found), found
