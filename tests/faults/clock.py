"""Processes of an appliance a second time, by another clock: libfaketime, never the machine's own."""

import os
import pwd
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.faults.parts import pid
from tests.stack import Stack

# libfaketime makes a sleep of Python's fail now and then: started again, as the supervisor does it.
AGAIN = ("/bin/sh", "-c", 'until "$@"; do sleep 0.5; done', "twin")
LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("libfaketime.so.1"))


@contextmanager
def twin(stack: Stack, part: str, clock: str, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A second process like that of `part`, whose clock is off by `clock` ("+3600", "-3600"), while the block runs."""
    first = psutil.Process(pid(stack, part))
    own = {"LD_PRELOAD": str(LIBRARY), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1"}
    with (stack.data / "logs" / f"{part}.twin.log").open("ab") as log:
        process = subprocess.Popen(
            [*AGAIN, *first.cmdline()],
            env={**first.environ(), **own, **settings},
            cwd=first.cwd(),
            stdout=log,
            stderr=log,
            start_new_session=True,
            **_user(first),
        )
    try:
        yield process
    finally:
        _end(process)


def _user(process: psutil.Process) -> dict[str, object]:
    """As the part runs: root's appliances have an account of their own."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwuid(process.uids().real)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _end(process: "subprocess.Popen[bytes]") -> None:
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
