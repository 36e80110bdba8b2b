"""Room on a disk for what a program is going to write: a full disk is found out before hours of work, not after."""

import errno

from processors.sandbox import kernel

# fallocate(2); linux/falloc.h. The C library's posix_fallocate would write to each block where there is no such call.
_FALLOCATE = {"x86_64": 285, "aarch64": 47}
_KEEP_SIZE = 1


def set_aside(descriptor: int, size: int) -> None:
    """Room for `size` bytes behind a file's descriptor, whose length stays. Raises OSError: ENOSPC, EDQUOT.

    Nothing where the file system can't.
    """
    try:
        kernel.syscall(_FALLOCATE[kernel.machine()], descriptor, _KEEP_SIZE, 0, size)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.ENOSYS, None):
            raise
