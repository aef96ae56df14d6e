"""How much memory this process may take (`ulimit -v`)."""

from __future__ import annotations

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]


def address_space() -> int | None:
    """The most bytes of address space that this process may take; None if there is no limit."""
    if resource is None:
        return None
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if most == resource.RLIM_INFINITY else most
