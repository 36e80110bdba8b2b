"""What happens to pictures between decoder and encoder."""

from processors.video.decide import Plan
from processors.video.facts import Transfer

# As zscale calls them.
LIGHT = {Transfer.PQ: "smpte2084", Transfer.HLG: "arib-std-b67"}
# Candela a square metre that become SDR's white.
WHITE = 203


def chain(plan: Plan, width: int, height: int, fps: bool = True) -> str:
    """The filters for a result of `width` x `height`: the fewest pixels first, since what follows costs by the pixel.

    The picture is upright already: ffmpeg turns it by its display matrix before the first filter.
    """
    steps = ["bwdif=mode=send_frame"] if plan.interlaced else []
    if fps:
        steps.append(f"fps={plan.fps}")
    steps += [f"scale={width}:{height}:flags=bicubic", "setsar=1"]
    if plan.transfer in LIGHT:
        steps += _to_sdr(LIGHT[plan.transfer], plan.wide)
    return ",".join([*steps, "format=yuv420p"])


def _to_sdr(transfer: str, wide: bool) -> list[str]:
    """To linear light, BT.709's colours, the bright parts pressed into what SDR can show, and back."""
    primaries, matrix = ("bt2020", "bt2020nc") if wide else ("bt709", "bt709")
    return [
        "format=yuv420p10le",
        f"zscale=tin={transfer}:pin={primaries}:min={matrix}:rin=tv:t=linear:npl={WHITE}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        "tonemap=mobius:desat=0:peak=5",
        "zscale=t=bt709:m=bt709:r=tv",
    ]
