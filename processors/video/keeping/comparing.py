"""Comparing what a result says of itself with what its order promised: pure."""

from collections.abc import Callable, Iterator
from itertools import zip_longest

from processors.video.keeping.choosing import LAYOUTS
from processors.video.keeping.inventory import Inventory, Kind, Mastering, Stream
from processors.video.keeping.order import How, Kept, Order
from processors.video.keeping.verdict import Check, check

# Matroska's times are thousandths of a second.
ROUNDING = 0.002
# Of a mastering display: encoders round its numbers to fixed point (the coarsest, AV1's light, to 1/256 and 1/16384).
NEAR, NEAR_LIGHT = 0.0005, 0.01
CONTAINERS = {"mp4": "mov", "matroska": "matroska", "webm": "webm"}
# What a camera without a clock writes, or a converter that was told none: MP4 as ffmpeg writes it can't say that.
MADE, NO_TIME = "creation_time", "1970-01-01T00:00:00"
ANY = 2  # what stands for "not said" among the numbers of ITU-T H.273


def compare(before: Inventory, after: Inventory, order: Order) -> list[Check]:
    """All that headers tell."""
    pairs = list(_pairs(after, order))
    return [
        _streams(after, order),
        _each("languages", pairs, lambda kept, one: (kept.stream.language, one.language)),
        _each("titles", pairs, lambda kept, one: (kept.stream.title, one.title)),
        _each("dispositions", pairs, lambda kept, one: (_flags(kept.stream), _flags(one))),
        _each("channels", pairs, _channels),
        _attachments(order, after),
        _chapters(before, after),
        _tags(before, after),
        _light(before, after, order),
        _shape(before, after, order),
    ]


def streams_of(after: Inventory, order: Order) -> list[Stream]:
    """The result's streams without those that only tell of chapters, attachments after all others."""
    found = [one for one in after.streams if one.kind is not Kind.DATA or order.container != "mp4"]
    behind = (Kind.ATTACHMENT, Kind.PICTURE)
    return [one for one in found if one.kind not in behind] + [one for one in found if one.kind in behind]


def _pairs(after: Inventory, order: Order) -> Iterator[tuple[Kept, Stream]]:
    return zip(order.kept, streams_of(after, order), strict=False)


def _streams(after: Inventory, order: Order) -> Check:
    wrong = []
    if after.container != CONTAINERS[order.container]:
        wrong.append(f"the container is {after.container}, not {order.container}")
    for kept, one in zip_longest(order.kept, streams_of(after, order)):
        wanted = f"{kept.stream.kind.value} {kept.codec}" if kept else "nothing"
        found = f"{one.kind.value} {one.codec}" if one else "nothing"
        if wanted != found:
            where = f"stream {kept.stream.index} of the source" if kept else f"stream {one.index}"
            wrong.append(f"{where}: {wanted} was promised, {found} is there")
    return check("streams", wrong, f"{len(order.kept)} streams")


def _each(name: str, pairs: list[tuple[Kept, Stream]], of: Callable[[Kept, Stream], tuple[object, object]]) -> Check:
    wrong = []
    for kept, one in pairs:
        wanted, found = of(kept, one)
        if wanted != found:
            wrong.append(f"stream {kept.stream.index}: {wanted or 'none'} before, {found or 'none'} now")
    return check(name, wrong, "the same")


def _flags(one: Stream) -> str:
    return ", ".join(sorted(one.dispositions))


def _channels(kept: Kept, one: Stream) -> tuple[object, object]:
    """Of sound that is encoded 5.1(side) becomes 5.1: the same six; its rate is Opus' own."""
    if kept.how is How.SOUND:
        return kept.stream.channels, one.channels
    return _as_heard(kept.stream), _as_heard(one)


def _as_heard(one: Stream) -> str:
    """Matroska says of plain samples only how many channels they have: then the usual ones are meant."""
    layout = LAYOUTS.get(one.channels, one.layout) if one.layout == f"{one.channels} channels" else one.layout
    return f"{one.channels} channels ({layout}), {one.rate} a second"


def _attachments(order: Order, after: Inventory) -> Check:
    kinds = (Kind.ATTACHMENT, Kind.PICTURE)
    wanted = sorted((one.stream for one in order.kept if one.stream.kind in kinds), key=_content)
    found = sorted(after.of(*kinds), key=_content)
    wrong = []
    for was, one in zip_longest(wanted, found):
        if was is None or one is None:
            wrong.append(f"{(was or one).name or 'a cover'} is {'there' if one else 'lost'}")
        elif _content(was) != _content(one) or (was.name and (was.name, was.mime) != (one.name, one.mime)):
            if order.container == "mp4" and _content(was) == _content(one):
                continue  # covers have no names there
            wrong.append(f"{was.name or 'a cover'} is not what it was")
    return check("attachments", wrong, f"{len(wanted)}, the same by SHA-256")


def _content(one: Stream) -> tuple[str, int]:
    return one.sha256, one.size


def _chapters(before: Inventory, after: Inventory) -> Check:
    wrong = []
    for was, one in zip_longest(before.chapters, after.chapters):
        if was is None or one is None:
            wrong.append(f"{len(before.chapters)} before, {len(after.chapters)} now")
            break
        if was.title != one.title or abs(was.begin - before.start - one.begin + after.start) > ROUNDING:
            wrong.append(f"{was.title or 'one'} at {was.begin:.3f} s is now {one.title or 'one'} at {one.begin:.3f} s")
        elif abs(was.end - before.start - one.end + after.start) > ROUNDING and was is not before.chapters[-1]:
            wrong.append(f"{was.title or 'one'} ends at {one.end:.3f} s, not {was.end:.3f} s")
    return check("chapters", wrong, f"{len(before.chapters)}, the same")


def _tags(before: Inventory, after: Inventory) -> Check:
    wrong = [
        f"{name}: {after.tags.get(name) or 'none'} instead of {value}"
        for name, value in before.tags.items()
        if value and not _same(value, after.tags.get(name, "")) and not (name == MADE and value.startswith(NO_TIME))
    ]
    return check("tags", wrong, f"{len(before.tags)}, the same")


def _same(value: str, other: str) -> bool:
    """Times are written with more or fewer zeros behind, and in MP4 twice where it has tags of a maker's own."""
    return value == other or {_plain(value)} == {_plain(one) for one in other.split(";")}


def _plain(value: str) -> str:
    return value.rstrip("Z0").rstrip(".") if value.endswith("Z") else value


def _light(before: Inventory, after: Inventory, order: Order) -> Check:
    was, now = before.pictures.light, after.pictures.light
    wrong = []
    for name in ("transfer", "primaries", "matrix"):
        old, new = getattr(was, name), getattr(now, name)
        if old not in (0, ANY) and old != new:
            wrong.append(f"{name} is {new}, not {old}")
    if was.full != now.full:
        wrong.append(f"the range is {'full' if now.full else 'limited'}")
    if now.bits != order.bits:
        wrong.append(f"samples have {now.bits} bits, not {order.bits}")
    if was.content and any(was.content) and was.content != now.content:
        wrong.append(f"content light is {now.content}, not {was.content}")
    if was.mastering and not _near(was.mastering, now.mastering):
        wrong.append(f"the mastering display is {now.mastering}, not {was.mastering}")
    return check("light", wrong, f"transfer {now.transfer}, {now.bits} bits, as it was")


def _near(was: Mastering, now: Mastering | None) -> bool:
    if now is None or len(was.points) > len(now.points) or len(was.light) > len(now.light):
        return False
    points = all(abs(one - other) <= NEAR for one, other in zip(was.points, now.points, strict=False))
    lights = zip(was.light, now.light, strict=False)
    return points and all(abs(one - other) <= max(NEAR_LIGHT, one * NEAR_LIGHT) for one, other in lights)


def _shape(before: Inventory, after: Inventory, order: Order) -> Check:
    was, now = before.pictures, after.pictures
    wrong = []
    if (now.width, now.height) != (order.width, order.height):
        wrong.append(f"{now.width} x {now.height} instead of {order.width} x {order.height}")
    if now.turn != was.turn:
        wrong.append(f"turned by {now.turn}, not {was.turn}")
    if abs(now.sample / was.sample - 1) > NEAR:
        wrong.append(f"samples are {now.sample} wide, not {was.sample}")
    wrong += [f"{name.lower()} is not what it was" for name in was.around if was.around[name] != now.around.get(name)]
    if now.interlaced and order.deinterlace:
        wrong.append("it is interlaced still")
    return check("shape", wrong, f"{now.width} x {now.height}, turned as it was")
