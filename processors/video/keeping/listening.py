"""Listening to both files: how loud each stream of sound is, and whether what was encoded is the same sound still.

Compared is what lies below 4 kHz, sample by sample, where Opus and AAC keep the shape of a wave; above they may keep
only how strong it is. The signal against what it differs by, of the channel that comes off best: others may be silent,
or so soft that nothing is left of them. Of tones, chirps, music and noise, loud and soft, it was 8.3 dB and more at 64
kbit/s a channel, and at 24 kbit/s 1.7 dB and more, but for what has hardly anything below 4 kHz (-1.2). Silence has
0 dB, another sound as loud -3 dB.
"""

import math
import re

from processors.video.keeping.choosing import LAYOUTS
from processors.video.keeping.comparing import streams_of
from processors.video.keeping.inventory import Inventory, Kind, Stream
from processors.video.keeping.order import How, Order

RATE = 8_000
LOUD = re.compile(r"loud([01])_(\d+) @ [^\]]*\] mean_volume: (-?[0-9.]+|-inf) dB")
ALIKE = re.compile(r"alike_(\d+) @ [^\]]*\] SDR ch\d+: (\S+) dB")


def listening(before: Inventory, after: Inventory, order: Order) -> tuple[str, list[str]]:
    """ffmpeg's filters, each begun by a semicolon, and the names of what comes out of them."""
    pairs = [
        (kept.stream, one)
        for kept, one in zip(order.kept, streams_of(after, order), strict=False)
        if kept.how is How.SOUND and one.channels
    ]
    encoded = {(0, was.index) for was, _ in pairs} | {(1, one.index) for _, one in pairs}
    graph, names = "", []
    for number, inventory in enumerate((before, after)):
        for stream in inventory.of(Kind.AUDIO):
            if stream.channels:
                graph += _heard(number, stream, (number, stream.index) in encoded)
                names.append(f"[loud{number}_{stream.index}]")
    for was, one in pairs:
        graph += f";[plain0_{was.index}][plain1_{one.index}]asdr@alike_{was.index}[alike{was.index}]"
        names.append(f"[alike{was.index}]")
    return graph, names


def _heard(number: int, stream: Stream, encoded: bool) -> str:
    """A stream through a filter that tells how loud it is, named for who it is; and beside, made plain to compare."""
    name, begin, split = f"{number}_{stream.index}", f";[{number}:{stream.index}]", ""
    if encoded:
        plain = f"aresample={RATE},aformat=sample_fmts=fltp:channel_layouts={LAYOUTS[stream.channels]}"
        split = f"{begin}asplit[is{name}][like{name}];[like{name}]{plain}[plain{name}]"
        begin = f";[is{name}]"
    return f"{split}{begin}volumedetect@loud{name}[loud{name}]"


def loud(said: str, number: int) -> dict[int, float]:
    """How loud each stream of input `number` is, by its index."""
    return {int(found[2]): float(found[3]) for found in LOUD.finditer(said) if found[1] == str(number)}


def alike(said: str) -> dict[int, float]:
    """Of each stream that was encoded, by its index in the source: dB of its best channel; a silent one tells none."""
    found: dict[int, float] = {}
    for index, like in ALIKE.findall(said):
        if not math.isnan(float(like)):
            found[int(index)] = max(found.get(int(index), float("-inf")), float(like))
    return found
