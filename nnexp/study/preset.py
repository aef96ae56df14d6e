"""What a preset's file says about itself: its question, and the key that the question is about."""

from __future__ import annotations

import re
from pathlib import Path

from omegaconf import OmegaConf

from nnexp.config.compose import config_dir, schema_keys


def preset_file(name: str) -> Path | None:
    """The file of a preset that ships with the program."""
    if not re.fullmatch(r"[\w-]+", name):
        return None
    path = config_dir() / "experiment" / f"{name}.yaml"
    return path if path.exists() else None


def question_of(name: str) -> str:
    """The question that a preset opens with, from the comments of its file."""
    path = preset_file(name)
    if path is None:
        return ""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#") or "python -m nnexp" in line:
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def asked_key(name: str) -> str | None:
    """The config key that a preset sweeps first, which is the one that it asks about."""
    path = preset_file(name)
    if path is None:
        return None
    params = OmegaConf.select(OmegaConf.load(path), "hydra.sweeper.params")
    word = next(iter(params), None) if params is not None else None
    if word is None:
        return None
    known = schema_keys()
    named = {"size": "data.n_train", "dropout": "dropout.hidden"}
    candidates = (named.get(str(word), str(word)), f"{word}.name")
    return next((key for key in candidates if key in known), None)
