"""Showing a video before it is transcoded: the poster, the screenshots, the sprite with its WebVTT."""

from pathlib import Path

import msgspec

from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.video.facts import VideoFacts
from processors.video.files import File, text
from processors.video.orders import Picture, Show, Shown
from processors.video.probe import READ_BYTES_A_SECOND
from processors.video.progress import Meter, Share, Tell
from processors.video.settings import Settings
from processors.video.viewing import ask
from processors.video.webvtt import webvtt

ALL = Share(0.0, 1.0, None, "show")


async def show(
    source: int,
    into: Path,
    facts: VideoFacts,
    settings: Settings,
    protection: Protection,
    tell: Tell,
    share: Share = ALL,
) -> tuple[Shown, list[File]]:
    """What is shown of the video behind `source`, in the folder `into`. tell, share: see `Meter`.

    Raises Refused, and as `execute` does.
    """
    lasts = facts.seconds or 0.0
    patience = min(120.0, 10.0 + lasts / 10)
    order: Show = msgspec.structs.replace(settings.show, patience=patience, seconds=lasts)
    seconds = 2 * patience + 20 + facts.size / READ_BYTES_A_SECOND  # without an index all of it is read
    bounds = Bounds(seconds=seconds, cores=2, file_bytes=256 << 20, nice=settings.nice)
    try:
        with Hearing(Meter(1.0, tell, share).hear) as hearing:
            shown, data = await ask("show", order, Shown, source, protection, bounds, hearing)
    except SandboxTimeout:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its length may.") from None
    names = ["poster.jpg", *(f"shot_{number:02}.jpg" for number in range(1, len(shown.shots) + 1)), "storyboard.jpg"]
    pictures = [shown.poster, *shown.shots, shown.sprite]
    if sum(one.length for one in pictures) != len(data):
        raise SandboxDied("the viewer made more or less than it says")
    files = []
    for name, one in zip(names, pictures, strict=True):
        (into / name).write_bytes(data[: one.length])
        data = data[one.length :]
        files.append(_file(name, one))
    return shown, [*files, text(into / "storyboard_vtt.vtt", webvtt(shown, lasts, "storyboard.jpg"), "text/vtt")]


def _file(name: str, one: Picture) -> File:
    return File(name, "image/jpeg", one.length, one.width, one.height)
