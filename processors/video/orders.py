"""What is asked of the viewer, and what it answers with."""

from typing import Annotated

import msgspec

from processors.video.facts import Seconds, Side

MAX_CELLS = 400
MAX_SHOTS = 100


class Facts(msgspec.Struct, frozen=True):
    """The facts, without decoding more than one picture. patience: seconds that finding its length may take."""

    patience: Seconds = 5.0


class Show(msgspec.Struct, frozen=True):
    """Pictures of it. shots: screenshots, spread evenly, each inside the box `shot_width` x `shot_height` pixels.

    cells: at most so many small pictures in the sprite, each inside its box, at least `interval` seconds apart,
    `columns` in a row. preview: seconds of the clip that a start is looked for. quality: of JPEG. patience: seconds
    after which only what is quickly had is decoded. seconds: how long the video is, by its facts; 0 where nobody knows.
    """

    shots: Annotated[int, msgspec.Meta(ge=0, le=MAX_SHOTS)] = 5
    shot_width: Side = 1920
    shot_height: Side = 1080
    cells: Annotated[int, msgspec.Meta(ge=1, le=MAX_CELLS)] = 100
    cell_width: Side = 192
    cell_height: Side = 108
    columns: Annotated[int, msgspec.Meta(ge=1, le=MAX_CELLS)] = 10
    interval: Seconds = 2.0
    preview: Seconds = 4.0
    quality: Annotated[int, msgspec.Meta(ge=1, le=100)] = 82
    patience: Seconds = 60.0
    seconds: Seconds = 0.0


class Picture(msgspec.Struct, frozen=True):
    """A JPEG of `length` bytes. at: seconds from the beginning."""

    at: Seconds
    width: Side
    height: Side
    length: Annotated[int, msgspec.Meta(ge=1)]


class Shown(msgspec.Struct, frozen=True, tag="shown"):
    """poster, shots, sprite: their bytes follow in this order. start: of the preview, in seconds.

    cells: the second each cell of the sprite begins to stand for; cell_width, cell_height: its size.
    """

    poster: Picture
    shots: Annotated[list[Picture], msgspec.Meta(max_length=MAX_SHOTS)]
    sprite: Picture
    cells: Annotated[list[Seconds], msgspec.Meta(min_length=1, max_length=MAX_CELLS)]
    cell_width: Side
    cell_height: Side
    columns: Annotated[int, msgspec.Meta(ge=1, le=MAX_CELLS)]
    start: Seconds
