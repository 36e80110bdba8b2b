"""Deciding what becomes of a video: a pure function of its facts and the settings, with reasons in words."""

from dataclasses import dataclass

from processors.video.codec import Codec
from processors.video.facts import Transfer, VideoFacts
from processors.video.settings import Settings
from processors.video.shares import NO_SOUND, SoundShare, sound_share

MAX_FPS = 60.0
# Rates that cameras and films have; a video of changing rate gets the next one above its average.
FRACTIONS = {23.976: "24000/1001", 29.97: "30000/1001", 59.94: "60000/1001"}
RATES = (15.0, 23.976, 24.0, 25.0, 29.97, 30.0, 48.0, 50.0, 59.94, 60.0)
FALLBACK_FPS = 30.0
# Below so much of what is asked, a result would only be larger than its source.
LEAST_BIT_RATE = 100_000


@dataclass(frozen=True)
class Plan:
    """What to run. width, height: of the result, upright, even. fps: as ffmpeg takes it, and as a number in `rate`.

    bit_rate: asked for all of it, bits a second; copy: pictures are taken as they are. sound: whether there is any;
    sound_share: what is asked for it. fits: it can be carried out in the time that a video may take.
    transfer: how the source's light is told; anything but SDR is brought down to it. reasons: why, for people.
    """

    codec: Codec
    copy: bool
    width: int
    height: int
    fps: str
    rate: float
    bit_rate: int
    sound: bool
    sound_share: SoundShare
    copy_sound: bool
    transfer: Transfer
    wide: bool
    interlaced: bool
    threads: int
    nice: int
    reasons: tuple[str, ...]
    fits: bool = True

    @property
    def container(self) -> str:
        """The format, and the extension, of the result."""
        return "webm" if self.codec in (Codec.VP9, Codec.AV1) else "mp4"

    @property
    def content_type(self) -> str:
        return f"video/{self.container}"


NAMES = {Codec.VP9: "vp9", Codec.AV1: "av1", Codec.H265: "hevc", Codec.H264: "h264"}
SOUNDS = {"webm": ("opus",), "mp4": ("aac",)}


def decide(facts: VideoFacts, settings: Settings) -> Plan:
    """What is made of a video of these `facts`."""
    width, height = fitted(facts.shown_width, facts.shown_height, settings.max_lines)
    bit_rate = _bit_rate(facts, settings.bit_rate(min(width, height)))
    against = against_copy(facts, settings.codec, (width, height), bit_rate)
    fps, rate = _rate(facts)
    container = "webm" if settings.codec in (Codec.VP9, Codec.AV1) else "mp4"
    share = sound_share(bit_rate) if facts.sound is not None else NO_SOUND
    copy_sound = not against and facts.sound is not None and facts.sound.codec in SOUNDS[container]
    transcoded = [
        f"transcoded to {settings.codec.value}: {against}",
        *_changes(facts, settings, (width, height), bit_rate, rate),
    ]
    reasons = transcoded if against else ["the pictures are copied: nothing about them has to change"]
    return Plan(
        codec=settings.codec,
        copy=not against,
        width=width,
        height=height,
        fps=fps,
        rate=rate,
        bit_rate=bit_rate,
        sound=facts.sound is not None,
        sound_share=share,
        copy_sound=copy_sound,
        transfer=facts.transfer,
        wide=facts.wide,
        interlaced=facts.interlaced,
        threads=settings.threads,
        nice=settings.nice,
        reasons=(*reasons, *_of_sound(facts, share, copy_sound)),
    )


def _changes(facts: VideoFacts, settings: Settings, size: tuple[int, int], bit_rate: int, rate: float) -> list[str]:
    """What becomes other about pictures that are transcoded, and why."""
    reasons = []
    if min(facts.shown_width, facts.shown_height) > settings.max_lines:
        reasons.append(f"made smaller, from {facts.shown_width} x {facts.shown_height} to {size[0]} x {size[1]}")
    if facts.bit_rate is not None and bit_rate < settings.bit_rate(min(size)):
        why = "the least, as the source has less" if facts.bit_rate < bit_rate else "as the source has no more"
        reasons.append(f"asked for {bit_rate // 1000} kbit/s, {why}")
    if facts.variable:
        reasons.append(f"its rate changes or is unknown: {rate:g} pictures a second")
    elif facts.fps is not None and facts.fps > MAX_FPS:
        reasons.append(f"{facts.fps:g} pictures a second become {rate:g}")
    if facts.transfer is not Transfer.SDR:
        reasons.append(f"brought down from HDR ({facts.transfer.value}) to SDR")
    if facts.rotation or facts.mirrored:
        reasons.append(f"turned upright: {facts.rotation} degrees{', mirrored' if facts.mirrored else ''}")
    return reasons


def _of_sound(facts: VideoFacts, share: SoundShare, copied: bool) -> list[str]:
    if facts.sound is None:
        return ["there is no sound"]
    if copied or share.channels > 1:
        return []
    return ["sound on one channel, as little is asked for"]


def fitted(width: int, height: int, lines: int) -> tuple[int, int]:
    """The size of a picture of at most so many `lines`, its shorter side: never enlarged, both sides even."""
    scale = min(1.0, lines / min(width, height))
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _bit_rate(facts: VideoFacts, asked: int) -> int:
    """Never more than the source has."""
    return asked if facts.bit_rate is None else min(asked, max(LEAST_BIT_RATE, facts.bit_rate))


def _rate(facts: VideoFacts) -> tuple[str, float]:
    """A constant rate, which encoders hold their bit rate by, and players their time."""
    rate = facts.fps or FALLBACK_FPS
    if facts.variable:
        rate = next((one for one in RATES if one >= rate * 0.9995), MAX_FPS)
    while rate > MAX_FPS:
        rate /= 2
    named = next((text for value, text in FRACTIONS.items() if abs(rate - value) < 0.002), f"{rate:.6g}")
    return named, rate


def against_copy(facts: VideoFacts, codec: Codec, size: tuple[int, int], bit_rate: float) -> str:
    """Why the pictures can't stay as they are, where they are to be of this codec and size; empty if they can."""
    if facts.codec != NAMES[codec]:
        return f"it is {facts.codec}"
    if facts.transfer is not Transfer.SDR or facts.bits != 8 or facts.pixels not in ("yuv420p", "yuvj420p"):
        return f"its pictures are {facts.pixels}, {facts.transfer.value}"
    if size != (facts.width, facts.height) or facts.rotation or facts.mirrored:
        return "its size or position changes"
    if facts.interlaced:
        return "it is interlaced"
    if facts.bit_rate is None:
        return "its bit rate is unknown"
    if facts.bit_rate > bit_rate * 1.15:
        return f"it has more than the {bit_rate // 1000} kbit/s asked for"
    return ""
