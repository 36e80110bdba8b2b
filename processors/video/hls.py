"""A ladder for HTTP Live Streaming (RFC 8216): rungs of H.264 in fragmented MP4, one file each, told by byte ranges.

One file a rung instead of one a segment: fewer objects to store and sign, and nothing in the sandbox makes files.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from processors.sandbox.errors import SandboxDied
from processors.video.boxes import Box, boxes
from processors.video.codec import Codec
from processors.video.decide import LEAST_BIT_RATE, Plan, fitted
from processors.video.facts import VideoFacts
from processors.video.shares import NO_SOUND, sound_share

SEGMENT_SECONDS = 4
CONTENT_TYPE = "application/vnd.apple.mpegurl"
# Bits a second of each rung by its lines, sound included; between two, the higher one's. At most what the source has.
BIT_RATES = ((360, 700_000), (480, 1_200_000), (720, 2_500_000), (1080, 4_500_000), (2160, 9_000_000))
FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")


@dataclass(frozen=True)
class Rung:
    """One rung: its plan, and the file it is, which lies beside the playlists."""

    plan: Plan
    name: str

    @property
    def list_name(self) -> str:
        """Its own playlist's file."""
        return self.name.removesuffix(".mp4") + "_list.m3u8"

    @property
    def extra(self) -> tuple[str, ...]:
        """A keyframe every so many pictures and none between, so that segments are equally long in all rungs."""
        every = str(frames(self.plan))
        return ("-g", every, "-keyint_min", every, "-sc_threshold", "0", *FRAGMENTED)


def frames(plan: Plan) -> int:
    """Pictures in a segment."""
    return max(1, round(plan.rate * SEGMENT_SECONDS))


def rungs(facts: VideoFacts, plan: Plan, ladder: Sequence[int]) -> list[Rung]:
    """Those of `ladder`, by lines, that the video as it is planned is large enough for; at least one."""
    most = min(plan.width, plan.height)
    return [_rung(facts, plan, lines) for lines in sorted({one for one in ladder if one <= most} or {min(ladder)})]


def _rung(facts: VideoFacts, plan: Plan, lines: int) -> Rung:
    width, height = fitted(facts.shown_width, facts.shown_height, lines)
    rate = next((rate for up_to, rate in BIT_RATES if lines <= up_to), BIT_RATES[-1][1])
    if facts.bit_rate is not None:
        rate = min(rate, max(LEAST_BIT_RATE, facts.bit_rate))
    share = sound_share(rate) if plan.sound else NO_SOUND
    made = replace(plan, codec=Codec.H264, copy=False, copy_sound=False, sound_share=share, bit_rate=rate)
    return Rung(replace(made, width=width, height=height), f"hls_{lines}.mp4")


def playlist(rung: Rung, descriptor: int, seconds: float) -> str:
    """The playlist of a rung whose file is open as `descriptor`. Raises SandboxDied where it is not what was asked."""
    try:
        found = list(boxes(descriptor))
    except ValueError as error:
        raise SandboxDied(f"a rung is no MP4: {error}") from error
    starts = [number for number, box in enumerate(found) if box.name == b"moof"]
    if not starts:
        raise SandboxDied("a rung has no fragments")
    head = found[starts[0]].offset
    length = frames(rung.plan) / rung.plan.rate
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{math.ceil(length)}", "#EXT-X-PLAYLIST-TYPE:VOD"]
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{rung.name}",BYTERANGE="{head}@0"']
    for number, (begin, end) in enumerate(_fragments(found, starts)):
        lasts = min(length, max(0.001, seconds - number * length))
        lines += [f"#EXTINF:{lasts:.6f},", f"#EXT-X-BYTERANGE:{end - begin}@{begin}", rung.name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def _fragments(found: list[Box], starts: list[int]) -> list[tuple[int, int]]:
    """Where each begins and ends: with its media, without the index behind the last."""
    media = [(box.offset, box.offset + box.size) for box in found if box.name == b"mdat"]
    return [(found[start].offset, next(end for begin, end in media if begin > found[start].offset)) for start in starts]


def master(made: Sequence[tuple[Rung, int]], seconds: float) -> str:
    """The list of rungs, each with the size of its file in bytes."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for rung, size in made:
        average = round(size * 8 / max(seconds, 0.001))
        rate = f"BANDWIDTH={max(average, rung.plan.bit_rate)},AVERAGE-BANDWIDTH={average}"
        lines.append(f"#EXT-X-STREAM-INF:{rate},RESOLUTION={rung.plan.width}x{rung.plan.height}")
        lines.append(rung.list_name)
    return "\n".join([*lines, ""])
