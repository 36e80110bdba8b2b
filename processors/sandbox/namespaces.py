"""Namespaces: a network without interfaces, a file system without files, and nobody else to send a signal to.

See unshare(2), user_namespaces(7), pid_namespaces(7) and pivot_root(2).
"""

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from processors.sandbox import kernel

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
EVERYTHING = NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWPID | NEWNET
# Always there, and not needed any more once something is mounted on it.
STAGE = "/proc"
SCRATCH_FILES = 4096


def enter() -> None:
    """Leave the machine's namespaces; files stay in sight until `empty`. Returns in a new process.

    The old one only waits for it and ends as it does. Has to be called before there are threads. Raises OSError.
    """
    uid, gid = os.getuid(), os.getgid()
    try:
        if uid != 0:
            raise PermissionError(errno.EPERM, "an ordinary user needs a user namespace")
        kernel.unshare(EVERYTHING)
    except PermissionError:
        kernel.unshare(NEWUSER | EVERYTHING)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")
    child = os.fork()
    if child:
        _end_like(child)
    kernel.follow_parent()
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)


def empty(keep: Sequence[str] = (), scratch: str | None = None, scratch_bytes: int = 0) -> None:
    """Replace the file system by one that holds nothing but `keep`: files and folders that can be read and executed.

    With any of them /proc is there as well, for a program to find its own descriptors in. scratch: a folder in memory
    of so many bytes, that can be written to. Raises OSError.
    """
    os.umask(0o022)
    kernel.mount("none", STAGE, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "size=64k,nr_inodes=256,mode=0755")
    for path in keep:
        _put(path)
    if keep:
        processes = Path(f"{STAGE}/proc")
        processes.mkdir()
        kernel.mount("none", str(processes), "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    if scratch:
        folder = Path(STAGE + scratch)
        folder.mkdir(parents=True, exist_ok=True)
        options = f"size={scratch_bytes},nr_inodes={SCRATCH_FILES},mode=1777"
        kernel.mount("none", str(folder), "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC, options)
    os.chdir(STAGE)
    kernel.pivot_root(".", ".")
    kernel.unmount(".")
    os.chdir("/")
    kernel.mount(None, "/", None, kernel.MS_REMOUNT | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV)


def _put(path: str) -> None:
    """Make `path` on the stage what it is outside, read-only; what isn't there is left out."""
    source, target = Path(path), Path(STAGE + path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(os.readlink(source))
        return
    if not source.exists():
        return
    if source.is_dir():
        target.mkdir(exist_ok=True)
    else:
        target.touch()
    kernel.mount(path, str(target), None, kernel.MS_BIND | kernel.MS_REC)
    flags = kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kernel.MS_NOSUID
    device = stat.S_ISCHR(source.stat().st_mode)
    kernel.mount(None, str(target), None, flags if device else flags | kernel.MS_NODEV)


def _end_like(child: int) -> NoReturn:
    """Hold nothing, wait, and end the way `child` does."""
    with suppress(OSError):
        os.chdir("/")
    os.closerange(0, 1024)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        os.kill(os.getpid(), os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
