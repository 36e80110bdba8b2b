"""Becoming a program behind closed doors: the profile of tools that have to be executed.

It reads its source from standard input and may read and execute what it is made of, nothing else; it writes to
descriptors that are open already. Run through `entry`.
"""

import argparse
import ctypes
import os
import resource
from collections.abc import Collection

from processors.sandbox import doors, kernel, landlock, namespaces, seccomp
from processors.sandbox.layers import Layer

# What the dynamic loader finds libraries in.
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Close the doors of `layers` and execute. Raises OSError."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-seconds", type=int, required=True, help="after which the kernel ends it")
    parser.add_argument("--file-bytes", type=int, required=True, help="at most so much goes to each output")
    parser.add_argument("program", help="its path")
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    keep = (given.program, *LIBRARIES)
    words = [given.program.encode(), *(word.encode() for word in given.rest), None]
    path, argv = ctypes.create_string_buffer(words[0]), (ctypes.c_char_p * len(words))(*words)
    nothing = (ctypes.c_char_p * 1)(None)
    libc = ctypes.CDLL(None, use_errno=True)
    if Layer.UNSHARE in layers:
        namespaces.empty(keep)
    doors.drop_root()
    doors.limit(given.file_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (given.cpu_seconds, given.cpu_seconds))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        landlock.close(keep)
    seccomp.install(ctypes.addressof(path))
    libc.execve(path, argv, nothing)
    number = ctypes.get_errno()
    raise OSError(number, f"{given.program}: {os.strerror(number)}")
