"""What runs and listens under a supervisor, read from the kernel."""

import re
import time
from contextlib import suppress
from pathlib import Path

import psutil


def tree(supervisor: int) -> list[psutil.Process]:
    """The supervisor and everything below it, without what has ended and only waits to be noticed."""
    top = psutil.Process(supervisor)
    return [one for one in (top, *top.children(recursive=True)) if alive(one)]


def alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def lines(processes: list[psutil.Process]) -> list[str]:
    """The command line of each, without those that have ended since they were found."""
    return [line for one in processes if (line := _line(one))]


def owners(processes: list[psutil.Process]) -> set[int]:
    """The users that they run as, without those that have ended since they were found."""
    found = set()
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            found.add(one.uids().real)
    return found


def _line(process: psutil.Process) -> str:
    """Empty for one that has ended, also where that is still to be noticed."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # a zombie, too
        return ""


def serving(data: Path) -> list[psutil.Process]:
    """Every living process whose command line names the data folder."""
    word = re.compile(re.escape(str(data)) + r"(?![\w.-])")
    found = []
    for one in psutil.process_iter():
        try:
            if word.search(" ".join(one.cmdline())) and alive(one):
                found.append(one)
        except psutil.Error:
            continue
    return found


def wait_gone(data: Path, seconds: float = 60) -> None:
    """Waits until nothing serves the data folder any more. Fails with what is left."""
    limit = time.monotonic() + seconds
    while left := serving(data):
        assert time.monotonic() < limit, [one.cmdline() for one in left]
        time.sleep(0.1)


def sockets(processes: list[psutil.Process]) -> set[tuple[str, str, int]]:
    """(protocol, address, port) of every socket that others can send to: TCP that listens, UDP that is bound."""
    inodes = {inode for one in processes for inode in _inodes(one)}
    found = set()
    for protocol in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{protocol}").read_text().splitlines()[1:]:
            fields = line.split()
            listens = fields[3] == "0A" if protocol.startswith("tcp") else fields[2].endswith(":0000")
            if fields[9] in inodes and listens:
                address, _, port = fields[1].partition(":")
                found.add((protocol, _readable(address), int(port, 16)))
    return found


def _inodes(process: psutil.Process) -> list[str]:
    links = []
    # A backend of Postgres may have ended since it was found, or end while it is read.
    with suppress(FileNotFoundError, ProcessLookupError):
        for handle in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                links.append(str(handle.readlink()))
    return [link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")]


def _readable(address: str) -> str:
    """An address of /proc/net, whose words are in the machine's byte order."""
    loopback = {"0100007F": "127.0.0.1", "00000000000000000000000001000000": "::1"}
    everywhere = {"00000000": "0.0.0.0", "0" * 32: "::"}
    return (loopback | everywhere).get(address, address)
