"""What people want of a library; its worker does it at its next look."""

from appliance.errors import NotFound
from appliance.ledger.database import fetch

_PAUSE = "UPDATE ledger.libraries SET paused = $2 WHERE name = $1 RETURNING id"
_SCAN = "UPDATE ledger.libraries SET scan_asked_at = coalesce(scan_asked_at, now()) WHERE name = $1 RETURNING id"


class NoLibrary(NotFound):
    """There is none of this name."""

    code = "no_library"
    title = "There is no such library"


async def pause(name: str, paused: bool) -> None:
    """Nothing new is begun while it is paused; what is under way comes to its end. Raises NoLibrary, Unavailable."""
    _must_be(name, await fetch(_PAUSE, name, paused))


async def scan(name: str) -> None:
    """Has it looked through now. Raises NoLibrary, Unavailable."""
    _must_be(name, await fetch(_SCAN, name))


def _must_be(name: str, rows: list[object]) -> None:
    if not rows:
        raise NoLibrary(f"There is no library {name!r}; ./ops/library status lists them")
