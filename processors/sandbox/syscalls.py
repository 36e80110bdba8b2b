"""The system calls that developing pictures needs: numbers by name for x86_64 and aarch64 (from the kernel's unistd.h).

None where the architecture doesn't have the call.
"""

ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # bytes on descriptors that are open already: the socket, a tool's output
    "read": (0, 63),
    "write": (1, 64),
    "pread64": (17, 67),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "sendmsg": (46, 211),
    "recvmsg": (47, 212),
    "poll": (7, None),
    "ppoll": (271, 73),
    # memory
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    # threads of a decoder
    "futex": (202, 98),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "gettid": (186, 178),
    # time, signals to itself, the end
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101),
    "gettimeofday": (96, 169),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # harmless questions
    "getrandom": (318, 278),
    "getcwd": (79, 17),  # Pillow compares paths before it saves, also where there are none
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "times": (100, 153),
    "sysinfo": (99, 179),
}

# Allowed under a condition on an argument: see seccomp.py.
CONDITIONAL: dict[str, tuple[int, int]] = {
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "newfstatat": (262, 79),
    "clone": (56, 220),
    "fcntl": (72, 25),
}

# The C library falls back to clone only when this one doesn't exist.
CLONE3 = (435, 435)
SECCOMP = {"x86_64": 317, "aarch64": 277}

# What a program needs besides, to be executed and to read its libraries and its source.
TOOL: dict[str, tuple[int | None, int | None]] = {
    "stat": (4, None),
    "lstat": (6, None),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "statx": (332, 291),
    "arch_prctl": (158, None),
    "set_tid_address": (218, 96),
    "dup": (32, 23),
    "uname": (63, 160),
}
# What an office program needs on top, and whoever looks after it: it keeps files in a folder of its own, and where that
# ends is for namespaces or Landlock to say.
OFFICE: dict[str, tuple[int | None, int | None]] = {
    "openat": (257, 56),
    "newfstatat": (262, 79),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "getdents64": (217, 61),
    "mkdir": (83, None),
    "mkdirat": (258, 34),
    "rmdir": (84, None),
    "rename": (82, None),
    "renameat": (264, 38),
    "renameat2": (316, 276),
    "unlink": (87, None),
    "unlinkat": (263, 35),
    "ftruncate": (77, 46),
    "pwrite64": (18, 68),
    "fsync": (74, 82),
    "fdatasync": (75, 83),
    "fadvise64": (221, 223),
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "umask": (95, 166),
    # talking with its own threads
    "pipe2": (293, 59),
    "eventfd2": (290, 19),
    "dup2": (33, None),
    "dup3": (292, 24),
    "accept": (43, 202),
    "shutdown": (48, 210),
    "wait4": (61, 260),
}
# It wants to listen for others of its kind. It is told that it does: its socket has no name, and nobody to talk to.
PRETENDED = {"bind": (49, 200), "listen": (50, 201)}
# Under a condition as well.
SOCKET, SOCKETPAIR = (41, 198), (53, 199)
PRLIMIT64 = (302, 261)
OPENAT = (257, 56)
EXECVE = (59, 221)
