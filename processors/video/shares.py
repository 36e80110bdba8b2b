"""How a bit rate is shared between sound, pictures, and what a container needs for itself."""

from typing import NamedTuple

# Of what is asked for a whole video, in bits a second, from which on the sound gets so much: a quarter or so, and of
# little only speech is left. Channels are what they are played on: a voice alone needs one.
STEPS = (
    (400_000, 96_000, 2),
    (260_000, 64_000, 2),
    (190_000, 48_000, 2),
    (130_000, 32_000, 1),
    (80_000, 24_000, 1),
    (0, 12_000, 1),
)
LEAST_PICTURES = 10_000
# A container's words around a packet, and at its beginning and end; sound comes in so many packets a second.
PACKET_BYTES, HEAD_BYTES = 8, 1024
SOUND_PACKETS = 50


class SoundShare(NamedTuple):
    """bit_rate: bits a second."""

    bit_rate: int
    channels: int


NO_SOUND = SoundShare(0, 0)


def sound_share(bit_rate: int) -> SoundShare:
    """What the sound of a video may have for which `bit_rate` bits a second are asked."""
    return next(SoundShare(rate, channels) for least, rate, channels in STEPS if bit_rate >= least)


def picture_share(bit_rate: int, sound: SoundShare, rate: float, seconds: float) -> int:
    """What is left for `rate` pictures a second, in a video of so many `seconds`."""
    packets = rate + (SOUND_PACKETS if sound.bit_rate else 0)
    around = PACKET_BYTES * packets + (HEAD_BYTES + index_bytes(seconds)) / max(1.0, seconds)
    return max(LEAST_PICTURES, round(bit_rate - sound.bit_rate - 8 * around))


KEY_SECONDS = 5


def index_bytes(seconds: float) -> int:
    """The room that an index at the beginning of a WebM needs, with some for keyframes that were not planned."""
    return 256 + 32 * round(seconds / KEY_SECONDS + 1)
