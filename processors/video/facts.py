"""What a video is: what its file says of itself, checked, as the viewer tells it."""

from enum import StrEnum
from typing import Annotated

import msgspec

from processors.limits import MAX_SECONDS, MAX_STREAMS, MAX_VIDEO_PIXELS

Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_VIDEO_PIXELS)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.,-]{1,60}\Z")]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
Rate = Annotated[int, msgspec.Meta(ge=1, le=1 << 40)]
MAX_FPS = 1_000


class Transfer(StrEnum):
    """How light is told: SDR, or one of the two of HDR (ITU-R BT.2100)."""

    SDR = "sdr"
    PQ = "pq"
    HLG = "hlg"


class Sound(msgspec.Struct, frozen=True):
    """The first audio stream. rate: samples a second."""

    codec: Name
    channels: Annotated[int, msgspec.Meta(ge=0, le=1024)]
    rate: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class VideoFacts(msgspec.Struct, frozen=True, kw_only=True, tag="facts"):
    """width, height: pixels as coded; shown_width, shown_height: as displayed, upright and with square pixels.

    seconds: None where nothing says. fps: pictures a second on average, None where nobody knows; base_fps: of
    the finest raster that all times lie on. variable: they do not come at equal distances. rotation: degrees clockwise
    to turn a picture by before it is shown; mirrored: it is flipped as well. bits: of a sample. wide: the colours of
    BT.2020. bit_rate: of the whole file, in bits a second; size: bytes.
    """

    container: Name
    size: Annotated[int, msgspec.Meta(ge=0)]
    streams: Annotated[int, msgspec.Meta(ge=1, le=MAX_STREAMS)]
    seconds: Seconds | None
    bit_rate: Rate | None
    codec: Name
    pixels: Name
    bits: Annotated[int, msgspec.Meta(ge=1, le=64)]
    width: Side
    height: Side
    shown_width: Side
    shown_height: Side
    rotation: Annotated[int, msgspec.Meta(ge=0, le=270, multiple_of=90)]
    mirrored: bool
    fps: Annotated[float, msgspec.Meta(gt=0, le=MAX_FPS)] | None
    base_fps: Annotated[float, msgspec.Meta(gt=0, le=MAX_FPS)] | None
    variable: bool
    interlaced: bool
    transfer: Transfer
    wide: bool
    sound: Sound | None
