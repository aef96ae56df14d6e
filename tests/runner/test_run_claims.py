"""Which process trains a run, across experiments and processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nnexp.runner.run_claims import claims

pytest.importorskip("fcntl")

HOLDS = (
    "import sys; from pathlib import Path; from nnexp.runner.run_claims import claims\n"
    "with claims(Path(sys.argv[1]), '1') as ours:\n"
    "    print(ours.take('a'), ours.take('b'), flush=True)\n"
    "    ours.give('b')\n"
    "    print('given', flush=True)\n"
    "    sys.stdin.read()"
)


def test_a_claim_is_of_one_run_in_one_experiment_and_ends_with_its_process(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert [other.stdout.readline() for _ in "12"] == ["True True\n", "given\n"]
        with claims(tmp_path, "2") as elsewhere:
            assert elsewhere.take("a")
        with claims(tmp_path, "1") as ours:
            assert not ours.take("a")
            assert ours.take("b")
            assert ours.take("c")
            other.kill()
            other.wait()
            assert ours.take("a")
