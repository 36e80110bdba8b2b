"""The command line of a process of the sandbox, and the environment it gets."""

import os
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import processors
from processors.sandbox.layers import Layer
from processors.sandbox.scratch import Scratch, bubblewrap

# Kept by the allocator instead of given back and faulted in again for every photo: a quarter of the CPU time.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "MALLOC_TOP_PAD_": "67108864",
}
# NumPy's linear algebra would start a thread a core; nothing here multiplies matrices.
NO_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
CODE = Path(processors.__file__).resolve().parent
CHECKOUT = str(CODE.parent)
ENVIRONMENT = ALLOCATOR | NO_THREADS | {"PYTHONPATH": CHECKOUT}

# What an interpreter and the libraries of the decoders are made of. No data, no configuration of anybody's.
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/magic")
SEPARATE = ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")


def command(
    layers: Collection[Layer],
    role: str,
    arguments: Sequence[str],
    cgroup: int | None = None,
    keep: Sequence[str] = (),
    nice: int = 0,
    scratch: Scratch | None = None,
) -> list[str]:
    """What to execute for a process of `role` behind `layers`. See `entry`.

    cgroup: the descriptor it finds the door of its control group under. keep: paths that it needs besides Python's.
    nice: how far it steps back behind others. scratch: a folder that it may write to.
    Raises OSError where bubblewrap is asked for and not there.
    """
    start = [sys.executable, "-P", "-s", "-B", "-m", "processors.sandbox.entry"]
    # Of the layers only those that the process closes itself; the others are around it already.
    start += ["--layers", ",".join(layer for layer in Layer if layer in layers)]
    if nice:
        start += ["--nice", str(nice)]
    if cgroup is not None:
        start += ["--cgroup", str(cgroup)]
    around = _bubblewrap(keep, scratch) if Layer.BUBBLEWRAP in layers else []
    return [*around, *start, role, *arguments]


def _bubblewrap(keep: Sequence[str], scratch: Scratch | None) -> list[str]:
    program = bubblewrap()
    if program is None:
        raise FileNotFoundError("bubblewrap is not installed")
    words = [program, "--die-with-parent", *SEPARATE]
    # As root the change of user is left for later, when all is loaded that only root may be able to read.
    if os.geteuid() == 0:
        words += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words += ["--unshare-user"]
    interpreter = Path(sys.executable).resolve().parent.parent
    paths = dict.fromkeys((*SYSTEM, sys.base_prefix, str(interpreter), sys.prefix, str(CODE), *keep))
    wanted = (*paths, scratch.path) if scratch else paths
    ways = {str(parent) for path in wanted for parent in Path(path).parents} - {"/", *paths}
    # Folders on the way that it made itself would be its own user's alone.
    made = {folder: ["--perms", "0755", "--dir", folder] for folder in ways}
    if scratch is not None:
        made[scratch.path] = scratch.of_bubblewrap()
    for folder in sorted(made):  # so the scratch is there before what is bound below it: a checkout in /tmp
        words += made[folder]
    for path in paths:
        words += ["--ro-bind-try", path, path]
    return [*words, "--proc", "/proc", "--dev", "/dev", "--chdir", "/", "--"]
