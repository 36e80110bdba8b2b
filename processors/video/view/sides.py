"""What goes with a picture besides its samples, by the names of ffmpeg's frame.h."""

from typing import Any

from av.video.frame import VideoFrame

DYNAMIC = {"DYNAMIC_HDR_PLUS", "DYNAMIC_HDR_VIVID"}
DOLBY = {"DOVI_RPU_BUFFER", "DOVI_METADATA"}


def sides(frame: VideoFrame) -> dict[str, bytes]:
    """All of it."""
    found: Any = frame.side_data
    return {one.type.name: bytes(one) for one in found}


def dolby(frame: VideoFrame) -> bool:
    """Whether there is Dolby Vision."""
    return bool(DOLBY & set(sides(frame)))


def dynamic(frame: VideoFrame) -> bool:
    """Whether its HDR is that of its scene."""
    return bool(DYNAMIC & set(sides(frame)))


def captions(frame: VideoFrame) -> bool:
    """Whether there are captions inside (CTA-708, by ATSC A/53)."""
    return "A53_CC" in sides(frame)
