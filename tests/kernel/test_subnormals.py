"""A process in which subnormal numbers count as 0 trains nothing."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import numba
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
import numpy as np

@intrinsic
def load(context, status):
    def emit(context, builder, signature, args):
        place = builder.alloca(ir.IntType(32))
        builder.store(args[0], place)
        pointer = builder.bitcast(place, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
        function = builder.module.declare_intrinsic("llvm.x86.sse.ldmxcsr", (), kind)
        builder.call(function, [pointer])
        return context.get_dummy_value()
    return types.void(types.uint32), emit

@numba.njit
def flush_subnormals():
    load(numba.uint32(0x9FC0))

from tests.golden import CONFIGS, SHORT, dataset_of
from tests.small import configured, run
run(configured({**SHORT}), dataset_of("main"))
print("trained")
flush_subnormals()
run(configured({**SHORT}), dataset_of("main"))
print("trained again")
"""


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="sets x86's MXCSR")
def test_process_that_flushes_subnormals_to_zero_is_refused_in_one_line() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n")[:-1] == ["trained"]
    assert "takes subnormal numbers for 0" in done.stderr.splitlines()[-1]
