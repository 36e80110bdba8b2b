"""One plug-in of each kind for libraries: copy the folder, give package and plug-ins other names, change them."""

import os
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from appliance.library.outcomes import Found, Looked
from appliance.library.plugins import Change, Decider, Finder, Leave
from appliance.library.workflow import Source
from processors.video.codec import Codec
from processors.video.keeping.order import Order
from processors.video.keeping.plugin import Encoder
from processors.video.keeping.wishes import Wish


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """list: the name of a text file in the source's folder, which names a film below that folder in each line."""

    list: Annotated[str, Meta(pattern=r"^[^/]{1,200}$")] = "films.txt"


def find(source: Source, settings: Listed) -> Iterator[Found]:
    """The films of the list. Only their paths count: Darkroom looks itself what is there."""
    with open(os.path.join(source.folder, settings.list), "rb") as lines:
        for line in lines:
            if name := line.rstrip(b"\r\n"):
                yield Found(os.path.join(source.folder, os.fsdecode(name)), 0, 0)


class Sparing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """share: of the bit rate that others get. unless: files whose path has one of these in it stay as they are."""

    share: Annotated[float, Meta(gt=0, le=1)] = 0.5
    unless: tuple[str, ...] = ()


def decide(looked: Looked, wish: Wish, settings: Sparing) -> Leave | Change:
    """`looked` has the facts of the file, its inventory and what its file system says of it."""
    named = next((one for one in settings.unless if one in looked.found.path), None)
    if named is not None:
        return Leave(f"there is {named!r} in its path")
    return Change(bit_rate=round(wish.bit_rate * settings.share), reason=f"{settings.share:.0%} of the bit rate")


class Patient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """preset: of x265; slower ones take longer for fewer bytes. quality: its crf, less is better."""

    preset: Literal["medium", "slow", "slower"] = "slow"
    quality: Annotated[int, Meta(ge=10, le=40)] = 22


def words(order: Order, settings: Patient) -> tuple[str, ...]:
    """What ffmpeg is told about the pictures; all else of its command line is Darkroom's."""
    held = ("-maxrate", str(order.bit_rate), "-bufsize", str(2 * order.bit_rate))
    return (
        *("-c:v", "libx265", "-preset", settings.preset, "-crf", str(settings.quality), *held),
        *("-x265-params", "aq-mode=3"),
    )


FINDER = Finder("listed", Listed, find)
DECIDER = Decider("sparing", Sparing, decide)
ENCODER = Encoder("patient", Patient, (Codec.H265,), words)
