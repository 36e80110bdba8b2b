"""Behind the doors: what code that took over the child could still do. Each probe runs in a real process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from processors.sandbox.command import CHECKOUT, ENVIRONMENT

BEFORE = """
import ctypes, errno, fcntl, mmap, os, signal, socket, subprocess, sys, threading
from processors.sandbox import doors, kernel, landlock, namespaces, seccomp
from processors.sandbox.layers import Layer
libc = ctypes.CDLL(None, use_errno=True)
one, other = socket.socketpair()
{before}
{close}
def probe():
{probe}
try:
    probe()
except OSError as error:
    print(errno.errorcode[error.errno])
except BaseException as error:
    print(type(error).__name__)
else:
    print("open")
"""
ALL = "doors.close({Layer.LANDLOCK})"
LANDLOCK = "kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1); landlock.close()"

SECCOMP_ONLY = "def seccomp_only(): kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1); seccomp.install()"


def behind(probe: str, close: str = ALL, before: str = "") -> str:
    """What became of `probe` behind the doors: an error's name, or `open`."""
    lines = "\n".join(f"    {line}" for line in probe.splitlines())
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-B", "-c", BEFORE.format(before=before, close=close, probe=lines)],
        env=ENVIRONMENT | {"PYTHONPATH": CHECKOUT},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


PROBES = {
    "socket": "socket.socket()",
    "udp socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "unix socket": "socket.socket(socket.AF_UNIX)",
    "sendto": "one.sendto(b'x', '/tmp/nobody')",
    "bind": "one.bind('')",
    "listen": "one.listen()",
    "read a secret": "open('/etc/shadow')",
    "read anything": "open('/etc/passwd')",
    "read its memory map": "open('/proc/self/maps')",
    "look at a file": "os.stat('/etc/passwd')",
    "list": "os.listdir('/')",
    "write": "open('/tmp/darkroom-probe', 'w')",
    "make a folder": "os.mkdir('/tmp/darkroom-probe-folder')",
    "delete": "os.unlink('/tmp/darkroom-probe')",
    "fork": "os.fork()",
    "posix_spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "execve": "os.execv('/bin/true', ['true'])",
    "kill": "os.kill(os.getppid(), 0)",
    "become root": "os.setuid(0)",
    "executable memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
}


@pytest.mark.parametrize("name", PROBES)
def test_a_door_is_closed(name: str) -> None:
    assert behind(PROBES[name]) in ("EPERM", "EACCES")
    assert not Path("/tmp/darkroom-probe").exists()


def test_nobody_is_killed_by_a_packet() -> None:
    """Who is made the owner of a descriptor is sent a signal when something comes: here the parent, to be killed."""
    give = "fcntl.fcntl(one, fcntl.F_SETOWN, os.getppid())"
    choose = "fcntl.fcntl(one, fcntl.F_SETSIG, signal.SIGKILL)"
    arm = "fcntl.fcntl(one, fcntl.F_SETFL, os.O_ASYNC)"
    for trick in (give, choose, arm):
        assert behind(trick, close="seccomp_only()", before=SECCOMP_ONLY) == "EPERM", trick
        assert behind(trick, close="") == "open", trick


# x86_64 numbers, aarch64 numbers.
CALLS = {
    "connect": (42, 203), "accept": (43, 202), "ptrace": (101, 117), "execveat": (322, 281), "mount": (165, 40),
    "bpf": (321, 280), "userfaultfd": (323, 282), "io_uring_setup": (425, 425), "keyctl": (250, 219),
    "process_vm_readv": (310, 270), "unshare": (272, 97), "setns": (308, 268), "perf_event_open": (298, 241),
    "openat2": (437, 437), "open_by_handle_at": (304, 265), "pidfd_getfd": (438, 438), "chroot": (161, 51),
    "init_module": (175, 105), "kexec_load": (246, 104), "personality": (135, 92), "tgkill": (234, 131),
    "socketpair": (53, 199), "seccomp": (317, 277), "prctl": (157, 167),
    "prlimit64": (302, 261), "name_to_handle_at": (303, 264),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_system_call_is_refused(name: str) -> None:
    number = CALLS[name][0 if os.uname().machine == "x86_64" else 1]
    assert behind(f"kernel.syscall({number}, 0, 0, 0, 0, 0, 0)") == "EPERM"


def test_the_probes_are_open_without_the_doors(tmp_path: Path) -> None:
    for name in ("socket", "read anything", "list", "fork", "look at a file", "executable memory"):
        assert behind(PROBES[name], close="").splitlines()[0] == "open", name


def test_landlock_alone_closes_files_too() -> None:
    """A door behind the door: without the filter, paths are still closed."""
    assert behind("open('/etc/passwd')", close=LANDLOCK) == "EACCES"
    assert behind("open('/tmp/darkroom-probe', 'w')", close=LANDLOCK) == "EACCES"


def test_threads_of_a_decoder_may_start() -> None:
    assert behind("thread = threading.Thread(target=len, args=('',)); thread.start(); thread.join()") == "open"


HIDING = {
    "a memory file": "os.memfd_create('x')",
    "shared memory": "mmap.mmap(-1, 1 << 20, flags=mmap.MAP_SHARED)",
    "shared memory, as later kernels name it": "mmap.mmap(-1, 1 << 20, flags=3)",
    "a file that is open already": "os.ftruncate(file, 1 << 20)",
}


@pytest.mark.parametrize("name", HIDING)
def test_no_memory_is_hidden(name: str) -> None:
    """What is written to a memory file, or stays behind one shared page, is on nobody's account."""
    assert behind(HIDING[name], before="file = os.memfd_create('x')") == "EPERM"


def test_no_file_is_written() -> None:
    before = "file = os.memfd_create('x'); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    assert behind("os.write(file, b'x')", before=before) == "EFBIG"


def test_private_memory_is_had_as_ever() -> None:
    assert behind("mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE)[:3] = b'abc'") == "open"


def test_threads_are_counted() -> None:
    """As somebody without other processes: what counts is all that run for a user."""
    few = (
        "doors.THREADS = 3; os.geteuid() or (os.setgroups([]), os.setresgid(*3 * [64999]), os.setresuid(*3 * [64999]))"
    )
    start = "for _ in range(9): threading.Thread(target=threading.Event().wait, daemon=True).start()"
    assert behind(f"{start}", before=few, close="doors.limit(0)") == "RuntimeError"
    assert behind(f"{start}", close="") == "open"


def test_memory_is_limited() -> None:
    assert behind("bytearray(16 << 30)") == "MemoryError"


def test_doors_refuse_to_close_on_other_threads() -> None:
    """They would stay outside."""
    waiting = "threading.Thread(target=threading.Event().wait, daemon=True).start()"
    probe = "os._exit(print('refused', flush=True) or 0)"
    close = f"try:\n    doors.close(())\nexcept OSError:\n    {probe}"
    assert behind("pass", close=close, before=waiting) == "refused"


@pytest.mark.root
def test_the_uid_changes_where_groups_may_not() -> None:
    forbidden = "def forbidden(groups): raise PermissionError(1, 'as in some containers')\nos.setgroups = forbidden"
    assert behind("assert (os.getuid(), os.getgid()) == (65534, 65534)", before=forbidden) == "open"


def test_nobody_is_root_behind_the_doors() -> None:
    assert behind("assert 0 not in (os.getuid(), os.geteuid(), os.getgid(), os.getegid())") == "open"
