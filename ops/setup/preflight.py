"""What a machine must have before anything is set up: each check says what to do next where it fails."""

import errno
import platform
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

GIB = 1024**3
MEMORY_NEEDED = 1 * GIB
DISK_FOR_DATA = 1 * GIB
DISK_FOR_ENVIRONMENT = 3 * GIB


@dataclass(frozen=True)
class Problem:
    what: str
    remedy: str


def processor(machine: str, cpuinfo: str) -> Problem | None:
    """The imaging library is compiled for x86-64 with AVX2 (any such processor since 2015)."""
    if machine not in ("x86_64", "AMD64"):
        return Problem(f"this is a {machine} machine", "Darkroom's imaging library needs an x86-64 one with AVX2.")
    flags = next((line for line in cpuinfo.splitlines() if line.startswith("flags")), "")
    if "avx2" not in flags.split():
        remedy = "Use a newer machine; in a virtual one pass the host's processor through (cpu: host)."
        return Problem("this processor has no AVX2", remedy)
    return None


def memory(meminfo: str, needed: int = MEMORY_NEEDED) -> Problem | None:
    pairs = (line.split(":", 1) for line in meminfo.splitlines() if ":" in line)
    available = next((int(value.split()[0]) * 1024 for key, value in pairs if key == "MemAvailable"), needed)
    if available >= needed:
        return None
    what = f"{available // 1024**2} MiB of memory are available, {needed // 1024**2} MiB are needed"
    return Problem(what, "End other programs, or give the machine more memory.")


def disk(folder: Path, needed: int, what_for: str, remedy: str) -> Problem | None:
    """Free space where `folder` is, or will be."""
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return None
    what = f"{folder} has {free / GIB:.1f} GiB free, {what_for} needs {needed / GIB:.1f} GiB"
    return Problem(what, remedy)


def port(address: str, number: int, option: str = "--port") -> Problem | None:
    """Whether this process could listen on `address`:`number` now; `option` is what another port is chosen with."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    with listener:
        # As the servers do: a connection that is still in TIME_WAIT is no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, number))
            listener.listen(1)
        except OSError as error:
            return _port_problem(number, error, option)
    return None


def _port_problem(number: int, error: OSError, option: str) -> Problem:
    if error.errno == errno.EACCES:
        return Problem(f"port {number} may only be opened by root", f"Start as root, or choose one with {option} 8080.")
    if error.errno == errno.EADDRINUSE:
        remedy = f"Choose another one with {option}, or end what uses it (ss -ltnp 'sport = :{number}' names it)."
        return Problem(f"port {number} is in use", remedy)
    return Problem(f"can't listen on port {number}: {error.strerror}", f"Choose another one with {option}.")


def machine(data: Path) -> list[Problem]:
    """What is wrong with this machine for running an appliance whose data lie in `data`."""
    found = [
        processor(platform.machine(), _read("/proc/cpuinfo")),
        memory(_read("/proc/meminfo")),
        writable(data, "Choose another folder with --data, or change its owner."),
        disk(data, DISK_FOR_DATA, "the data folder", "Make room there, or choose another folder with --data."),
    ]
    return [problem for problem in found if problem]


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def writable(folder: Path, remedy: str) -> Problem | None:
    """Whether files can be made in `folder`, or it can itself be made."""
    path = folder
    while not path.exists():
        path = path.parent
    try:
        with tempfile.TemporaryFile(dir=path):
            return None
    except OSError as error:
        return Problem(f"{path} can't be written: {error.strerror}", remedy)
