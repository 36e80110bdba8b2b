"""What goes between hosts and has no TLS of its own (Postgres, Valkey, the API): stunnel, with both ends' certificates.

Each of those listens on loopback alone, on every host on the same port: where it runs it is that itself, elsewhere the
near end of a wire to it. Its far end listens on the address of the host, and takes whom the authority of the appliance
vouches for.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ops.folder import DataFolder

FOLDER, FILE = "wires", "stunnel.conf"
PROGRAM = "/usr/bin/stunnel4"  # of the package stunnel4

HEAD = """\
; What goes between hosts of this appliance. Both ends show a certificate of its own authority.
foreground = yes
syslog = no
debug = 4
pid =
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
; A host that is gone without a word is noticed: after 10 s of silence, then every 5 s, four times.
socket = l:SO_KEEPALIVE=1
socket = r:SO_KEEPALIVE=1
socket = l:TCP_KEEPIDLE=10
socket = r:TCP_KEEPIDLE=10
socket = l:TCP_KEEPINTVL=5
socket = r:TCP_KEEPINTVL=5
socket = l:TCP_KEEPCNT=4
socket = r:TCP_KEEPCNT=4
TIMEOUTconnect = 2
; Streams of events may be silent for long, and connections of pools.
TIMEOUTidle = 604800
sslVersionMin = TLSv1.3
verifyChain = yes
CAfile = {authority}
cert = {certificate}
key = {key}
"""


@dataclass(frozen=True)
class Wires:
    """The wires of one host. Ports are on 127.0.0.1, addresses are host:port."""

    authority: Path
    certificate: Path
    key: Path
    takes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """By the service's name: the address that others come to, and the port it is handed to."""
    leads: Mapping[str, tuple[int, str, str]] = field(default_factory=dict)
    """By name: the port taken here, the address it leads to, and the name in the certificate there."""


def configuration(wires: Wires) -> str:
    """The text of FILE."""
    text = [HEAD.format(authority=wires.authority, certificate=wires.certificate, key=wires.key)]
    for name, (address, port) in wires.takes.items():
        text.append(f"[{name}-in]\naccept = {address}\nconnect = 127.0.0.1:{port}\n")
    for name, (port, address, host) in wires.leads.items():
        text.append(f"[{name}-out]\nclient = yes\naccept = 127.0.0.1:{port}\nconnect = {address}\ncheckHost = {host}\n")
    return "\n".join(text)


def command(folder: DataFolder) -> list[str]:
    return [PROGRAM, str(folder.path / FOLDER / FILE)]


def environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C"}
