"""The words for each encoder. All are one pass: two would need a file to be written between them, and nothing in the
sandbox writes files. So each is held by its own means: a buffer of half a second, which nothing can overdraw for long.
"""

from processors.video.codec import Codec
from processors.video.decide import Plan
from processors.video.shares import KEY_SECONDS

# Below what is asked, since a beginning costs more than what follows, and a container something as well.
MARGIN = 0.95
LARGE = 1920 * 1080 * 1.5
SDR = ("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv")


def pictures(plan: Plan, bit_rate: int) -> tuple[str, ...]:
    """Words for the pictures of a result of `bit_rate` bits a second, its sound not counted."""
    rate = round(bit_rate * MARGIN)
    words = (*_ENCODERS[plan.codec](plan, rate), "-pix_fmt", "yuv420p", "-threads", str(plan.threads))
    return (*words, "-g", str(max(1, round(plan.rate * KEY_SECONDS))), *SDR)


def sound(plan: Plan) -> tuple[str, ...]:
    """Words for the sound: what is asked for it, on one channel or two, or none."""
    if not plan.sound:
        return ("-an",)
    if plan.copy_sound:
        return ("-map", "0:a:0", "-c:a", "copy")
    rate, channels = plan.sound_share
    # Opus knows by itself what is not worth telling of so few bits; AAC is told fewer samples.
    opus = plan.container == "webm"
    encoder, samples = ("libopus", "48000") if opus else ("aac", "48000" if rate > 32_000 else "24000")
    held = ("-vbr", "constrained") if opus else ()
    return ("-map", "0:a:0", "-c:a", encoder, "-b:a", str(rate), *held, "-ac", str(channels), "-ar", samples)


def _vp9(plan: Plan, rate: int) -> tuple[str, ...]:
    """Real-time mode with a constant bit rate: the only one of one pass that keeps to what is asked on noise.

    A keyframe may take three frames' worth. Quality beyond qmin is not to be seen, so an easy video stays below.
    """
    pixels = plan.width * plan.height * plan.rate / 30
    speed = "8" if pixels > LARGE else "7" if pixels > 1280 * 720 * 1.5 else "6"
    columns = "2" if plan.width >= 1024 else "1" if plan.width >= 512 else "0"
    fast = ("-deadline", "realtime", "-cpu-used", speed, "-row-mt", "1", "-tile-columns", columns)
    held = ("-b:v", str(rate), "-minrate", str(rate), "-maxrate", str(rate), "-bufsize", str(rate // 2))
    limits = ("-undershoot-pct", "50", "-overshoot-pct", "10", "-max-intra-rate", "300", "-qmin", "12")
    return ("-c:v", "libvpx-vp9", *fast, *held, *limits)


def _av1(plan: Plan, rate: int) -> tuple[str, ...]:
    preset = "11" if plan.width * plan.height * plan.rate / 30 > LARGE else "10"
    return ("-c:v", "libsvtav1", "-preset", preset, "-b:v", str(rate), "-svtav1-params", f"rc=1:lp={plan.threads}")


def _h264(plan: Plan, rate: int) -> tuple[str, ...]:
    held = ("-maxrate", str(rate), "-bufsize", str(rate // 2))
    return ("-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-crf", "22", *held)


def _h265(plan: Plan, rate: int) -> tuple[str, ...]:
    held = ("-maxrate", str(rate), "-bufsize", str(rate // 2))
    own = f"pools={plan.threads}:log-level=error"
    return ("-c:v", "libx265", "-preset", "superfast", "-crf", "25", *held, "-x265-params", own, "-tag:v", "hvc1")


_ENCODERS = {Codec.VP9: _vp9, Codec.AV1: _av1, Codec.H264: _h264, Codec.H265: _h265}
