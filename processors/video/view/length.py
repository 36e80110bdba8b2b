"""How long a video is, by the times of its packets: many headers don't say, and some say less than there is."""

import time
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from processors.limits import MAX_SECONDS
from processors.refusals import Code, Refused
from processors.video.view.open import seconds, too_long

# A header is taken at its word as long as no more than this comes behind its end; sound often ends a little later.
SLACK_SECONDS = 1.0
# A picture that is alone in its video, and says nothing of how long it stays.
LEAST_SECONDS = 0.04
PACKETS_AT_ONCE = 500


def length(container: InputContainer, stream: VideoStream, patience: float) -> float | None:
    """Seconds that the video lasts, its sound counted; None where neither its header nor any packet says anything.

    Nothing is decoded: where a length is claimed only the end is read, else all. patience: seconds by the clock. Raises
    Refused: too_long.
    """
    claimed = seconds(container, stream)
    begin = (container.start_time or 0) / av.time_base
    try:
        container.seek(int((begin + max(0.0, (claimed or 0.0) - SLACK_SECONDS)) * av.time_base), backward=True)
        last = _last(container, begin, time.monotonic() + patience)
    except (FFmpegError, OSError):
        return claimed  # damaged on the way: what was said is all there is
    if last is None or (claimed is not None and last <= claimed + SLACK_SECONDS):
        return claimed
    return max(last, LEAST_SECONDS)


def _last(container: InputContainer, begin: float, until: float) -> float | None:
    """When the last of all packets ends, in seconds from `begin`; None where none has a time."""
    ends: dict[int, int] = {}
    bases = {one.index: one.time_base for one in container.streams}
    for number, packet in enumerate(container.demux()):
        at = packet.dts if packet.pts is None else packet.pts
        if at is not None and packet.size:
            index = packet.stream_index
            ends[index] = max(ends.get(index, at), at + (packet.duration or 0))
        if number % PACKETS_AT_ONCE == 0:
            _must_go_on(_latest(ends, bases, begin), until)
    latest = _latest(ends, bases, begin)
    _must_go_on(latest, until)
    return latest


def _latest(ends: dict[int, int], bases: dict[int, Fraction | None], begin: float) -> float | None:
    ended = ((end, bases.get(index)) for index, end in ends.items())
    return max((float(end * base) - begin for end, base in ended if base), default=None)


def _must_go_on(latest: float | None, until: float) -> None:
    """Raises Refused."""
    if latest is not None and latest > MAX_SECONDS:
        raise too_long()
    if time.monotonic() > until:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its size may.")
