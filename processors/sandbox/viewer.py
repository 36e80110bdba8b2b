"""The viewer: a program of our own that looks at one video, says or shows what it has seen, and is gone.

Behind the same doors as the child that develops pictures: what it needs is loaded before, no path can be opened after.
The video is standard input, what it makes goes to standard output: one line of JSON, then the pictures, end to end. Run
through `entry` with the name of a job of `processors.video.view` and its order as JSON.
"""

import argparse
import gc
import io
import os
import resource
from collections.abc import Callable, Collection

import msgspec

from processors.refusals import Refused
from processors.sandbox import answers, doors
from processors.sandbox.layers import Layer
from processors.video import view
from processors.video.view.warmup import sample


def main(arguments: list[str], layers: Collection[Layer]) -> None:
    """Close the doors of `layers`, do the job, write the answer. Raises OSError when a door can't be closed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cpu-seconds", type=int, required=True, help="after which the kernel ends it")
    parser.add_argument("--file-bytes", type=int, required=True, help="at most so much is written")
    parser.add_argument("--tell", type=int, help="descriptor on which to tell how far it is")
    parser.add_argument("job", choices=sorted(view.JOBS))
    parser.add_argument("order", help="JSON")
    given = parser.parse_args(arguments)
    job, kind = view.load(given.job), view.JOBS[given.job].order
    order: msgspec.Struct = msgspec.json.decode(given.order, type=kind)
    resource.setrlimit(resource.RLIMIT_CPU, (given.cpu_seconds, given.cpu_seconds))
    job(sample(), kind(), _nobody)  # what it loads late is loaded before the doors close
    gc.collect()  # and its decoder's threads are gone
    doors.close(layers, given.file_bytes)
    try:
        said, parts = job(io.FileIO(0, closefd=False), order, _teller(given.tell))
    except Refused as refused:
        said, parts = answers.refusal(refused), []
    answers.say(said, parts)


def _nobody(_: float) -> None:
    """Where nobody wants to know how far it is."""


def _teller(descriptor: int | None) -> Callable[[float], None]:
    """Says on `descriptor` what share of the work is done, 0 to 1, in the words of ffmpeg's `-progress`."""
    if descriptor is None:
        return _nobody

    def tell(share: float) -> None:
        os.write(descriptor, b"out_time_us=%d\n" % (share * 1_000_000))

    return tell
