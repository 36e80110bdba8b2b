"""Loopback ports of the parts: chosen once, recorded in the data folder, chosen anew only when one is taken."""

import random
import socket
from collections.abc import Iterable
from pathlib import Path

from ops.folder import DataFolder

FILE = "ports.json"
# Below the ports that the kernel gives to outgoing connections: a client that tries again and again to reach a part
# which is down could otherwise be given the very port it dials, and be connected to itself.
LOWEST, HIGHEST = 20000, 31999
MOST_CLAIMS = 100  # of one process: far more than an appliance has ports, and far fewer than it may have files open
_claims: dict[int, socket.socket] = {}


def recorded(folder: DataFolder, names: Iterable[str]) -> dict[str, int]:
    """The ports that an earlier start recorded. Raises KeyError if there was none."""
    known = folder.read(FILE)
    return {name: int(known[name]) for name in names}


def assign(folder: DataFolder, names: Iterable[str]) -> dict[str, int]:
    """A free port for each name: the recorded one if it is still free, else a new one, which is then recorded."""
    known = {name: port for name, port in folder.read(FILE).items() if isinstance(port, int)}
    chosen: dict[str, int] = {}
    for name in names:
        port = known.get(name)
        again = port and port not in chosen.values() and free(port) and claim(port)
        chosen[name] = port if port and again else choose(chosen.values())
    if known | chosen != known:
        folder.write(FILE, known | chosen)
    return chosen


def free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def claim(port: int) -> bool:
    """Keeps everybody else who chooses by this module off `port`, for the life of this process; False: it is claimed.

    What is to listen there may take seconds to start, and some servers then share a port without a word (SO_REUSEPORT).
    The claim is a name in the kernel (unix(7), "abstract"), which goes with its owner, and is of one network namespace.
    """
    if port in _claims:
        return True
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0darkroom-port-{port}")
    except OSError:
        name.close()
        return False
    _claims[port] = name
    while len(_claims) > MOST_CLAIMS:
        _claims.pop(next(iter(_claims))).close()
    return True


def choose(taken: Iterable[int] = ()) -> int:
    """A port that is free now, and none of `taken`."""
    highest = min(HIGHEST, _first_outgoing() - 1)
    for _ in range(1000):
        port = random.randint(LOWEST, highest)
        if port not in taken and port not in _claims and free(port) and claim(port):
            return port
    raise RuntimeError(f"no free port between {LOWEST} and {highest}")


def _first_outgoing() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return 32768
