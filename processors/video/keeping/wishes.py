"""What is wished for where a video is made anew with all that it holds."""

from dataclasses import dataclass, field

from processors.video.codec import Codec


@dataclass(frozen=True)
class SoundWish:
    """What becomes of sound. codec: opus or aac for what is bulky (see `sounds`), "" to copy all.

    channel_rate: bits a second for each channel of what is encoded. languages: by any name of `languages.py`; only
    these are kept, and what names none, but never none at all; empty: all are.
    """

    codec: str = ""
    channel_rate: int = 64_000
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wish:
    """codec: of the pictures. most_lines: of the shorter side as shown. bit_rate: bits a second that pictures may have.

    subtitles: languages that are kept, as of sound; empty: all. deinterlace: fields may become whole pictures.
    subsample: 4:2:2 and 4:4:4 may become 4:2:0. drop_data: streams of data (a camera's readings, time code) may be left
    out. threads: of the encoder. nice: see `Bounds`.
    """

    codec: Codec
    bit_rate: int
    most_lines: int = 2160
    sound: SoundWish = field(default_factory=SoundWish)
    subtitles: tuple[str, ...] = ()
    deinterlace: bool = False
    subsample: bool = False
    drop_data: bool = False
    threads: int = 2
    nice: int = 10
