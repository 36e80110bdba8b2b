"""Closing the doors, one behind the other, so that a hole in one isn't a hole in all.

An empty file system, uid, resource limits, no new privileges, Landlock (no path can be opened), seccomp (few system
calls are left).
"""

import contextlib
import os
import resource
from collections.abc import Collection

from processors.sandbox import kernel, landlock, namespaces, seccomp
from processors.sandbox.layers import Layer

NOBODY = 65534
# Wide: it counts reservations, of which threads and the allocator make many. The parent watches what is really used.
ADDRESS_SPACE_BYTES = 6 << 30
# What a tool may write to each of its outputs unless it is told otherwise; a child writes no files.
OUTPUT_BYTES = 256 << 20
OPEN_FILES = 16
# All of the user's, wherever they run, so no fewer than a busy machine has; HEIC needs one.
THREADS = 8192


def close(layers: Collection[Layer], file_bytes: int = 0) -> None:
    """Close every door of `layers` for good. Everything needed has to be open, imported and tried before.

    file_bytes: how much may be written to a file that is open. The doors of Layer.FILTER are always closed. UNSHARE
    takes that `namespaces.enter` was called before. Raises OSError when one can't be closed.
    """
    if len(os.listdir("/proc/self/task")) != 1:
        raise OSError("other threads are running, whose doors would stay open")
    if Layer.UNSHARE in layers:
        namespaces.empty()
    drop_root()
    limit(file_bytes)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        landlock.close()
    seccomp.install()


def drop_root() -> None:
    """As root become nobody, as far as one may: in a user namespace of its own, or a container, there may be none.

    Then the other doors hold, and root has no rights: who asks `os.getuid` knows.
    """
    if os.geteuid() == 0:
        with contextlib.suppress(OSError):
            os.setgroups([])
        with contextlib.suppress(OSError):
            os.setresgid(NOBODY, NOBODY, NOBODY)
        with contextlib.suppress(OSError):
            os.setresuid(NOBODY, NOBODY, NOBODY)
        kernel.follow_parent()  # changing the uid has cleared it
    kernel.drop_capabilities()


def limit(file_bytes: int, open_files: int = OPEN_FILES) -> None:
    """Limits on address space, threads, descriptors and what is written to a file; no core dumps."""
    for what, amount in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, open_files),
        (resource.RLIMIT_NPROC, THREADS),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (limit, limit))
