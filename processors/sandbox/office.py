"""The keeper: looks at one document, has LibreOffice convert it, collects what comes out, and is gone.

Behind doors of its own, in namespaces or Landlock where one folder can be written to, gone with it. The document is
standard input, the answer goes to standard output (see `answers`). LibreOffice runs beside it, with neither of them and
less that it may do: no network, no programs, nothing but its own files. Run through `entry`.
"""

import argparse
import resource
from collections.abc import Collection

import msgspec

from processors.office import inside
from processors.office.orders import Order
from processors.refusals import Refused
from processors.sandbox import answers, doors, kernel, landlock, namespaces, seccomp
from processors.sandbox.layers import Layer
from processors.sandbox.runner import Runner
from processors.sandbox.tool import LIBRARIES

OPEN_FILES = 256


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Close the doors of `layers`, do the work, write the answer. Raises OSError when a door can't be closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scratch", required=True, help="the folder that may be written to")
    parser.add_argument("--scratch-bytes", type=int, required=True, help="of what size it is, where it is in memory")
    parser.add_argument("--cpu-seconds", type=int, required=True, help="after which the kernel ends it")
    parser.add_argument("--file-bytes", type=int, required=True, help="at most so much is written to a file")
    parser.add_argument("--keep", action="append", default=[], help="a path that the program reads besides libraries")
    parser.add_argument("order", help="JSON")
    given = parser.parse_args(arguments)
    order = msgspec.json.decode(given.order, type=Order)
    keep = (*given.keep, *LIBRARIES)
    if Layer.UNSHARE in layers:
        namespaces.empty(keep, given.scratch, given.scratch_bytes)
    doors.drop_root()
    doors.limit(given.file_bytes, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_CPU, (given.cpu_seconds, given.cpu_seconds))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if Layer.LANDLOCK in layers:
        landlock.close(keep, given.scratch)
    runners = [Runner(order.program) for _ in range(inside.RUNS)] if order.program else []
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # so that what it has open can't be reached through /proc
    seccomp.install(office=True)
    try:
        answers.say(*inside.work(order, given.scratch, [runner.run for runner in runners]))
    except Refused as refused:
        answers.say(answers.refusal(refused), [])
