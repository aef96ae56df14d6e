"""Which keys tell recorded or asked-for configs apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RECORDING = ("tracking.", "sweep.")
"""Keys of where a run is recorded and how a sweep is carried out."""

ASIDE = (*RECORDING, "monitor.", "data.root")
"""These, what is measured and where files lie: keys that change no trained weight."""


def distinct_keys(
    columns: Mapping[str, Sequence[object]],
    *,
    size: str = "size",
    aside: tuple[str, ...] = RECORDING,
) -> list[str]:
    """The keys in which flattened configs differ beside the seed, the most general first.

    `columns` holds the values of each key, one per config. Keys that begin with one of `aside` are
    left out, and keys that only say again what others say, as λ does that follows n. `size` is the
    one of `size` and `data.n_train` that is kept.
    """
    texts = {
        key: list(map(str, values))
        for key, values in columns.items()
        if key != "seed" and not key.startswith(aside)
    }
    echo = "data.n_train" if size == "size" else "size"
    candidates = sorted(
        (key for key, values in texts.items() if len(set(values)) > 1),
        key=lambda k: (k == echo, "." in k and k != size, not k.endswith(".name")),
    )
    kept: list[str] = []
    known = 1
    for key in candidates:
        finer = len(set(zip(*(texts[k] for k in (*kept, key)), strict=True)))
        if finer > known:
            kept.append(key)
            known = finer
    return kept


def columns_of(settings: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Flattened configs as one list per key."""
    keys = settings[0] if settings else ()
    return {key: [setting[key] for setting in settings] for key in keys}


def words_of(keys: Sequence[str]) -> list[str]:
    """What `compare --by` takes for these keys, in its short words where it has them."""
    words = {"dropout.hidden": "dropout", "dropout.input": "dropout"}
    return list(dict.fromkeys(words.get(key, short(key)) for key in keys))


def short(key: str) -> str:
    """A key as it is shown and typed: `reg` for `reg.name`, `size` for `data.n_train`."""
    return "size" if key == "data.n_train" else key.removesuffix(".name")
