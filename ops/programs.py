"""How the programs of the parts are called: each as the beginning of a command line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops import locate
from ops.folder import DataFolder

Call = Callable[[], list[str]]
"""Asked only where the part runs: what is elsewhere need not be installed here."""


@dataclass(frozen=True)
class Programs:
    python: Call
    caddy: Call
    valkey: Call
    postgres: Call
    storage: Call


def here(folder: DataFolder, server: Path) -> Programs:
    """The binaries themselves, in the environment that this process runs in. Raises locate.NotFound when called."""
    return Programs(
        python=lambda: [str(locate.python())],
        caddy=lambda: [str(locate.caddy())],
        valkey=lambda: [str(locate.valkey())],
        postgres=lambda: [str(locate.postgres(folder) / "postgres")],
        storage=lambda: [str(server)],
    )


def installed(python: Path) -> Programs:
    """For a machine that this process may not be on: its own Python finds the program, and becomes it."""

    def becoming(name: str) -> Call:
        return lambda: [str(python), "-P", "-m", "ops.program", name]

    names: Sequence[str] = ("caddy", "valkey", "postgres", "storage")
    return Programs(lambda: [str(python)], *(becoming(name) for name in names))
