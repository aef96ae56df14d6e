"""The digest on the README's first screen is that of the run that it shows."""

from __future__ import annotations

import re
from pathlib import Path

from nnexp.config.schema import Config, DataConfig, RegConfig
from nnexp.data.dataset import load_dataset
from nnexp.record.weights import weights_sha256
from tests.small import run

README = Path(__file__).resolve().parents[2] / "README.md"


def test_main_job_gives_the_digest_of_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    [shown] = re.findall(r"^weights +sha256 ([0-9a-f]{16})…", text, re.MULTILINE)
    config = Config(reg=RegConfig(name="l2", lmbda=5.0))
    ended = run(config, load_dataset(DataConfig()))
    assert weights_sha256(ended.parameters).startswith(shown)
    assert text.count(shown) == 2
    assert f"accuracy                {ended.reports[-1].metrics['train/accuracy']:.2%}" in text
