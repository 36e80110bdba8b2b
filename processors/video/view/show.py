"""Showing a video: a poster, screenshots, a sprite, and where a preview begins."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Any

import cv2
import numpy as np
from av.video.frame import VideoFrame

from processors.recipes import VersionSpec
from processors.refusals import Code, Refused
from processors.video.orders import Picture, Show, Shown
from processors.video.view.describe import shown
from processors.video.view.judge import score
from processors.video.view.light import picture
from processors.video.view.seek import Seeker
from processors.video.view.turn import Turn, turn_of

Array = np.ndarray[Any, Any]
cv2.setNumThreads(1)  # a thread that was there before the doors would stay outside of them
# Cells are judged at this size and shrunk to their own: at theirs, blur could not be told.
JUDGED = VersionSpec("judged", 480, 480)


def show(file: IO[bytes], order: Show, tell: Callable[[float], None]) -> tuple[Shown, list[bytes]]:
    """What `order` asks for. tell: hears what share of it is done. Raises Refused as `describe` does."""
    seeker = Seeker(file, order.patience, order.seconds)
    often = max(order.shots, int(seeker.seconds / max(order.interval, 0.001))) if seeker.seconds else 1
    count = max(1, min(order.cells, often))
    step = seeker.seconds / count
    seen = _Seen(seeker, order, count)
    for number in range(count):
        seen.look(number, seeker.near((number + 0.5) * step))
        tell((number + 1) / count)
    kept = [one for one in seen.best if one is not None]
    shots = kept if order.shots else []
    sheet = _sheet(seen.cells, order.columns)
    pictures = [max(kept, key=lambda one: one.score), *shots, _Kept(0.0, 0.0, sheet)]
    files = [_jpeg(one.image, order.quality) for one in pictures]
    poster, *told, sprite = [
        Picture(one.at, one.image.shape[1], one.image.shape[0], len(data))
        for one, data in zip(pictures, files, strict=True)
    ]
    height, width = seen.cells[0].shape[:2]
    times = [number * step for number in range(count)]
    start = _start(seen.scores, seeker.seconds, order.preview)
    return Shown(poster, told, sprite, times, width, height, min(order.columns, count), start), files


@dataclass(frozen=True)
class _Kept:
    score: float
    at: float
    image: Array


class _Seen:
    """What is kept of each picture that was looked at: a cell, a score, and of each stretch the best, at full size."""

    def __init__(self, seeker: Seeker, order: Show, count: int) -> None:
        self._seeker, self._count = seeker, count
        self._cell = VersionSpec("cell", order.cell_width, order.cell_height)
        self._shot = VersionSpec("shot", order.shot_width, order.shot_height)
        self.cells: list[Array] = []
        self.scores: list[tuple[float, float]] = []
        self.best: list[_Kept | None] = [None] * max(1, min(order.shots, count))

    def look(self, number: int, frame: VideoFrame) -> None:
        judged, at = upright(frame, self._seeker, JUDGED), self._seeker.time(frame)
        good = score(judged)
        self.cells.append(_within(judged, self._cell, self.cells))
        self.scores.append((good, at))
        stretch = number * len(self.best) // self._count
        best = self.best[stretch]
        if best is None or best.score < good:
            self.best[stretch] = _Kept(good, at, upright(frame, self._seeker, self._shot))


def upright(frame: VideoFrame, seeker: Seeker, box: VersionSpec) -> Array:
    """`frame` as it is displayed, inside `box`."""
    turn = turn_of(frame)
    width, height = box.fit(*shown(frame.width, frame.height, seeker.aspect, turn))
    coded = (height, width) if turn.transposed else (width, height)
    return _turned(picture(frame, *coded), turn)


def _turned(image: Array, turn: Turn) -> Array:
    """A coded picture (height, width, channels), upright."""
    if turn.transposed:
        image = image.swapaxes(0, 1)
    across, down = (turn.c, turn.b) if turn.transposed else (turn.a, turn.d)
    return np.ascontiguousarray(image[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1])


def _within(judged: Array, box: VersionSpec, others: list[Array]) -> Array:
    """A cell: of the size of the first, should a video change its own half-way."""
    height, width = others[0].shape[:2] if others else box.fit(judged.shape[1], judged.shape[0])[::-1]
    return cv2.resize(judged, (width, height), interpolation=cv2.INTER_AREA)


def _start(scores: list[tuple[float, float]], seconds: float, length: float) -> float:
    """Where a preview of `length` seconds begins: at the best picture that leaves it room."""
    room = [(good, at) for good, at in scores if at <= seconds - length]
    return max(room)[1] if room else 0.0


def _sheet(cells: list[Array], columns: int) -> Array:
    columns = min(columns, len(cells))
    height, width = cells[0].shape[:2]
    sheet = np.zeros((-(-len(cells) // columns) * height, columns * width, 3), np.uint8)
    for number, cell in enumerate(cells):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + height, left : left + width] = cell
    return sheet


def _jpeg(image: Array, quality: int) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise Refused(Code.DAMAGED, "No picture could be made of the video.")
    return data.tobytes()
