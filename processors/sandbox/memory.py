"""How much memory a process holds, with all that it started."""

import os
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int) -> int:
    """Resident bytes of process `pid` and all below it (proc(5), statm), pages of shared files among them.

    0 when it has ended. Behind the filter there is next to nothing that this would not count: no memory files can be
    made and nothing shared is mapped. What was lent (`sandbox.LENT_BYTES`) and a tool's two outputs come on top.
    """
    return sum(_resident(one) for one in tree(pid))


def tree(pid: int) -> list[int]:
    """`pid` and all processes below it, each after the one that started it; by its first thread, see proc(5)."""
    found = [pid]
    for one in found:
        try:
            found += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0
