"""What a video file holds: all of its streams, chapters and texts, and how its pictures are meant, as the viewer says.

What this says of a file and what `Order` promises are compared when a result is verified.
"""

from enum import StrEnum
from fractions import Fraction
from typing import Annotated

import msgspec

from processors.limits import MAX_STREAMS
from processors.video.facts import Seconds, Side

MAX_CHAPTERS = 1_000
MAX_TAGS = 200
MAX_LETTERS = 1_000
Text = Annotated[str, msgspec.Meta(max_length=MAX_LETTERS)]
Word = Annotated[str, msgspec.Meta(max_length=60)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
Sha256 = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
# Times may lie before the beginning: sound that begins with what an encoder needs to get going.
Time = Annotated[float, msgspec.Meta(ge=-86_400, le=10 * 86_400)]
# Of another range than that of pictures: 255 stands for what nobody has named (ITU-T H.273).
Point = Annotated[int, msgspec.Meta(ge=0, le=255)]


class Kind(StrEnum):
    """What a stream is. PICTURE: one that is attached, such as a cover."""

    VIDEO = "video"
    AUDIO = "audio"
    SUBTITLE = "subtitle"
    ATTACHMENT = "attachment"
    PICTURE = "picture"
    DATA = "data"


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. codec: as ffmpeg calls it, "none" where it knows none. language: as the file says, "" for none; tag:
    the same by BCP 47, of files that have it so as well: what ffmpeg neither reads nor writes.

    dispositions: flags such as default and forced, as ffmpeg calls them. start: seconds. layout: of the channels.
    rate: samples a second. of_chapters: data that only tells of the chapters, as MP4 has it. name, mime, size (bytes),
    sha256: of what is attached.
    """

    index: Annotated[int, msgspec.Meta(ge=0, lt=MAX_STREAMS)]
    kind: Kind
    codec: Word
    profile: Word = ""
    language: Word = ""
    tag: Word = ""
    title: Text = ""
    dispositions: Annotated[tuple[Word, ...], msgspec.Meta(max_length=32)] = ()
    start: Time | None = None
    seconds: Seconds | None = None
    channels: Annotated[int, msgspec.Meta(ge=0, le=1024)] = 0
    layout: Word = ""
    rate: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)] = 0
    name: Text = ""
    mime: Text = ""
    of_chapters: bool = False
    size: Count = 0
    sha256: Sha256 = ""


class Chapter(msgspec.Struct, frozen=True):
    """begin, end: seconds."""

    begin: Time
    end: Time
    title: Text


class Mastering(msgspec.Struct, frozen=True):
    """The screen that HDR was made on (SMPTE ST 2086). points: x and y of red, green, blue and white; "" for none.

    light: least and most candela a square metre.
    """

    points: Annotated[tuple[float, ...], msgspec.Meta(max_length=8)]
    light: Annotated[tuple[float, ...], msgspec.Meta(max_length=2)]


class Light(msgspec.Struct, frozen=True, kw_only=True):
    """How the samples of pictures are meant. transfer, primaries, matrix: by number (ITU-T H.273). full: their range.

    content: the brightest picture element and the brightest average, in candela a square metre (CTA-861.3). dolby:
    Dolby Vision is there; dynamic: HDR10+ or HDR Vivid is.
    """

    transfer: Point = 2
    primaries: Point = 2
    matrix: Point = 2
    full: bool = False
    bits: Annotated[int, msgspec.Meta(ge=1, le=64)] = 8
    mastering: Mastering | None = None
    content: Annotated[tuple[Count, ...], msgspec.Meta(min_length=2, max_length=2)] | None = None
    dolby: bool = False
    dynamic: bool = False


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """The stream of moving pictures that is made anew. width, height: as coded. aspect: of one sample, as a fraction.

    turn: a, b, c, d of the display matrix. rate: the finest raster that their times lie on, 0 where nobody knows.
    variable: they do not come at equal distances. captions: there are some inside of the pictures. alpha: they say how
    opaque they are in a stream of their own, beside (VP8, VP9). around: how a sphere or two eyes are in them, by the
    names and in the bytes (hex) of ffmpeg's frame.h. changes: what is
    another further on, "" for nothing. cropped: their container says that less of them is shown.
    """

    index: Annotated[int, msgspec.Meta(ge=0, lt=MAX_STREAMS)]
    width: Side
    height: Side
    format: Word
    aspect: tuple[Annotated[int, msgspec.Meta(ge=0)], Annotated[int, msgspec.Meta(ge=0)]]
    turn: tuple[int, int, int, int]
    rate: Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]
    variable: bool
    interlaced: bool
    captions: bool
    light: Light
    alpha: bool = False
    changes: Word = ""
    cropped: bool = False
    around: Annotated[dict[Word, Text], msgspec.Meta(max_length=2)] = {}

    @property
    def sample(self) -> Fraction:
        """The shape of a sample: 1 is square, and meant where nothing is said."""
        return Fraction(*self.aspect) if all(self.aspect) else Fraction(1)


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """container: mov, matroska, webm, or another as ffmpeg calls it. size: bytes. seconds: as the header says.

    tags: of the file, by their names in small letters; those that only tell of its container are left out. unkept: what
    its chapters have that ffmpeg does not read, "" for nothing.
    """

    container: Word
    size: Count
    start: Time
    seconds: Seconds | None
    pictures: Pictures
    streams: Annotated[tuple[Stream, ...], msgspec.Meta(max_length=MAX_STREAMS)]
    chapters: Annotated[tuple[Chapter, ...], msgspec.Meta(max_length=MAX_CHAPTERS)]
    tags: Annotated[dict[Word, Text], msgspec.Meta(max_length=MAX_TAGS)]
    unkept: Word = ""

    def of(self, *kinds: Kind) -> list[Stream]:
        """Its streams of these kinds, in their order."""
        return [one for one in self.streams if one.kind in kinds]
