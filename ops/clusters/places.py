"""Where the things of an appliance are on a host of several: the same on each of them."""

from pathlib import Path

CODE = Path("/opt/darkroom/code")
VENV = Path("/opt/darkroom/venv")
SERVERS = Path("/opt/darkroom/servers")
"""Builds of the storage server, each in a folder of its own."""
SETTINGS = Path("/etc/darkroom")
"""One file of variables for each part, certificates, and what all nodes of storage have to agree on."""
DATA = Path("/var/lib/darkroom/data")
DRIVES = Path("/srv/darkroom/drives")
UNITS = Path("/etc/systemd/system")
MANIFEST = SETTINGS / "manifest.json"
INVENTORY = SETTINGS / "inventory.toml"
TLS = SETTINGS / "tls"
NODE = SETTINGS / "storage"
"""Certificates of a storage node, named as the server expects them."""
POOLS = NODE / "pools.json"
LIBRARY = SETTINGS / "library"
"""Workflows of libraries, where the host has some."""


def drive(number: int) -> Path:
    """Where the host's drive with this number, from 1 on, is mounted."""
    return DRIVES / str(number)


def internal(host: str) -> str:
    """The name in a host's certificate. It is in no DNS: hosts call each other by address."""
    return f"{host}.hosts.darkroom.internal"
