"""A part as a systemd unit. Pure. Every line that is not plain says why it is there."""

import re
from collections.abc import Sequence
from pathlib import Path

from ops.clusters import places
from ops.disks import mounting
from ops.folder import RESTORING
from ops.inventory import BACKFILL, STORES, Part

TARGET = "darkroom.target"

TARGET_TEXT = """\
# All parts of Darkroom on this host: `systemctl stop darkroom.target` ends them, `start` brings them back.
[Unit]
Description=Darkroom on this host
Wants={wanted}

[Install]
WantedBy=multi-user.target
"""

HEAD = """\
# {name}: written by ./ops/cluster render for the host {host}. Change the inventory and render again.
[Unit]
Description=Darkroom: {part}
# Ended with all others by the target.
PartOf=darkroom.target
Wants=network-online.target
# The order of starting alone. A part waits for what it needs by itself, so none is started anew because another was.
After=network-online.target{after}
# However often it dies, it is started again.
StartLimitIntervalSec=0
"""

NOT_WHILE_RESTORING = """\
# From half of a backup nothing is started, and without the wires of this host no other one gets at it.
ConditionPathExists=!{marker}
"""

SERVICE = """
[Service]
Type={kind}
User=darkroom
Group=darkroom
# Secrets are in there, never on the command line. Read by systemd as root; mode 0600.
EnvironmentFile={settings}/{part}.env
ExecStart={command}
# SIGTERM would be the default: Postgres ends at once by SIGINT, without waiting for its clients.
KillSignal={signal}
# The signal is for the first process, which ends the others in its own order; what is left by then is killed.
KillMode=mixed
TimeoutStopSec={grace:.0f}
{restart}
# What it writes is for its own account alone.
UMask=0077
LimitNOFILE=65536
"""

RESTART = """\
Restart=always
RestartSec=1"""

ONCE = """\
# It does its work and ends; what comes after it needs no process of it.
RemainAfterExit=yes
# Until the database or storage is there, on whichever host.
Restart=on-failure
RestartSec=2"""

WALLS = """\
# Walls. It reads the system and writes into its own folders alone.
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={writes}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
SystemCallArchitectures=native
# Netlink tells which addresses the host has; nothing else than IP and sockets of the machine is spoken.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
{capabilities}
"""

NO_CAPABILITIES = "CapabilityBoundingSet="
LOW_PORTS = """\
# A port below 1024 needs this one right, and no other.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE"""

LIBRARY = """\
# Nobody waits for it: it gets of processor and disk what others leave, which is all of it where they leave everything.
Nice=19
CPUWeight=10
IOSchedulingClass=idle
"""

FOLDERS = """\
# The folders of videos it may write to besides. With a - each: one that is missing is told of, and the others go on.
ReadWritePaths={folders}
"""

DECODERS = """\
# No RestrictNamespaces= and no SystemCallFilter= here: the sandbox in which files are decoded makes namespaces and a
# filter of its own, narrower than any that the worker itself could live with.
"""

OTHERS = """\
RestrictNamespaces=yes
# What a service needs, and what closes a sandbox behind itself; all else is refused, and seen in its log.
SystemCallFilter=@system-service seccomp landlock_create_ruleset landlock_restrict_self
SystemCallErrorNumber=EPERM
"""

INSTALL = """
[Install]
WantedBy=darkroom.target
"""


def name(part: Part) -> str:
    return f"darkroom-{part.name}.service"


def service(part: Part, host: str, drives: Sequence[Path], libraries: Sequence[str]) -> str:
    """The unit of `part` on `host`; `drives` are where those of a storage node are mounted, `libraries` folders
    that a worker of libraries writes to.
    """
    after = "".join(f" darkroom-{other}.service" for other in part.after)
    head = HEAD.format(name=name(part), host=host, part=part.name, after=after)
    if part.name not in STORES:
        head += NOT_WHILE_RESTORING.format(marker=places.DATA / RESTORING)
    if part.name == "storage":
        head += "# The node starts once its drives are mounted; without one of them it goes on with the others.\n"
        head += mounting.wanted([str(drive) for drive in drives])
    if part.name.startswith(BACKFILL) and libraries:
        head += "# Whatever is mounted for its folders comes first; without one of them it goes on with the others.\n"
        head += mounting.wanted(_with_parents(libraries))
    body = SERVICE.format(
        kind="oneshot" if part.once else "exec",
        settings=places.SETTINGS,
        part=part.name,
        command=" ".join(quoted(word) for word in part.argv),
        signal=part.stop.name,
        grace=part.grace,
        restart=ONCE if part.once else RESTART,
    )
    writes = " ".join(str(path) for path in (places.DATA, *([places.DRIVES] if part.name == "storage" else [])))
    low = part.name == "edge" and part.port is not None and part.port < 1024
    walls = WALLS.format(writes=writes, capabilities=LOW_PORTS if low else NO_CAPABILITIES)
    if part.name.startswith(BACKFILL):
        walls += LIBRARY
        # Without a folder the line would take back what it may write to by the walls.
        walls += FOLDERS.format(folders=" ".join(f"-{folder}" for folder in libraries)) if libraries else ""
    return head + body + walls + (DECODERS if part.role == "worker" else OTHERS) + INSTALL


def _with_parents(folders: Sequence[str]) -> list[str]:
    """These and all above them, each once: any of them may be what is mounted."""
    paths = {path for folder in folders for path in (Path(folder), *Path(folder).parents)}
    return sorted(str(path) for path in paths if path != Path("/"))


def target(parts: Sequence[Part]) -> str:
    return TARGET_TEXT.format(wanted=" ".join(name(part) for part in parts))


def quoted(word: str) -> str:
    """A word of ExecStart= as systemd reads it (systemd.service(5), "Command lines")."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if escaped != word or not word or " " in word or "'" in word or ";" in word else word


def settings(variables: dict[str, str]) -> str:
    """An EnvironmentFile= (systemd.exec(5)). Raises ValueError for what can't stand on one line."""
    lines = []
    for key, value in sorted(variables.items()):
        if "\n" in value or "\r" in value:
            raise ValueError(f"{key} has more than one line")
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{key}="{escaped}"\n')
    return "".join(lines)


def variables(text: str) -> dict[str, str]:
    """What `settings` has written. Raises ValueError for anything else."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if not (len(value) > 1 and value[0] == value[-1] == '"'):
            raise ValueError(f"{name} is not in double quotes")
        found[name] = re.sub(r"\\(.)", r"\1", value[1:-1])
    return found
