"""What making a video anew costs, as far as that can be said before: pure arithmetic on what was measured."""

from processors.video.codec import Codec
from processors.video.effort import DECODING, FULL
from processors.video.facts import VideoFacts
from processors.video.keeping.order import Order, Refusal

# CPU seconds for a second of 1080p at 30 pictures, decoding among them: the mean of an easy clip and of noise, by
# `keeping/measure.py` (processors/README.md).
CPU_SECONDS = {Codec.VP9: 5.4, Codec.AV1: 2.0, Codec.H265: 3.2, Codec.H264: 2.8}
# The same for verifying: both are decoded once more, compared, and walked through.
VERIFYING = 0.85
# Of ten bits: assumed, no clip of that kind was measured.
DEEP = 1.5


def cpu_seconds(facts: VideoFacts, order: Order) -> float:
    """Seconds of one core to encode it, on the machine that CPU_SECONDS were measured on; 0 of unknown length."""
    deep = DEEP if order.bits > 8 else 1.0
    return order.seconds * deep * (_decoding(facts, order) + _made(order)) * CPU_SECONDS[order.codec]


def verifying_seconds(facts: VideoFacts, order: Order) -> float:
    """The same to verify what was made: it goes with the pixels of the source, at which both are compared."""
    return (
        order.seconds * facts.width * facts.height * order.rate / FULL * VERIFYING * (DEEP if order.bits > 8 else 1.0)
    )


def too_long(estimate_seconds: float, limit: float) -> Refusal | None:
    """Why a file is not begun with that would not be done in time. Both in seconds by the clock, `limit` that of all
    the work on one file; `estimate_seconds` as of `cpu_seconds` and `verifying_seconds`, on so many cores as it has.
    """
    if estimate_seconds <= limit:
        return None
    return Refusal(
        f"it would take {estimate_seconds / 3600:,.0f} hours, and {limit / 3600:,.0f} are the most there are"
    )


def _decoding(facts: VideoFacts, order: Order) -> float:
    return facts.width * facts.height * order.rate / FULL * DECODING


def _made(order: Order) -> float:
    return order.width * order.height * order.rate / FULL * (1 - DECODING)
