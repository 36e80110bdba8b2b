"""All that is made of a video, as a list: probe, decide, show, preview, transcode, ladder.

Each file is named as the version that it is, with its extension.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.layers import Protection
from processors.video import hls
from processors.video.decide import Plan, decide, fitted
from processors.video.facts import VideoFacts
from processors.video.orders import Picture, Show, Shown
from processors.video.probe import probe
from processors.video.progress import Tell
from processors.video.settings import Settings
from processors.video.transcode import Part, Run, transcode
from processors.video.viewing import ask
from processors.video.webvtt import webvtt


@dataclass(frozen=True)
class File:
    """One of the files made, `name` in the folder. size: bytes. width, height: pixels, 0 for text."""

    name: str
    content_type: str
    size: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Made:
    """What came out. before, after: facts of the source and of the transcoded video, sizes in bytes among them."""

    before: VideoFacts
    after: VideoFacts
    plan: Plan
    files: tuple[File, ...]


Ready = Callable[[Sequence[File]], Awaitable[None]]
"""Is handed what is there before the rest, to be shown."""


async def make(
    source: int, into: Path, settings: Settings, protection: Protection, tell: Tell, ready: Ready | None = None
) -> Made:
    """Make all of the video behind the descriptor `source` that `settings` ask for, in the folder `into`.

    tell: hears how far the transcoding is. ready: is waited for. Raises Refused for what the file is guilty of, and as
    `execute` does.
    """
    facts = await probe(source, protection)
    plan = decide(facts, settings)
    shown, files = await show(source, into, facts, settings, protection)
    if ready is not None:
        await ready(files)
    if settings.show.preview > 0:
        files.append(await _preview(source, into, Run(facts, plan, protection, _nobody), shown, settings))
        if ready is not None:
            await ready(files[-1:])
    name = f"video.{plan.container}"
    with _made(into / name) as target:
        size = await transcode(source, target, Run(facts, plan, protection, tell), into)
        after = await probe(target, protection)
    files.append(File(name, plan.content_type, size, after.shown_width, after.shown_height))
    if settings.ladder:
        files += await _ladder(source, into, Run(facts, plan, protection, _nobody), settings)
    return Made(facts, after, plan, tuple(files))


async def show(
    source: int, into: Path, facts: VideoFacts, settings: Settings, protection: Protection
) -> tuple[Shown, list[File]]:
    """The poster, the screenshots and the sprite with its WebVTT. Raises as `make` does."""
    patience = min(120.0, 10.0 + (facts.seconds or 0) / 10)
    order: Show = msgspec.structs.replace(settings.show, patience=patience)
    bounds = Bounds(seconds=2 * patience + 20, cores=2, file_bytes=256 << 20, nice=settings.nice)
    try:
        shown, data = await ask("show", order, Shown, source, protection, bounds)
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
    text = webvtt(shown, facts.seconds or 0.0, "storyboard.jpg")
    (into / "storyboard_vtt.vtt").write_text(text)
    return shown, [*files, File("storyboard_vtt.vtt", "text/vtt", len(text))]


async def _preview(source: int, into: Path, run: Run, shown: Shown, settings: Settings) -> File:
    """A short clip without sound."""
    facts, plan = run.facts, run.plan
    width, height = fitted(facts.shown_width, facts.shown_height, settings.preview_lines)
    rate = settings.preview_bit_rate
    small = replace(plan, copy=False, sound=False, copy_sound=False, width=width, height=height, bit_rate=rate)
    seconds = min(settings.show.preview, facts.seconds or settings.show.preview)
    name = f"preview.{plan.container}"
    with _made(into / name) as target:
        size = await transcode(source, target, replace(run, plan=small, part=Part(shown.start, seconds)), into)
    return File(name, plan.content_type, size, width, height)


async def _ladder(source: int, into: Path, run: Run, settings: Settings) -> list[File]:
    files, made = [], []
    seconds = run.facts.seconds or 0.0
    for rung in hls.rungs(run.facts, run.plan, settings.ladder):
        plan = rung.plan
        with _made(into / rung.name) as target:
            size = await transcode(source, target, replace(run, plan=plan, extra=rung.extra), into)
            seconds = (await probe(target, run.protection)).seconds or seconds
            text = hls.playlist(rung, target, seconds)
        files.append(File(rung.name, "video/mp4", size, plan.width, plan.height))
        files.append(_text(into / rung.list_name, text))
        made.append((rung, size))
    return [_text(into / "hls_master.m3u8", hls.master(made, seconds)), *files]


def _text(path: Path, text: str) -> File:
    path.write_text(text)
    return File(path.name, hls.CONTENT_TYPE, len(text))


def _file(name: str, one: Picture) -> File:
    return File(name, "image/jpeg", one.length, one.width, one.height)


def _nobody(_: object) -> None:
    """Of short parts nobody is told."""


@contextmanager
def _made(path: Path) -> Iterator[int]:
    """A new file to be written, removed again when it fails."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
