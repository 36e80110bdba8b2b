"""The words for each encoder where nobody waits: quality decides, and the bit rate asked for holds it back.

Of 1080p of moving patterns, 2 Mbit/s asked for, against the modes for uploads (tried once, VMAF of every fifth
picture): AV1 1,171 kbit/s at VMAF 96.7 (1,918 at 96.9), VP9 955 at 97.2 (1,874 at 95.9), H.265 1,424 at 97.0 (869 at
93.6), H.264 1,445 at 97.1 (1,161 at 95.3). CPU seconds for one of video, and noise: `keeping/measure.py`,
processors/README.md. On noise all but VP9 keep to 120 % of what is asked, a full buffer at the beginning counted; VP9
has no such means in one pass: 168 %.
"""

from collections.abc import Callable

from processors.video.codec import Codec
from processors.video.keeping.dictation import together
from processors.video.keeping.order import Order

KEY_SECONDS = 5
# Seconds of the bit rate that may come at once.
BUFFER_SECONDS = 2
_X265, _SVT = "pools={threads}:log-level=error", "lp={threads}"


def encoder(order: Order) -> tuple[str, ...]:
    """Words for the pictures of `order`."""
    words = (
        *(_dictated(order) if order.words else _ENCODERS[order.codec](order)),
        "-pix_fmt",
        order.pixels,
        "-threads",
        str(order.threads),
    )
    return (*words, "-g", str(max(1, round(order.rate * KEY_SECONDS))))


def _dictated(order: Order) -> tuple[str, ...]:
    """Those of a plug-in; how many threads there are, and what a player needs, is ours to say."""
    own = {"libx265": _X265, "libsvtav1": _SVT}.get(order.words[1], "")
    return (*together(order.words, own.format(threads=order.threads)), *_tag(order))


def _tag(order: Order) -> tuple[str, ...]:
    return ("-tag:v", "hvc1") if (order.codec, order.container) == (Codec.H265, "mp4") else ()


def _held(order: Order) -> tuple[str, ...]:
    return ("-maxrate", str(order.bit_rate), "-bufsize", str(order.bit_rate * BUFFER_SECONDS))


def _vp9(order: Order) -> tuple[str, ...]:
    """Constrained quality: `crf` unless that takes more than the bit rate."""
    columns = "2" if order.width >= 1024 else "1" if order.width >= 512 else "0"
    fast = ("-deadline", "good", "-cpu-used", "5", "-row-mt", "1", "-tile-columns", columns, "-auto-alt-ref", "1")
    return ("-c:v", "libvpx-vp9", *fast, "-crf", "31", "-b:v", str(order.bit_rate), *_held(order))


def _av1(order: Order) -> tuple[str, ...]:
    return (
        "-c:v",
        "libsvtav1",
        "-preset",
        "9",
        "-crf",
        "30",
        *_held(order),
        "-svtav1-params",
        _SVT.format(threads=order.threads),
    )


def _h264(order: Order) -> tuple[str, ...]:
    profile = "high10" if order.bits > 8 else "high"
    return ("-c:v", "libx264", "-preset", "medium", "-profile:v", profile, "-crf", "21", *_held(order))


def _h265(order: Order) -> tuple[str, ...]:
    own = _X265.format(threads=order.threads)
    return ("-c:v", "libx265", "-preset", "fast", "-crf", "23", *_held(order), "-x265-params", own, *_tag(order))


_ENCODERS: dict[Codec, Callable[[Order], tuple[str, ...]]] = {
    Codec.VP9: _vp9,
    Codec.AV1: _av1,
    Codec.H264: _h264,
    Codec.H265: _h265,
}
