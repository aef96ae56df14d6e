"""The numeric source: what its digest is, and whether it is still what this process imported.

A digest is of the syntax trees, so that comments, docstrings and formatting are of no account. It
is the same with every version of Python that can read the source.

The files are read when the package is first imported, before any module of theirs can be. If they
are the same after their modules were imported, what runs is what was digested.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnexp.errors import NnexpError

if TYPE_CHECKING:
    import ast

NUMERIC_PACKAGES = ("nn", "kernel", "data", "train")

PACKAGE = Path(__file__).resolve().parent

_UNSAID = ("kind", "type_comment", "ctx")
"""Fields of a syntax tree that change nothing (`ctx` follows from the place)."""


class SourceChanged(NnexpError):
    """The numeric source is no longer the one that a fingerprint was made of."""


def source_sha256() -> str:
    """SHA-256 of the numeric source that this process imports."""
    return sha256_of(file_digests())


def file_digests() -> dict[str, str]:
    """SHA-256 of each numeric file that this process imports, by its path in the package."""
    return {name: digest_of(content) for name, content in begun().items()}


def sha256_of(files: Mapping[str, str]) -> str:
    """One SHA-256 of the digests of files, by name."""
    lines = "".join(f"{name} {files[name]}\n" for name in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def sha256_of_package(package: Path) -> str:
    """SHA-256 of the numeric source of the package `nnexp` in any folder."""
    return sha256_of({name: digest_of(content) for name, content in _read(package).items()})


@lru_cache(maxsize=1)
def begun() -> Mapping[str, bytes]:
    """The numeric files as they were when this was first asked for: as `nnexp` was imported."""
    return _read(PACKAGE)


def confirm(expected: Mapping[str, str], engine: str, *, since: str) -> None:
    """Import all modules that train with an engine, and make sure that they are as expected.

    `expected` are the `file_digests` that a fingerprint was made of, `since` says in words when
    that was.

    Raises:
        SourceChanged: they are not, so that the fingerprint would not be that of the run.
    """
    _import_numeric(compiled=engine == "compiled")
    now = {name: digest_of(content) for name, content in _read(PACKAGE).items()}
    changed = _differing(expected, file_digests()) or _differing(expected, now)
    if changed:
        raise SourceChanged(
            f"the source of {', '.join(NUMERIC_PACKAGES)} changed {since}: {', '.join(changed)}"
        )


def _import_numeric(*, compiled: bool) -> None:
    """Import all numeric modules; without `compiled`, those that need no compiler."""
    for name in begun():
        path = name.removesuffix(".py").removesuffix("/__init__")
        try:
            import_module(f"nnexp.{path.replace('/', '.')}")
        except Exception:  # A compiler refuses a Python or a NumPy in more ways than one.
            if compiled:
                raise


def _differing(files: Mapping[str, str], others: Mapping[str, str]) -> list[str]:
    """Names of the files that two sets of digests do not agree in."""
    return sorted(name for name in {*files, *others} if files.get(name) != others.get(name))


def _read(package: Path) -> dict[str, bytes]:
    return {
        path.relative_to(package).as_posix(): path.read_bytes()
        for name in NUMERIC_PACKAGES
        for path in sorted((package / name).rglob("*.py"))
    }


@lru_cache(maxsize=512)
def digest_of(content: bytes) -> str:
    """SHA-256 of a file's syntax tree without docstrings.

    Of its bytes, if it is not (yet) the source of anything.
    """
    import ast

    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return hashlib.sha256(b"unreadable\0" + content).hexdigest()
    return hashlib.sha256("".join(_written(tree)).encode()).hexdigest()


def _written(node: ast.AST) -> Iterator[str]:
    """A syntax tree as text, in a form of its own: `ast.dump` differs between Pythons.

    Fields that are empty are left out, as are statements that are only a text: docstrings and what
    is said below a constant.
    """
    import ast

    yield f"{type(node).__name__}("
    if isinstance(node, ast.Constant):
        yield f"{type(node.value).__name__} {node.value!a}"
    else:
        for name in node._fields:
            value = getattr(node, name, None)
            if name in _UNSAID or value is None or value == []:
                continue
            if isinstance(node, ast.JoinedStr):
                # Some Pythons have empty texts between the parts of an f-string, some have not.
                value = [p for p in value if not (isinstance(p, ast.Constant) and p.value == "")]
            yield f"{name}="
            yield from _values(value)
    yield ")"


def _values(value: Any) -> Iterator[str]:
    import ast

    if isinstance(value, ast.AST):
        yield from _written(value)
    elif isinstance(value, list):
        yield "["
        for part in value:
            if not _is_only_said(part):
                yield from _values(part)
                yield ","
        yield "]"
    else:
        yield ascii(value)


def _is_only_said(statement: Any) -> bool:
    import ast

    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
