"""Asking what a file holds, in the sandbox."""

import os
from array import array
from dataclasses import dataclass, field, replace

import msgspec

from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.video.facts import VideoFacts
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.questions import Behind, Covers, List, Walk, Walked
from processors.video.orders import Facts
from processors.video.probe import READ_BYTES_A_SECOND, reading_seconds
from processors.video.viewing import ask

LOOK = Bounds(seconds=20.0, cores=2)
TIME_BYTES = 8


@dataclass(frozen=True)
class Packets:
    """What a walk through all packets has found. times: when each picture is shown, in microseconds, rising.

    marks: of subtitles and sound, by index, when a packet is shown and for how long, by turns; see `walk.py` for which.
    """

    said: Walked
    times: "array[int]"
    marks: "dict[int, array[int]]" = field(default_factory=dict)


async def take_inventory(source: int, protection: Protection) -> Inventory:
    """What the file behind `source` holds, by its header, its first picture, and a few keyframes behind it.

    Raises Refused as `probe` does, SandboxDied, and as `execute` does.
    """
    # Without an index keyframes are found by reading.
    bounds = replace(LOOK, seconds=LOOK.seconds + reading_seconds(source))
    _, data = await ask("inventory", List(), Behind, source, protection, bounds)
    return _read(data)


async def look_whole(source: int, protection: Protection) -> tuple[VideoFacts, Inventory]:
    """Its facts as well, at once. Raises as `probe` and `take_inventory` do."""
    reading = reading_seconds(source)
    bounds = replace(LOOK, seconds=LOOK.seconds + 2 * reading)
    facts, data = await ask("whole", Facts(Facts().patience + reading), VideoFacts, source, protection, bounds)
    return facts, _read(data)


def _read(data: memoryview) -> Inventory:
    try:
        return msgspec.json.decode(data, type=Inventory)
    except msgspec.MsgspecError as error:
        raise SandboxDied(f"the viewer talks nonsense: {error}") from error


async def take_covers(source: int, indexes: list[int], protection: Protection) -> list[bytes]:
    """The bytes of the attached pictures in the streams of these `indexes`. Raises as `take_inventory` does."""
    said, data = await ask("covers", Covers(indexes), Behind, source, protection, LOOK)
    if sum(said.parts) != len(data) or len(said.parts) != len(indexes):
        raise SandboxDied("the viewer made more or less than it says")
    parts, begin = [], 0
    for length in said.parts:
        parts.append(bytes(data[begin : begin + length]))
        begin += length
    return parts


async def walk(
    source: int, pictures: int, protection: Protection, nice: int, hearing: Hearing | None = None
) -> Packets:
    """All packets of `source`, whose moving pictures are stream `pictures`. Raises as `take_inventory` does."""
    patience = 30.0 + os.fstat(source).st_size / READ_BYTES_A_SECOND
    bounds = replace(LOOK, seconds=patience + LOOK.seconds, nice=nice)
    said, data = await ask("walk", Walk(pictures, patience), Walked, source, protection, bounds, hearing)
    if (said.times + sum(one.marks for one in said.tracks)) * TIME_BYTES != len(data):
        raise SandboxDied("the viewer made more or less than it says")
    numbers = array("q")
    numbers.frombytes(data)
    marks, begin = {}, said.times
    for one in said.tracks:
        marks[one.index] = numbers[begin : begin + one.marks]
        begin += one.marks
    return Packets(said, numbers[: said.times], marks)
