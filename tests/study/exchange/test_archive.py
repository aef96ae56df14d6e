"""A file that somebody made to do harm can do nothing: it is refused in one line."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnexp.errors import UserError
from nnexp.study.exchange import archive
from nnexp.study.exchange.archive import MANIFEST, SUMS, archived
from nnexp.study.exchange.history import read_history, write_history
from nnexp.study.exchange.manifest import read_manifest
from nnexp.study.exchange.results import problems
from tests.study.exchange.conftest import Exported
from tests.study.exchange.members import Members, opened

RUN = f"runs/{'0' * 32}"

EVIL_NAMES = (
    "../manifest.json",
    "/etc/passwd",
    "runs/../../x",
    f"{RUN}/../../../x",
    f"{RUN}/model.pkl",
    f"{RUN}/weights.npz/",
    f"{RUN}\\history.csv",
    "C:manifest.json",
    f"{RUN}/history.csv\0.png",
    "",
    "runs/",
)


def zipped(*entries: tuple[zipfile.ZipInfo | str, bytes], **kinds: Any) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **kinds) as file:
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


@contextmanager
def refused(said: str) -> Iterator[None]:
    with pytest.raises(UserError, match=said) as raised:
        yield
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_names_that_no_export_writes_are_refused(name: str) -> None:
    entry = zipfile.ZipInfo("x")
    entry.filename = name
    with refused("a member .*, which no export writes"):
        opened(zipped((MANIFEST, b"{}"), (SUMS, b""), (entry, b"x")))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_that_are_no_plain_files_are_refused() -> None:
    link = zipfile.ZipInfo(f"{RUN}/history.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with refused("is a link"):
        opened(zipped((MANIFEST, b"{}"), (SUMS, b""), (link, b"/etc/passwd")))
    with refused("manifest.json twice"):
        opened(zipped((MANIFEST, b"{}"), (MANIFEST, b"{}"), (SUMS, b"")))
    with refused("another way than deflate"):
        opened(zipped((MANIFEST, b"{}"), (SUMS, b""), compression=zipfile.ZIP_BZIP2))
    with refused("holds no SHA256SUMS"):
        opened(zipped((MANIFEST, b"{}")))
    with refused("allowed: a whole file"):
        opened(b"PK\3\4 and no more")


def test_what_would_fill_the_memory_is_refused_before_it_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = zipped((MANIFEST, b" " * 50_000_000), (SUMS, b""), compression=zipfile.ZIP_DEFLATED)
    assert len(many) < 100_000
    with refused("unpack to 50,000,000"):
        opened(many)
    with refused("config.yaml unpacks to 1,000,001 bytes"):
        opened(zipped((MANIFEST, b"{}"), (SUMS, b""), (f"{RUN}/config.yaml", b" " * 1_000_001)))
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    with refused("3 members, at most 2"):
        opened(zipped((MANIFEST, b"{}"), (SUMS, b""), (f"{RUN}/config.yaml", b"")))


def test_a_size_that_is_a_lie_is_found() -> None:
    content = bytearray(zipped((SUMS, b"a" * 100), (MANIFEST, b"{}")))
    # The size in the directory at the end, which is what is believed.
    at = content.index(b"PK\1\2") + 24
    content[at : at + 4] = (50).to_bytes(4, "little")
    with refused("cannot be read"):
        opened(bytes(content))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, "no JSON that an export writes"),
        ('{"a": ' * 13 + "1" + "}" * 13, "deeper than"),
        ('{"format": 1, "format": 2}', "a key twice"),
        ('{"format": NaN}', "NaN is no number of JSON"),
        ('{"version": ' + "1" * 5000 + "}", "no JSON that an export writes"),
        ('{"format": "nnexp results", "version": 2}', "version 2 of the format; allowed: 1"),
        ("{}", "manifest.json: format: Field required"),
        ("\udc00", "no JSON"),
    ],
)
def test_a_manifest_that_is_none_is_refused(text: str, said: str) -> None:
    with refused(said):
        read_manifest(text.encode("utf-8", "surrogatepass"), "x.nnexp")


def test_names_and_numbers_that_no_store_takes_are_refused(exported: Exported) -> None:
    for change, said in (
        (lambda run: run["params"].__setitem__("../x", "1"), "no name that can be recorded"),
        (lambda run: run["tags"].__setitem__("a\nb", "1"), "no name that can be recorded"),
        (lambda run: run.__setitem__("id", "../../x"), "pattern"),
        (lambda run: run.__setitem__("start_time", -1), "greater than or equal"),
        (lambda run: run.__setitem__("values", 1.5), "integer"),
        (lambda run: run.__setitem__("more", 1), "not permitted"),
        (lambda run: run.__setitem__("name", "x" * 251), "at most 250"),
    ):
        members = Members(exported.content)
        change(members.runs[0])
        with refused(said):
            opened(members.put_together())


def test_a_file_of_no_run_is_refused(exported: Exported) -> None:
    members = Members(exported.content)
    for _ in range(3):
        members.drop(0)
    with refused("manifest.json: runs: .* at least 1"):
        opened(members.put_together())


@pytest.mark.parametrize(
    "row", ["a,0,0", "../a,0,0,1.0", "a,-1,0,1.0", "a,0,0,x", "a,1e3,0,1.0", "a,0,0,1", '"a,0,0']
)
def test_histories_that_no_export_writes_are_refused(row: str) -> None:
    with pytest.raises(ValueError, match=r"row|cells|literal|convert|recorded|end of data"):
        read_history(f"metric,step,time,value\n{row}\n".encode())


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z_ ]{0,8}(/[a-z_]{1,5})?", fullmatch=True),
            st.integers(0, 2**53),
            st.integers(0, 2**53),
            st.floats(allow_nan=False),
        ),
        max_size=20,
    )
)
@settings(max_examples=30)
def test_every_value_comes_back_exactly(values: list[tuple[str, int, int, float]]) -> None:
    found = read_history(write_history(values))
    assert {(*v[:3], v[3].hex()) for v in found} == {(*v[:3], v[3].hex()) for v in values}


@given(st.data())
@settings(max_examples=60)
def test_whatever_is_damaged_is_refused_or_named(exported: Exported, data: st.DataObject) -> None:
    content = bytearray(exported.content)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["byte", "cut", "insert", "zeros"])):
            case "byte":
                content[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del content[at : at + data.draw(st.integers(1, 50))]
            case "insert":
                content[at:at] = data.draw(st.binary(min_size=1, max_size=20))
            case _:
                content[at : at + 20] = bytes(20)
    try:
        assert all(isinstance(line, str) for line in problems(opened(bytes(content))))
    except UserError as error:
        assert len(str(error).splitlines()) == 1


@given(st.data())
@settings(max_examples=60)
def test_whatever_a_manifest_says_is_refused_or_named(
    exported: Exported, data: st.DataObject
) -> None:
    members = Members(exported.content)
    place: Any = members.manifest
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(list(place) if isinstance(place, dict) else [0]))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            break
        place = place[key]
    plain = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("f" * 64)
    if isinstance(place, dict | list) and place:
        place[key] = data.draw(plain | st.lists(plain, max_size=2) | st.just({}))
    try:
        assert all(isinstance(line, str) for line in problems(opened(members.put_together())))
    except UserError as error:
        assert len(str(error).splitlines()) == 1


def test_equal_members_are_equal_bytes() -> None:
    files = {"b": b"1" * 99, "a": b"2"}
    written = archived(files)
    assert archived(dict(reversed(files.items()))) == written
    with zipfile.ZipFile(io.BytesIO(written)) as found:
        assert found.namelist() == ["a", "b"]
