"""Comparing the packets of two files: when pictures are shown, where streams begin, what was copied: pure."""

from array import array
from itertools import pairwise

from processors.video.keeping.comparing import streams_of
from processors.video.keeping.inventory import Inventory, Kind
from processors.video.keeping.looking import Packets
from processors.video.keeping.order import How, Kept, Order
from processors.video.keeping.questions import Track
from processors.video.keeping.verdict import Bars, Check, check

MICROSECONDS = 1_000_000
# Thousandths of a second are what Matroska's times are rounded to, on either side.
RASTER = 0.0011
# A stream that is kept, its packets before and now.
Pair = tuple[Kept, Track, Track]
File = tuple[Inventory, Packets]
# When the pictures of both begin, of those that can be decoded.
Begins = tuple[float, float]


def compare_packets(before: File, after: File, order: Order, bars: Bars) -> list[Check]:
    """All that packets tell, of each file its inventory and its packets."""
    old = {one.index: one for one in before[1].said.tracks}
    new = {one.index: one for one in after[1].said.tracks}
    found = zip(order.kept, streams_of(after[0], order), strict=False)
    pairs = [(kept, old[kept.stream.index], new[one.index]) for kept, one in found]
    missing = len(before[1].times) - len(after[1].times)
    missing = missing if 0 <= missing <= before[1].said.before else 0
    # Where the pictures begin that could be decoded, against which all else is shown.
    begins = _begin(before[1], missing), _begin(after[1])
    return [
        _length(before, after, pairs, begins, bars),
        _times(before[1], after[1], missing),
        _starts(pairs, begins, bars),
        _marks(before, after, order, begins, bars),
        _copied(pairs),
        _texts(pairs),
    ]


def _length(before: File, after: File, pairs: list[Pair], begins: Begins, bars: Bars) -> Check:
    """Of the container, and of the packets of each stream."""
    rate = before[0].pictures.rate
    wrong, slack = [], max(bars.seconds, 1 / rate if rate else 0.0)
    was, now = _whole(*before), _whole(*after)
    if abs(was - now) > slack:
        wrong.append(f"the file lasts {now:.3f} s, not {was:.3f} s")
    for kept, old, new in pairs:
        shown = begins if kept.how is How.PICTURES else (old.begin, new.begin)
        lasted, lasts = _lasts(old, shown[0]), _lasts(new, shown[1])
        if kept.stream.kind in (Kind.VIDEO, Kind.AUDIO) and abs(lasted - lasts) > slack:
            wrong.append(f"stream {kept.stream.index} lasts {lasts:.3f} s, not {lasted:.3f} s")
    return check("length", wrong, f"{now:.3f} s")


def _whole(inventory: Inventory, packets: Packets) -> float:
    """As its header says, or more where packets come behind: ffmpeg takes the length of an MP4 whose pictures are
    stored in another order than shown for a little less than it is.
    """
    media = {one.index for one in inventory.of(Kind.VIDEO, Kind.AUDIO)}
    ends = [one.end for one in packets.said.tracks if one.index in media and one.end is not None]
    return max([inventory.seconds or 0.0, *(end - inventory.start for end in ends)])


def _lasts(track: Track, begin: float | None) -> float:
    return 0.0 if begin is None or track.end is None else track.end - begin


def _begin(packets: Packets, missing: int = 0) -> float:
    return packets.times[missing] / MICROSECONDS if len(packets.times) > missing else 0.0


def _times(before: Packets, after: Packets, missing: int) -> Check:
    """Each picture is shown when it was, counted from the first. Those before the first keyframe may have had no
    decoder that could begin with them.
    """
    old, new = before.times, after.times
    if len(old) != len(new) + missing:
        return Check("times", False, f"{len(new)} pictures, not {len(old)}")
    kept = old[missing:]
    worst, slack = _apart(kept, new) / MICROSECONDS, _slack(kept)
    if worst > slack:
        return Check("times", False, f"a picture is shown {worst:.4f} s from where it was")
    cut = f"; {missing} before the first whole one are gone" if missing else ""
    return Check("times", True, f"{len(new)} pictures, none over {worst:.4f} s from where it was{cut}")


def _slack(times: "array[int]") -> float:
    """Seconds: half of the least distance between two pictures at most, and no more than rounding twice explains."""
    return max(RASTER, min(_finest(times) / 2 / MICROSECONDS, 2 * RASTER))


def _apart(old: "array[int]", new: "array[int]") -> int:
    """The most that two of them differ by, each counted from its first."""
    if not old:
        return 0
    shift = old[0] - new[0]
    return max(abs(one - other - shift) for one, other in zip(old, new, strict=True))


def _finest(times: "array[int]") -> int:
    """The least distance between two pictures."""
    return min((after - before for before, after in pairwise(times)), default=0)


def _starts(pairs: list[Pair], begins: Begins, bars: Bars) -> Check:
    """Sound and subtitles begin, against the pictures, when they did."""
    wrong = []
    slack = min(bars.seconds, 0.04)
    for kept, old, new in pairs:
        if kept.stream.kind not in (Kind.AUDIO, Kind.SUBTITLE) or old.begin is None:
            continue
        if new.begin is None:
            wrong.append(f"stream {kept.stream.index} is empty")
            continue
        was, now = old.begin - begins[0], new.begin - begins[1]
        if abs(was - now) > slack:
            wrong.append(f"stream {kept.stream.index} begins {now - was:+.3f} s from where it did")
    return check("starts", wrong, "as they were, against the pictures")


def _marks(before: File, after: File, order: Order, begins: Begins, bars: Bars) -> Check:
    """Subtitles are shown, and sound is heard, when it was, inside of the streams as well."""
    wrong, slack = [], min(bars.seconds, 0.04)
    for kept, one in zip(order.kept, streams_of(after[0], order), strict=False):
        old = before[1].marks.get(kept.stream.index, array("q"))
        new = after[1].marks.get(one.index, array("q"))
        # Of other packets nothing is known: of those that were copied `copied` says that they are the same.
        if kept.how in (How.COPY, How.TEXT) and len(old) == len(new):
            moved, longer = marks_apart(old, new, begins)
            if moved > slack:
                wrong.append(f"stream {kept.stream.index} is {moved:.3f} s from where it was at some place")
            elif longer > slack and kept.stream.kind is Kind.SUBTITLE:
                wrong.append(f"a subtitle of stream {kept.stream.index} is shown {longer:.3f} s more or less")
    return check("moments", wrong, "as they were, in all streams that were copied")


def marks_apart(old: "array[int]", new: "array[int]", begins: Begins) -> tuple[float, float]:
    """The most seconds that two marks are apart, against the pictures, and that they last longer or shorter. How long
    something is shown counts where it was said before.
    """
    shift = round((begins[0] - begins[1]) * MICROSECONDS)
    moved = max((abs(one - other - shift) for one, other in zip(old[::2], new[::2], strict=True)), default=0)
    lengths = zip(old[1::2], new[1::2], strict=True)
    longer = max((abs(one - other) for one, other in lengths if one), default=0)
    return moved / MICROSECONDS, longer / MICROSECONDS


def _copied(pairs: list[Pair]) -> Check:
    wrong, count = [], 0
    for kept, old, new in pairs:
        if kept.how not in (How.COPY, How.ATTACHED) or kept.stream.kind is Kind.ATTACHMENT:
            continue
        count += 1
        if old.sha256 != new.sha256:
            wrong.append(f"stream {kept.stream.index} is not what it was: {new.bytes} bytes, not {old.bytes}")
    return check("copied", wrong, f"{count} streams, bit for bit")


def _texts(pairs: list[Pair]) -> Check:
    wrong = [
        f"stream {kept.stream.index} has other words"
        for kept, old, new in pairs
        if kept.how is How.TEXT and (old.text, old.packets) != (new.text, new.packets)
    ]
    return check("words", wrong, "the same words")
