"""Where a drive is mounted and how: by the UUID of its file system, on a mount point that is good for nothing else.

Pure, but for the last two functions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

OPTIONS = "noatime,nodev,nosuid,noexec,nofail"
"""See the unit for why."""
_PLAIN = re.compile(r"/[A-Za-z0-9_./:@+-]*")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OCTAL = re.compile(r"\\([0-7]{3})")

UNIT = """\
# A drive of the storage, {where}. Written by Darkroom; changes are lost when it is written again.

[Unit]
Description=Darkroom drive at {where}
# If it was pulled out and put in again, systemd may try as often as that happens.
StartLimitIntervalSec=0

[Mount]
# The UUID was given to this file system when it was made. A name as sdb belongs to another drive after the next start.
What=/dev/disk/by-uuid/{uuid}
Where={where}
Type=xfs
# noatime: reading a file writes nothing. nodev, nosuid, noexec: there are only data on it, whoever wrote them.
# nofail: the start of the machine waits for no drive; without this one the storage goes on with the others.
Options={options}
# The folder that is mounted on, if it has to be made: nobody may write into it while the drive is missing.
DirectoryMode=0555
# A drive that hangs is a drive that is missing.
TimeoutSec=60

[Install]
WantedBy=multi-user.target
"""


def mount_unit(uuid: str, where: str) -> tuple[str, str]:
    """Name and text of the systemd unit (systemd.mount(5)) that mounts the XFS with this UUID at `where`.

    Raises ValueError for what is no UUID of an XFS, or no absolute path of plain characters.
    """
    if not _UUID.fullmatch(uuid):
        raise ValueError(f"{uuid!r} is not the UUID of a file system")
    return f"{escaped(where)}.mount", UNIT.format(uuid=uuid, where=where, options=OPTIONS)


def wanted(where: Sequence[str]) -> str:
    """The lines of the storage's own unit about its drives, mounted at these paths: it waits for them at its start.

    Wanted, not required (as RequiresMountsFor= would have it): one drive that is missing is no reason to stop.
    """
    units = " ".join(f"{escaped(one)}.mount" for one in where)
    return f"Wants={units}\nAfter={units}\n"


def escaped(where: str) -> str:
    """The path as a unit is named after it (systemd.unit(5), string escaping). Raises ValueError."""
    if not _PLAIN.fullmatch(where) or str(PurePosixPath(where)) != where or ".." in where.split("/") or where == "/":
        raise ValueError(f"{where!r} can't be a mount point: name an absolute path of letters, digits and . _ - : @ +")
    safe = [c if c.isascii() and (c.isalnum() or c in ":_.") else f"\\x{ord(c):02x}" for c in where[1:]]
    if safe[0] == ".":
        safe[0] = r"\x2e"
    return "".join("-" if c == r"\x2f" else c for c in safe)


@dataclass(frozen=True)
class Mount:
    at: str
    source: str
    """A device, where the file system is on one."""
    kind: str
    root: str = "/"
    """The folder of the file system that is seen there."""


def parse(mountinfo: str) -> list[Mount]:
    """The mounts in a /proc/PID/mountinfo (proc(5)), in their order: of two at one place the later one is seen."""
    rows = [line.split(" ") for line in mountinfo.splitlines()]
    found = []
    for row in rows:
        kind, source = row[row.index("-", 6) + 1 :][:2]
        found.append(Mount(_plain(row[4]), _plain(source), kind, _plain(row[3])))
    return found


def _plain(field: str) -> str:
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)


def holding(path: str, mounts: Sequence[Mount]) -> Mount | None:
    """The mount that the absolute `path`, without links in it, is on."""
    above = [one for one in mounts if one.at == "/" or path == one.at or path.startswith(one.at + "/")]
    return max(reversed(above), key=lambda one: len(one.at), default=None)


def mounts() -> list[Mount]:
    """What is mounted now, as this process sees it."""
    return parse(Path("/proc/self/mountinfo").read_text())


def mounted_at(where: Path) -> Mount | None:
    """What is mounted at this very path now; None if nothing is."""
    path = str(where.resolve())
    found = holding(path, mounts())
    return found if found and found.at == path else None
