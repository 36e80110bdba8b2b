"""Telling whether samples were converted under the name they had: to another matrix, or to another range.

SSIM, and so VMAF, hardly see that: all is as sharp as before, a little redder, greener or paler. So the same is done to
the pictures of the source, and the result is held against them as against those that were left as they are: it is to be
like these. What an encoder takes away is no more like the one than like the other. All of it on the small pictures that
colours are compared on. By how many dB of PSNR a result is more like converted pictures than like its source's, of
patterns, fractals, gradients, grey, dark and flat pictures with and without noise, 480x270, by x264, x265, VP9 and AV1:

| | at usual quality | at the worst (x264 at crf 38, AV1 at 58) |
|---|---|---|
| honest | 0.9 at most, of grey noise 0.4, of most under -1 | 0.9 at most |
| range converted | 9 to 24, of grey noise 4 to 6 | 4 to 22; of dull pictures 1.3, of grey noise 0 to 1.4 |
| matrix converted, of colours | 3 to 17 | 3 to 11 |
| matrix converted, of dull, dark or grey pictures | 0 to 5 | 0 to 1.7 |

A black film of full range is 23 dB more like one that was converted, as both are black: at 52 dB for what it should be,
which is why as good a likeness is no harm (`surely_like`).
"""

import math
import re
from dataclasses import dataclass

# Samples are compared as they are: of two files that say different things of their colours one would be converted.
SAME = "setparams=color_primaries=unknown:color_trc=unknown:colorspace=unknown"
LEFT = re.compile(r"left @ [^\]]*\] PSNR .*average:(\S+)")
CONVERTED = re.compile(r"converted_(\d+) @ [^\]]*\] PSNR .*average:(\S+)")
LIMITED, FULL = "limited range", "full range"
# What they are called, and by ffmpeg's `colorspace`. Those of fields and films are the same as BT.601's or as good as.
MATRICES = {"BT.601": "smpte170m", "BT.709": "bt709", "BT.2020": "bt2020ncl"}
RANGES = {LIMITED: "tv", FULL: "pc"}
PAIRS = [
    *((LIMITED, FULL), (FULL, LIMITED)),
    *((one, other) for one in MATRICES for other in MATRICES if one != other),
]


@dataclass(frozen=True)
class Conversion:
    """The one that the result is most like, as said for people. left: how like the result is to pictures that nothing
    was done to; nearer: by how much more it is to the converted ones: both PSNR, in dB.
    """

    name: str
    left: float
    nearer: float


def comparing(full: bool) -> str:
    """ffmpeg's filters from [small], the source's pictures, and [like], the result's, to [converted].

    full: the range that the samples of both have.
    """
    span = RANGES[FULL if full else LIMITED]
    names = [f"[as{number}]" for number in range(len(PAIRS))]
    graph = f"[small]split={len(PAIRS) + 1}[as]{''.join(names)};[like][as]psnr@left[to0]"
    for number, pair in enumerate(PAIRS):
        done = f"{_filter(*pair, span)},{SAME}:range={span}"
        last = "[converted]" if number == len(PAIRS) - 1 else f"[to{number + 1}]"
        graph += f";[as{number}]{done}[so{number}];[to{number}][so{number}]psnr@converted_{number}{last}"
    return graph


def _filter(one: str, other: str, span: str) -> str:
    """Without a word of primaries and transfer: these stay."""
    same = "iprimaries=bt709:primaries=bt709:itrc=bt709:trc=bt709"
    before, after = RANGES.get(one, span), RANGES.get(other, span)
    matrices = f"ispace={MATRICES.get(one, 'bt709')}:space={MATRICES.get(other, 'bt709')}"
    return f"colorspace={matrices}:irange={before}:range={after}:{same}"


def conversion(said: str) -> Conversion | None:
    """What `comparing` found, as ffmpeg has `said` at its end; None where nothing could be compared."""
    left = LEFT.findall(said)
    found = {int(number): float(like) for number, like in CONVERTED.findall(said)}
    if not left or set(found) != set(range(len(PAIRS))):
        return None
    as_it_was, nearest = float(left[-1]), max(found, key=lambda number: found[number])
    # Of what is the same to the last bit there is no more like.
    nearer = found[nearest] - as_it_was if math.isfinite(as_it_was) else -math.inf
    return Conversion(f"from {PAIRS[nearest][0]} to {PAIRS[nearest][1]}", as_it_was, nearer)
