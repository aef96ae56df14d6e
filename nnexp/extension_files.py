"""Files with a user's own parts: loaded once, sent to worker processes, asked for by `verify`.

Nothing here runs what a record, or somebody's file of results, holds: a file is loaded because its
user has named it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import reload
from importlib.metadata import entry_points
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from types import ModuleType

from nnexp.config import extensions
from nnexp.config.arguments import printable
from nnexp.errors import UserError
from nnexp.source import digest_of

GROUP = "nnexp.parts"
"""Entry points of installed packages: `--load NAME` loads the module that one names."""

_NAME = re.compile(r"\w{1,60}\.py", re.ASCII)

_loaded: list[extensions.Source] = []


class NotLoaded(UserError):
    """A recorded run needs a file that is not loaded."""


def load_parts(path: str | PathLike[str]) -> None:
    """Load a file that registers a cost, an activation … of your own (`nnexp.register`).

    A file that was loaded before and has changed since takes the place of what it was.

    Args:
        path: a Python file, or the name of an entry point of the group `nnexp.parts`.

    Raises:
        UserError: one line that says what is wrong with it.
    """
    given = fspath(path)
    try:
        file = _file_of(given)
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"--load {printable(given)}: cannot be read ({reason}); allowed: a Python file, or the "
            f"name of an entry point of the group {GROUP}"
        ) from error
    if not _NAME.fullmatch(file.name):
        raise UserError(
            f"--load {printable(given)}: allowed: a file name of letters, digits and _ that ends "
            "in .py, as it is recorded under it"
        )
    load(extensions.Source(given, file.name, digest_of(content), content))


def load(source: extensions.Source, *, checked: bool = True) -> None:
    """Load a file's content, unless it is loaded already.

    In a worker process it need not be `checked` once more.
    """
    before = [known for known in _loaded if known.name == source.name]
    if before and before[0].sha256 == source.sha256:
        return
    if before and os.path.abspath(before[0].path) != os.path.abspath(source.path):
        raise UserError(
            f"--load {printable(source.path)}: a file of this name is loaded from "
            f"{printable(before[0].path)}; allowed: another name"
        )
    forget(before)
    _loaded.append(source)
    try:
        _execute(source, checked=checked)
        if not any(part.source == source for part in extensions.PARTS.values()):
            raise UserError(
                f"--load {printable(source.path)}: registers nothing; allowed: a file that uses "
                "nnexp.register"
            )
    except BaseException:
        forget([source])
        raise
    _tell_kernel()


def loaded() -> tuple[extensions.Source, ...]:
    """The files that are loaded, in their order."""
    return tuple(_loaded)


def options() -> list[str]:
    """The options at the end of a command line that load them again."""
    return [word for source in _loaded for word in ("--load", source.path)]


def forget(sources: Iterable[extensions.Source]) -> None:
    """Take back what files have registered."""
    from nnexp import register

    for source in list(sources):
        register.forget(source)
        _loaded.remove(source)
        sys.modules.pop(_module_name(source), None)
    _tell_kernel()


def split_off(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files that `--load` names anywhere on a command line, and the rest of it.

    Raises:
        UserError: `--load` without a file.
    """
    files, rest, words = list[str](), list[str](), iter(arguments)
    for word in words:
        if word != "--load" and not word.startswith("--load="):
            rest.append(word)
            continue
        files.append(word.partition("=")[2] if "=" in word else next(words, ""))
        if not files[-1]:
            raise UserError("--load: has no value; allowed: --load FILE")
    return files, rest


@contextmanager
def with_parts(files: Sequence[str]) -> Iterator[None]:
    """Load files while the context lasts."""
    before = loaded()
    try:
        for file in files:
            load_parts(file)
        yield
    finally:
        forget(source for source in loaded() if source not in before)


def check_loaded(run_id: str, tags: Mapping[str, str]) -> None:
    """Refuse a recorded run whose parts are not loaded as they were.

    Raises:
        NotLoaded: one line that names the file to load.
    """
    ours = {source.name: source.sha256 for source in _loaded}
    for name, digest in recorded(tags).items():
        if ours.get(name) == digest:
            continue
        text, where = printable(name), f"it is recorded as parts/{printable(name)}"
        if name in ours:
            raise NotLoaded(
                f"run {run_id}: was trained with another {text} (SHA-256 {digest[:12]}) than is "
                f"loaded ({ours[name][:12]}); allowed: --load with the one of then; {where}"
            )
        raise NotLoaded(
            f"run {run_id}: was trained with {text} (SHA-256 {digest[:12]}), which is not loaded; "
            f"allowed: --load {text}, after reading it; {where}"
        )


def recorded(tags: Mapping[str, str]) -> dict[str, str]:
    """SHA-256 of the files that a recorded run was trained with, by name."""
    try:
        found = json.loads(tags.get("nnexp.parts") or "{}")
    except ValueError:
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _file_of(given: str) -> Path:
    if not os.path.exists(given):
        for entry in entry_points(group=GROUP, name=given):
            if (spec := find_spec(entry.module)) is not None and spec.origin:
                return Path(spec.origin)
    return Path(given)


def _module_name(source: extensions.Source) -> str:
    return f"{extensions.MODULE}{source.name.removesuffix('.py')}"


def _execute(source: extensions.Source, *, checked: bool) -> None:
    from nnexp import register

    path, before = os.path.abspath(source.path), set(sys.modules)
    module = ModuleType(_module_name(source))
    module.__file__ = path
    # numba looks for it by this name when it takes the kernel out of its cache.
    sys.modules[module.__name__] = module
    try:
        code = compile(source.content, path, "exec")
        with register.loading(source, checked=checked):
            exec(code, module.__dict__)
    except SyntaxError as error:
        said = f"line {error.lineno}: {error.msg}"
    except UserError as error:
        said = str(error)
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}"
        trace, line = error.__traceback__, 0
        while trace is not None:
            line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == path else line
            trace = trace.tb_next
        said = f"line {line}: {said}" if line else said
    else:
        beside = _from(os.path.dirname(path), set(sys.modules) - before)
        if not beside:
            return
        said = (
            f"imports {', '.join(beside)} from beside it, which would be recorded nowhere; "
            "allowed: a file that stands alone, beside installed packages"
        )
    raise UserError(f"--load {printable(source.path)}: {printable(said)}")


def _from(folder: str, names: Iterable[str]) -> list[str]:
    """Which modules are from a folder, and of no installed package."""
    files = {name: getattr(sys.modules[name], "__file__", None) or "" for name in names}
    return sorted(
        name
        for name, file in files.items()
        if file.startswith(folder + os.sep)
        and "site-packages" not in file
        and not name.startswith(("nnexp.", extensions.MODULE))
    )


def _tell_kernel() -> None:
    """Let the kernel be compiled with what is registered now, and data sets be read anew."""
    from nnexp import register
    from nnexp.data import dataset
    from nnexp.kernel.own import Functions, set_functions
    from nnexp.nn import activations, costs, regularizers

    dataset.forget()
    codes = {
        "model.activation": list(activations.ACTIVATIONS),
        "cost.name": list(costs.COSTS),
        # Counted from 1: 0 is none.
        "reg.name": ["", *regularizers.OWN],
    }
    pairs = {
        of: {names.index(n): pair for (k, n), pair in register.COMPILED.items() if k == of}
        for of, names in codes.items()
    }
    said = [
        [key, codes[key].index(name), extensions.PARTS[key, name].source.sha256]
        for key, name in register.COMPILED
    ]
    sha256 = hashlib.sha256(json.dumps(said).encode()).hexdigest() if said else ""
    chosen = Functions(pairs["model.activation"], pairs["cost.name"], pairs["reg.name"], sha256)
    engine = sys.modules.get("nnexp.train.compiled")
    if set_functions(chosen) and engine is not None:
        reload(engine)
