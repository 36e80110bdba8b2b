"""A process that stands by to become a program, once it is told with which words: it is made before the doors close."""

import ctypes
import json
import os
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

from processors.sandbox import kernel, seccomp

FAILED = 98


class Runner:
    """It becomes `program` once, behind a filter of its own; whoever made it may not execute anything any more."""

    def __init__(self, program: str) -> None:
        reader, self._orders = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._orders)
            _stand_by(program, reader)
        os.close(reader)

    def run(self, words: Sequence[str], environment: Mapping[str, str]) -> int:
        """Have it run with `words`, and wait for its end: its status, or a signal's number below 0."""
        rest = json.dumps([list(words), dict(environment)]).encode() + b"\n"
        while rest:
            rest = rest[os.write(self._orders, rest) :]
        os.close(self._orders)
        return os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def _stand_by(program: str, reader: int) -> NoReturn:
    """Its input is empty, and what it prints is among what is said: source and answer are not for it."""
    try:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        kernel.follow_parent()
        libc = ctypes.CDLL(None, use_errno=True)
        path = ctypes.create_string_buffer(program.encode())
        seccomp.install(ctypes.addressof(path), office=True)
        with open(reader, "rb", closefd=False) as orders:
            order = orders.readline()  # to its end only: the next to stand by holds the other side open as well
        if order:
            os.dup2(reader, 0)
            os.dup2(2, 1)
            words, environment = json.loads(order)
            libc.execve(path, _strings([program, *words]), _strings([f"{k}={v}" for k, v in environment.items()]))
            os.write(2, f"{program}: {os.strerror(ctypes.get_errno())}\n".encode())
    finally:
        os._exit(FAILED)


def _strings(words: Sequence[str]) -> "ctypes.Array[ctypes.c_char_p]":
    encoded = [*(os.fsencode(word) for word in words), None]
    return (ctypes.c_char_p * len(encoded))(*encoded)
