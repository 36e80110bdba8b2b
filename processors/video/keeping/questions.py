"""What the viewer is asked about a file that is made anew, or has been, and what it answers with."""

from typing import Annotated

import msgspec

from processors.limits import MAX_STREAMS
from processors.video.facts import Seconds
from processors.video.keeping.inventory import Count, Sha256, Time

# A day of 60 pictures a second.
MAX_PICTURES = 6_000_000
Indexes = Annotated[list[Annotated[int, msgspec.Meta(ge=0, lt=MAX_STREAMS)]], msgspec.Meta(max_length=MAX_STREAMS)]


class List(msgspec.Struct, frozen=True):
    """The inventory."""


class Covers(msgspec.Struct, frozen=True):
    """The bytes of attached pictures, by the indexes of their streams."""

    indexes: Indexes = []


class Behind(msgspec.Struct, frozen=True, tag="behind"):
    """What was asked for follows, `length` bytes; parts: how many belong to each that was named."""

    length: Count
    parts: Annotated[list[Count], msgspec.Meta(max_length=MAX_STREAMS)] = []


class Walk(msgspec.Struct, frozen=True):
    """All packets of the file, none decoded. pictures: the stream of which each time is told. patience: seconds."""

    pictures: Annotated[int, msgspec.Meta(ge=0, lt=MAX_STREAMS)] = 0
    patience: Seconds = 3600.0


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """What the packets of a stream hold. sha256: of all their bytes, one packet behind the other; text: of the words
    alone, of subtitles that are text. begin, end: seconds, None where no packet has a time. marks: so many numbers
    follow, behind the times of the pictures: when packets are shown and how long, in microseconds, by turns.
    """

    index: Annotated[int, msgspec.Meta(ge=0, lt=MAX_STREAMS)]
    packets: Count
    bytes: Count
    sha256: Sha256
    text: Sha256
    begin: Time | None
    end: Time | None
    marks: Annotated[int, msgspec.Meta(ge=0, le=2 * MAX_PICTURES)] = 0


class Walked(msgspec.Struct, frozen=True, tag="walked"):
    """times: of so many pictures they follow, in microseconds, rising, eight bytes each in this machine's order.

    before: so many of them are told before the first keyframe, and may be such that nobody can decode. hurt: packets
    that their container says are damaged, and complaints about it.
    """

    tracks: Annotated[list[Track], msgspec.Meta(max_length=MAX_STREAMS)]
    times: Annotated[int, msgspec.Meta(ge=0, le=MAX_PICTURES)]
    before: Annotated[int, msgspec.Meta(ge=0, le=MAX_PICTURES)]
    hurt: Count
