"""The first that runs in a process of the sandbox: it goes where nothing else is, and only then loads what decodes.

`python -m processors.sandbox.entry --layers LAYERS [--cgroup FD] [--nice N] ROLE …`: ROLE is `child`, `tool`,
`viewer`, `office`, `sniffer` or `attempts`.
Exit code 97: a door could not be closed, and standard error says why.
"""

import argparse
import importlib
import os
import sys

from processors.sandbox import kernel, namespaces
from processors.sandbox.layers import Layer

ROLES = ("child", "tool", "viewer", "office", "sniffer", "attempts")
# When the doors could not be closed; no program that is executed here ends with it.
NOT_CLOSED = 97


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", required=True, help="what to close, with commas between")
    parser.add_argument("--cgroup", type=int, help="descriptor of a control group's list of processes")
    parser.add_argument("--nice", type=int, default=0, help="how far to step back behind others")
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    layers = frozenset(Layer(name) for name in given.layers.split(",") if name)
    try:
        kernel.follow_parent()
        os.nice(given.nice)
        if given.nice:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # whoever wakes up does not wait for its slice
        if given.cgroup is not None:
            os.write(given.cgroup, b"0")
            os.close(given.cgroup)
        if Layer.UNSHARE in layers:
            namespaces.enter()
        # Now: a fork of all that is loaded here would be held in memory by the process that waits.
        importlib.import_module(f"processors.sandbox.{given.role}").main(given.rest, layers)
    except OSError as error:
        print(error, file=sys.stderr)
        return NOT_CLOSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
