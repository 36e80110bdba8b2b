"""What a transcode would leave and cost, as far as that can be said before."""

from typing import NamedTuple

from processors.video.facts import VideoFacts
from processors.video.keeping.choosing import bulky
from processors.video.keeping.effort import cpu_seconds, verifying_seconds
from processors.video.keeping.inventory import Kind
from processors.video.keeping.order import How, Kept, Order

# Bits a second for each channel of sound that is copied: of what is made for listening, and of what is lossless.
LOSSY, LOSSLESS = 64_000, 500_000


class Estimate(NamedTuple):
    """size: bytes of the result; cpu_seconds: of one core."""

    size: int
    cpu_seconds: float


def estimate(facts: VideoFacts, order: Order) -> Estimate:
    """Of a video whose length is known.

    Bytes are what the order asks for times the length, no model of its pictures: that is the most that encoders may
    have, and easy pictures take half of it. Sound that is copied is taken for what its kind usually has; subtitles and
    what is attached are not counted.

    CPU seconds, verifying among them, are those measured for 1080p at 30 pictures a second on one machine, in
    proportion to pixels: right in their order on another machine, and wrong by as much as its cores are faster or
    slower.
    """
    rate = order.bit_rate + sum(map(_sound, order.kept))
    return Estimate(
        round(rate / 8 * (facts.seconds or 0.0)), cpu_seconds(facts, order) + verifying_seconds(facts, order)
    )


def _sound(one: Kept) -> int:
    """Bits a second."""
    if one.stream.kind is not Kind.AUDIO:
        return 0
    if one.how is How.SOUND:
        return one.bit_rate
    return one.stream.channels * (LOSSLESS if bulky(one.stream) else LOSSY)
