"""Nothing whose last bits belong to a processor, a library or a version is on the numeric path.

What is written down in docs/portability.md, as a walk through the syntax trees: no licence for the
compiler, no function of libm, no sum in an order that somebody else chooses, no draw but of raw
bits.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "nnexp"

OF_THE_MACHINE = {
    "nn/activations.py",
    "nn/costs.py",
    "nn/network.py",
    "nn/regularizers.py",
    "nn/sgd.py",
    "train/plain.py",
}
"""The book in plain NumPy, which `train.engine=numpy` trains with: it promises nothing."""

FILES = [
    path
    for folder in ("kernel", "nn", "data", "train")
    for path in sorted((PACKAGE / folder).rglob("*.py"))
    if path.relative_to(PACKAGE).as_posix() not in OF_THE_MACHINE
]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LICENCES = {"fastmath", "flags", "parallel"}
"""Keywords that let a compiler reorder or contract."""

OF_LIBM = words(
    """
    exp exp2 expm1 log log2 log10 log1p logaddexp logaddexp2 pow power float_power cbrt hypot
    sin cos tan asin acos atan atan2 arcsin arccos arctan arctan2 sinc
    sinh cosh tanh asinh acosh atanh arcsinh arccosh arctanh
    erf erfc gamma lgamma i0 linspace logspace geomspace
    """
)
"""Of `math`, `cmath` and `numpy`."""

SUMS = words(
    """
    sum mean average std var cumsum cumprod nansum nanmean sumprod dist
    dot vdot inner outer matmul tensordot einsum linalg norm fft convolve correlate interp trapezoid
    """
)
"""In an order of their own."""

FIELDS = {"average"}
"""No array has such a method: of a value it is a field of ours, of NumPy the function."""

DRAWS = {"PCG64", "SeedSequence", "RandomState", "BitGenerator"}
"""All that may be had of `numpy.random`."""

MATHEMATICS = {"numpy", "math", "cmath"}


def forbidden(source: str) -> list[str]:
    """What a module has that the numeric path must not have, with line numbers."""
    tree = ast.parse(source)
    modules = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    # Whole numbers may be added up by anyone, if it is said that they are whole.
    whole = {
        id(node.args[0].func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "int"
        and isinstance(node.args[0], ast.Call)
    }
    return [
        f"{getattr(node, 'lineno', 0)}: {what}"
        for node in ast.walk(tree)
        if id(node) not in whole
        for what in _of(node, modules)
    ]


def _of(node: ast.AST, modules: dict[str, str]) -> Iterator[str]:
    match node:
        case ast.keyword(arg=str(name)) if name in LICENCES:
            yield f"{name}="
        case ast.ImportFrom(module=str(module)):
            for alias in node.names:
                yield from _named(module, alias.name)
        case ast.Import():
            for alias in node.names:
                yield from ([alias.name] if alias.name.split(".")[0] == "scipy" else [])
        case ast.Attribute():
            yield from _named(_module(node.value, modules), node.attr)
        case ast.BinOp(op=ast.MatMult()) | ast.AugAssign(op=ast.MatMult()):
            yield "@"
        case ast.BinOp(op=ast.Pow(), left=base) if not _two(base):
            yield f"{ast.unparse(node)}: pow is libm's, but for powers of two"


def _named(module: str, name: str) -> Iterator[str]:
    """`name` of a module, or of a value if that is ''."""
    root = module.split(".")[0]
    if root == "scipy":
        yield f"{module}.{name}"
    if root in MATHEMATICS and name in OF_LIBM:
        yield f"{module}.{name}"
    if root in {"", *MATHEMATICS} and name in SUMS and (root or name not in FIELDS):
        yield f"{module}.{name}"
    if module == "numpy.random" and name not in DRAWS:
        yield f"{module}.{name}"


def _module(node: ast.expr, modules: dict[str, str]) -> str:
    """The dotted name of a module that was imported; '' of any other expression."""
    if isinstance(node, ast.Name):
        return modules.get(node.id, "")
    if isinstance(node, ast.Attribute) and (parent := _module(node.value, modules)):
        return f"{parent}.{node.attr}"
    return ""


def _two(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 2


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(PACKAGE).as_posix())
def test_file_has_nothing_that_belongs_to_a_machine(path: Path) -> None:
    assert forbidden(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "@njit(fastmath=True)\ndef f(): ...",
        "options = dict(parallel=True)",
        "builder.fadd(a, b, flags=['fast'])",
        "import numpy as np\nnp.exp(x)",
        "import numpy\nnumpy.tanh(x)",
        "import math\nmath.log(x)",
        "from math import sin",
        "from numpy import exp as e",
        "import numpy as np\ny = np.sum(x)",
        "import numpy as np\nnp.linalg.norm(x)",
        "y = x.mean()",
        "y = float(x.sum())",
        "y = a @ b",
        "y = x**0.5",
        "import numpy as np\nnp.random.default_rng(1)",
        "from numpy.random import Generator",
        "from scipy.special import expit",
        "import scipy.ndimage",
    ],
)
def test_what_is_forbidden_is_found(source: str) -> None:
    assert forbidden(source)


@pytest.mark.parametrize(
    "source",
    [
        "n = int(x.sum())",
        "import numpy as np\nnp.sqrt(x)",
        "from math import floor, sqrt\nfrom nnexp.kernel.elementary import exp\nexp(x)",
        "step = 2.0**-23",
        "import numpy as np\nbits = np.random.PCG64(1)",
    ],
)
def test_what_is_allowed_is_not(source: str) -> None:
    assert not forbidden(source)


def test_what_promises_nothing_is_there() -> None:
    """A file that is renamed would be hunted no longer, or for ever."""
    assert all((PACKAGE / name).is_file() for name in OF_THE_MACHINE)
