"""What code that took over a child would try, tried: run with one layer closed, to see that it holds by itself.

`python -m processors.sandbox.entry --layers landlock … attempts --secret FILE --folder DIR --port N --victim PID`. Ends
with status 0 when everything failed that the layer forbids; else the last line says what went through.
"""

import argparse
import ctypes
import fcntl
import mmap
import os
import socket
from collections.abc import Callable, Collection

from processors.sandbox import doors, kernel, landlock, namespaces, seccomp
from processors.sandbox.layers import NAMESPACES, Layer

# Unlike attaching, it does not stop whom it gets hold of.
PTRACE_SEIZE = 0x4206
PTRACE = {"x86_64": 101, "aarch64": 117}
OTHERS = ("signal", "have a signal sent", "trace")
HIDING = ("make a memory file", "share memory")  # where nobody counts it
GREEDY_BYTES = 256 << 20


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Close the doors of `layers` and nothing else, then try. Raises OSError when one can't be closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--secret", required=True, help="a file that everybody may read")
    parser.add_argument("--folder", required=True, help="a folder that everybody may write to")
    parser.add_argument("--port", type=int, required=True, help="where somebody listens on loopback")
    parser.add_argument("--victim", type=int, required=True, help="somebody outside, of the same user")
    given = parser.parse_args(arguments)
    attempts = _attempts(given.secret, given.folder, given.port, given.victim)
    chosen = [attempts[name] for name in _forbidden(layers)]
    _close(layers)
    went_through = [name for name, attempt in zip(_forbidden(layers), chosen, strict=True) if _succeeds(attempt)]
    if went_through:
        raise OSError(f"it does not stop: {', '.join(went_through)}")


def _close(layers: Collection[Layer]) -> None:
    if Layer.UNSHARE in layers:
        namespaces.empty()
    if Layer.UNSHARE in layers or Layer.BUBBLEWRAP in layers:
        doors.drop_root()
    if Layer.FILTER in layers or Layer.LANDLOCK in layers:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        landlock.close()
    if Layer.FILTER in layers:
        seccomp.install()


def _forbidden(layers: Collection[Layer]) -> list[str]:
    """The attempts that have to fail. Landlock closes files in all its versions, and more in later ones."""
    if Layer.CGROUP in layers:
        return ["memory"]
    files = ["read a secret", "write outside"]
    if Layer.FILTER in layers:
        return [*files, "connect", "open a socket", "execute", "fork", *OTHERS, *HIDING]
    if NAMESPACES & set(layers):
        return [*files, "connect", *OTHERS]
    if Layer.LANDLOCK in layers:
        return [*files, "execute"]
    return [*files, "connect", "open a socket", "fork", *OTHERS, *HIDING]


def _attempts(secret: str, folder: str, port: int, victim: int) -> dict[str, Callable[[], object]]:
    libc = ctypes.CDLL(None, use_errno=True)
    channel = socket.socketpair()[0]

    def trace() -> None:
        kernel.syscall(PTRACE[kernel.machine()], PTRACE_SEIZE, victim, 0, 0)

    def read() -> bytes:
        with open(secret, "rb") as file:
            return file.read()

    return {
        "read a secret": read,
        "write outside": lambda: os.close(os.open(f"{folder}/{os.getpid()}", os.O_CREAT | os.O_WRONLY)),
        "connect": lambda: _connect(port),
        "open a socket": lambda: socket.socket().close(),
        "execute": lambda: _execute(libc),
        "fork": _forks,
        "signal": lambda: os.kill(victim, 0),
        # Its owner is sent a signal when something comes, and which one could be chosen next.
        "have a signal sent": lambda: fcntl.fcntl(channel, fcntl.F_SETOWN, victim),
        "trace": trace,
        "make a memory file": lambda: os.close(os.memfd_create("hidden")),
        "share memory": lambda: mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_SHARED),
        "memory": lambda: bytearray(b"x") * GREEDY_BYTES,
    }


def _connect(port: int) -> None:
    with socket.socket() as client:
        client.settimeout(1)
        client.connect(("127.0.0.1", port))


def _execute(libc: ctypes.CDLL) -> None:
    """execve(2) with a program that would end this process with status 1: nothing that went through is missed."""
    arguments = (ctypes.c_char_p * 2)(b"/bin/false", None)
    if libc.execve(b"/bin/false", arguments, (ctypes.c_char_p * 1)(None)):
        raise OSError(ctypes.get_errno(), "execve")


def _forks() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True
