"""How large a core's second-level cache is, as Linux says."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

CPU = Path("/sys/devices/system/cpu/cpu0/cache")


@lru_cache(maxsize=1)
def second_level_bytes(folder: Path = CPU) -> int | None:
    """Bytes of it that one core has to itself; None where that cannot be told."""
    for cache in sorted(folder.glob("index*")):
        try:
            level, kind, size, shared = (
                (cache / name).read_text(encoding="utf-8").strip()
                for name in ("level", "type", "size", "shared_cpu_list")
            )
            if level == "2" and kind == "Unified" and size.endswith("K"):
                return int(size[:-1]) * 1024 // _count(shared)
        except (OSError, ValueError):
            continue
    return None


def _count(cpus: str) -> int:
    """How many processors a list such as `0-1,4` names."""
    ends = [part.split("-") for part in cpus.split(",")]
    return sum(int(part[-1]) - int(part[0]) + 1 for part in ends)
