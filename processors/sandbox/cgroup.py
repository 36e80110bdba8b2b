"""A control group of one's own: the kernel's limit on the memory of a process and all that it starts.

It takes a place below or beside the group that this process is in where groups may be made: systemd gives one to a
unit with `Delegate=memory` and `DelegateSubgroup=`; root has one. Both versions are known, see cgroups(7). Only
version 1 could be tried where this was written; version 2 follows the kernel's description (admin-guide/cgroup-v2) and,
like every layer, counts only where the probe sees it hold.
"""

import contextlib
import os
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

REMOVE_SECONDS = 0.5
NAME = re.compile(r"darkroom-(\d+)-[0-9a-f]+")  # the process that made it
_left: set[Path] = set()


@dataclass(frozen=True)
class Layout:
    """What the files are called in a version of the interface."""

    limit: str
    limit_with_swap: str
    swap_value: str
    events: str


V1 = Layout("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "", "memory.oom_control")
V2 = Layout("memory.max", "memory.swap.max", "0", "memory.events")


class MemoryGroup:
    """A group whose processes may hold `max_bytes` together; above, the kernel kills one. Raises OSError."""

    def __init__(self, max_bytes: int) -> None:
        self._path, self._layout = _made(f"darkroom-{os.getpid()}-{secrets.token_hex(4)}")
        try:
            (self._path / self._layout.limit).write_text(str(max_bytes))
            with contextlib.suppress(OSError):  # without accounting of swap there is no such file
                (self._path / self._layout.limit_with_swap).write_text(self._layout.swap_value or str(max_bytes))
        except BaseException:
            self.remove()
            raise

    def door(self) -> int:
        """A descriptor, to be closed by the caller: who writes `0` to it goes into the group."""
        return os.open(self._path / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)

    @property
    def killed(self) -> bool:
        """Whether the kernel has killed one of its processes for its memory."""
        lines = (self._path / self._layout.events).read_text().splitlines()
        return any(line.split() > ["oom_kill", "0"] for line in lines if line.startswith("oom_kill "))

    def remove(self) -> None:
        """Remove the group; its processes have to be killed before. If they take their time, the next group does it."""
        deadline = time.monotonic() + REMOVE_SECONDS
        while True:
            try:
                self._path.rmdir()
            except FileNotFoundError:
                return
            except OSError:  # the last of its processes is still on its way out
                if time.monotonic() > deadline:
                    _left.add(self._path)
                    return
                time.sleep(0.005)
            else:
                return


def _made(name: str) -> tuple[Path, Layout]:
    """A new group in the first place that allows one with a limit on memory."""
    why = OSError("no control group limits memory here")
    for parent, layout in _places():
        _tidy(parent)
        if layout is V2:
            # Refused where the place has processes of its own: then the one above may do.
            with contextlib.suppress(OSError):
                (parent / "cgroup.subtree_control").write_text("+memory")
        path = parent / name
        try:
            path.mkdir()
        except OSError as error:
            why = error
            continue
        if (path / layout.limit).exists():
            return path, layout
        path.rmdir()
    raise why


def _tidy(parent: Path) -> None:
    """Remove the groups of processes that were killed before they could, and what this one could not remove earlier.

    Only what is empty can be removed.
    """
    for path in parent.glob("darkroom-*"):
        made = NAME.fullmatch(path.name)
        if path in _left or (made and not Path(f"/proc/{made[1]}").exists()):
            with contextlib.suppress(OSError):
                path.rmdir()
                _left.discard(path)


def _places() -> list[tuple[Path, Layout]]:
    """Below, then beside the group of this process, where its hierarchy is mounted; the version with memory first."""
    found = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers in ("", "memory"):
            for mount in _mounts("cgroup" if controllers else "cgroup2", controllers):
                own = mount / group.lstrip("/")
                layout = V1 if controllers else V2
                found += [(place, layout) for place in (own, own.parent) if place.is_relative_to(mount)]
    return found


def _mounts(kind: str, controller: str) -> list[Path]:
    """Where a hierarchy is mounted: proc(5), mountinfo."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        file_system, _, options = after.split(" ", 2)
        if file_system == kind and (not controller or controller in options.split(",")):
            found.append(Path(before.split()[4]))
    return found
