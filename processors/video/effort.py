"""How long a video will take to be made, as far as that can be said before: pure arithmetic on what was measured."""

from processors.video.codec import Codec
from processors.video.decide import Plan
from processors.video.facts import VideoFacts

# CPU seconds for a second of 1080p at 30 pictures (processors/README.md), and how much of that is for decoding it.
CPU_SECONDS = {Codec.VP9: 1.27, Codec.AV1: 1.21, Codec.H265: 2.17, Codec.H264: 1.05}
DECODING = 0.15
FULL = 1920 * 1080 * 30
# What is only copied goes as fast as the disk.
COPYING = 0.002


def effort(facts: VideoFacts, plan: Plan) -> float:
    """Seconds by the clock, where half of the threads that the encoder may use have a core to themselves."""
    if plan.copy:
        return (facts.seconds or 0.0) * COPYING
    return cpu_seconds(facts, plan) / max(1.0, plan.threads / 2)


def cpu_seconds(facts: VideoFacts, plan: Plan) -> float:
    """Seconds of one core to transcode it, on the machine that CPU_SECONDS were measured on; 0 of unknown length.

    Decoding goes with the pixels of the source, encoding with those of the result.
    """
    coded = facts.width * facts.height * (facts.fps or plan.rate) / FULL * DECODING
    made = plan.width * plan.height * plan.rate / FULL * (1 - DECODING)
    return (facts.seconds or 0.0) * (coded + made) * CPU_SECONDS[plan.codec]
