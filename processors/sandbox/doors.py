"""Closing the doors, one behind the other, so that a hole in one isn't a hole in all.

Uid, resource limits, no new privileges, Landlock (no path can be opened), seccomp (few system calls are left).
"""

import contextlib
import os
import resource
import signal

from processors.sandbox import kernel, landlock, seccomp

NOBODY = 65534
# Wide: it counts reservations, of which threads and the allocator make many. The parent watches what is really used.
ADDRESS_SPACE_BYTES = 6 << 30
MEMORY_FILE_BYTES = 512 << 20
OPEN_FILES = 32


def follow_parent() -> None:
    """Have the kernel kill this process when its parent ends, however busy it is."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def close() -> None:
    """Close every door for good. Everything needed has to be open, imported and tried before.

    Raises OSError when a door can't be closed; but for Landlock, which older kernels lack.
    """
    if len(os.listdir("/proc/self/task")) != 1:
        raise OSError("other threads are running, whose doors would stay open")
    _drop_root()
    follow_parent()  # changing the uid has cleared it
    _limit()
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock.close()
    seccomp.install()


def _drop_root() -> None:
    """As root become nobody. Where even root may not (a container without the capability), the other doors hold."""
    if os.geteuid() != 0:
        return
    with contextlib.suppress(OSError):
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def _limit() -> None:
    for what, amount in (
        (resource.RLIMIT_AS, ADDRESS_SPACE_BYTES),
        (resource.RLIMIT_FSIZE, MEMORY_FILE_BYTES),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        limit = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
        resource.setrlimit(what, (limit, limit))
