"""An order: how a file is made anew, and what its result will hold. It is what a result is verified against."""

from dataclasses import dataclass
from enum import StrEnum

from processors.video.codec import Codec
from processors.video.keeping.inventory import Stream


class How(StrEnum):
    """What becomes of a stream. PICTURES: encoded anew; SOUND: the same for sound; TEXT: of another form of subtitles,
    its words the same; ATTACHED: its bytes become an attachment, as Matroska has covers.
    """

    PICTURES = "pictures"
    COPY = "copy"
    SOUND = "sound"
    TEXT = "text"
    ATTACHED = "attached"


@dataclass(frozen=True)
class Kept:
    """A stream of the source, what becomes of it, and its codec then, as ffmpeg calls it. bit_rate: of SOUND."""

    stream: Stream
    how: How
    codec: str
    bit_rate: int = 0


@dataclass(frozen=True)
class Order:
    """container: mp4, matroska or webm. kept: in the order of the result. width, height: as coded, before it is turned.

    bits: of a sample. bit_rate: the most that pictures have, in bits a second. all_tags: names that MP4 has no place of
    its own for are written in Apple's way. reasons: what is done that is not plain copying, for people. words: for the
    encoder, where a plug-in says them; none: those of `encoders.py`.
    """

    container: str
    kept: tuple[Kept, ...]
    codec: Codec
    width: int
    height: int
    bits: int
    full: bool
    bit_rate: int
    deinterlace: bool
    scaled: bool
    hdr: bool
    all_tags: bool
    threads: int
    nice: int
    rate: float
    seconds: float
    reasons: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def extension(self) -> str:
        """Of a result's name, without the dot."""
        return "mkv" if self.container == "matroska" else self.container

    @property
    def covers(self) -> list[Kept]:
        """What is handed to ffmpeg besides the source."""
        return [one for one in self.kept if one.how is How.ATTACHED]

    @property
    def pixels(self) -> str:
        """As ffmpeg calls them."""
        return "yuv420p10le" if self.bits > 8 else "yuv420p"


@dataclass(frozen=True)
class Refusal:
    """The file stays as it is. reason: for people."""

    reason: str
