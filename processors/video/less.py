"""What to ask for where a result has more than it may: pure."""

from dataclasses import replace

from processors.video.codec import Codec
from processors.video.decide import NAMES, SOUNDS, Plan, against_copy, fitted
from processors.video.facts import VideoFacts
from processors.video.shares import NO_SOUND, sound_share

# Of what would just do, since a second run does not scale exactly.
CARE = 0.85


def less(plan: Plan, size: int, most: float) -> Plan:
    """The plan once more, for a result of at most `most` bytes, where that of `plan` has `size`.

    Sound gets the share that it has of so little. Pictures that were copied are transcoded after all.
    """
    bit_rate = max(1, round(plan.bit_rate * most / size * CARE))
    share = sound_share(bit_rate) if plan.sound else NO_SOUND
    before = () if plan.copy else plan.reasons
    reasons = (
        *before,
        f"made again by {plan.codec.value}, for {bit_rate / 1000:.3g} kbit/s: more than asked for came out",
    )
    return replace(plan, copy=False, copy_sound=False, bit_rate=bit_rate, sound_share=share, reasons=reasons)


def smaller(plan: Plan) -> Plan:
    """With half as many lines: what an encoder can't make of so few bits in this size."""
    width, height = fitted(plan.width, plan.height, max(2, min(plan.width, plan.height) // 2))
    reason = f"made smaller, to {width} x {height}, to keep to the bit rate"
    return replace(plan, width=width, height=height, reasons=(*plan.reasons, reason))


def as_it_is(facts: VideoFacts, plan: Plan) -> Plan | None:
    """A plan that keeps the source's own streams, in the container that they belong in, where browsers play them."""
    codec = next((one for one, name in NAMES.items() if name == facts.codec), None)
    size = fitted(facts.shown_width, facts.shown_height, max(facts.height, facts.width))
    # H.265 is played by few, so only where it was asked for.
    if (
        codec is None
        or (codec is Codec.H265 and codec is not plan.codec)
        or against_copy(facts, codec, size, float("inf"))
    ):
        return None
    container = "webm" if codec in (Codec.VP9, Codec.AV1) else "mp4"
    if facts.sound is not None and facts.sound.codec not in SOUNDS[container]:
        return None
    reason = (
        "its own streams are kept, though they have more than was asked for: all that was made of them has more still"
    )
    return replace(
        plan,
        codec=codec,
        copy=True,
        copy_sound=facts.sound is not None,
        width=size[0],
        height=size[1],
        reasons=(reason,),
    )
