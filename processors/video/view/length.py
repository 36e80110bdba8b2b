"""How long a video is, by the times of its packets: many headers don't say, and some say less than there is."""

import time
from fractions import Fraction

import av
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from processors.limits import MAX_SECONDS
from processors.refusals import Code, Refused
from processors.video.view.open import too_long

# A header is taken at its word as long as no more than this comes behind its end; sound often ends a little later.
SLACK_SECONDS = 1.0
# A picture that is alone in its video, and says nothing of how long it stays.
LEAST_SECONDS = 0.04
PACKETS_AT_ONCE = 500
# Containers that are put one behind the other as they are: then times begin anew. A step back, or one of more than so
# many seconds, is none, to ffmpeg as to us.
JOINED = ("mpegts", "mpeg")
STEP_SECONDS = 10.0


def length(container: InputContainer, claimed: float | None, patience: float) -> float | None:
    """Seconds that the video lasts, its sound counted; None where neither its header nor any packet says anything.

    claimed: what its header says. Nothing is decoded: where a length is claimed only the end is read, else, and where
    times may begin anew, all. patience: seconds by the clock. Raises Refused: too_long.
    """
    begin, joined = (container.start_time or 0) / av.time_base, container.format.name in JOINED
    ends = _Steps(container) if joined else _Ends(container, begin)
    try:
        wanted = begin if joined or claimed is None else begin + max(0.0, claimed - SLACK_SECONDS)
        container.seek(int(wanted * av.time_base), backward=True)
        last = _read(container, ends, time.monotonic() + patience)
    except (FFmpegError, OSError, IndexError):
        return claimed  # damaged, or a stream nobody knows, on the way: what was said is all there is
    if claimed is not None and (
        last is None or abs(last - claimed) <= SLACK_SECONDS or (last < claimed and not joined)
    ):
        return claimed
    return None if last is None else max(last, LEAST_SECONDS)


def _read(container: InputContainer, ends: "_Ends", until: float) -> float | None:
    """When the last of all packets ends, in seconds from the beginning. Raises Refused."""
    for number, packet in enumerate(container.demux()):
        if packet.size:
            ends.hear(packet)
        if number % PACKETS_AT_ONCE == 0:
            _must_go_on(ends.latest(), until)
    latest = ends.latest()
    _must_go_on(latest, until)
    return latest


class _Ends:
    """Where each stream ends, by those of its packets that have come by; in the units of its own clock."""

    def __init__(self, container: InputContainer, begin: float = 0.0) -> None:
        self._bases: dict[int, Fraction] = {one.index: one.time_base for one in container.streams if one.time_base}
        self._begin = begin
        self._ends: dict[int, int] = {}

    def hear(self, packet: Packet) -> None:
        at, index = packet.dts if packet.pts is None else packet.pts, packet.stream_index
        if at is not None:
            self._ends[index] = max(self._ends.get(index, at), at + (packet.duration or 0))

    def latest(self) -> float | None:
        """Seconds from the beginning; None while no packet had a time."""
        known = ((end, self._bases.get(index)) for index, end in self._ends.items())
        return max((float(end * base) - self._begin for end, base in known if base), default=None)


class _Steps(_Ends):
    """The same by the steps from each packet to the next."""

    def __init__(self, container: InputContainer) -> None:
        super().__init__(container)
        self._last: dict[int, int] = {}

    def hear(self, packet: Packet) -> None:
        at, index = packet.dts, packet.stream_index
        if at is not None and (base := self._bases.get(index)):
            step = at - self._last.get(index, at)
            self._ends[index] = self._ends.get(index, 0) + (step if 0 <= step * base <= STEP_SECONDS else 0)
            self._last[index] = at


def _must_go_on(latest: float | None, until: float) -> None:
    """Raises Refused."""
    if latest is not None and latest > MAX_SECONDS:
        raise too_long()
    if time.monotonic() > until:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its size may.")
