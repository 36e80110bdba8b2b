"""All that is made of a video, as a list: probe, choose, show, preview, transcode, ladder."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from processors.refusals import Code, Refused
from processors.sandbox.layers import Protection
from processors.video import hls
from processors.video.choose import choose, hours
from processors.video.decide import Plan, fitted
from processors.video.facts import VideoFacts
from processors.video.files import File, created, text
from processors.video.hls import Rung
from processors.video.less import as_it_is
from processors.video.orders import Shown
from processors.video.probe import probe
from processors.video.progress import Share, Tell, shares
from processors.video.settings import Settings
from processors.video.showing import show
from processors.video.transcode import Part, Run, transcode

# Of all the work, what is told to be over once the pictures are there, and once the preview is.
SHOWN, PREVIEWED = 0.03, 0.06


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

    tell: hears how far all of it is. ready: is waited for. Raises Refused for what the file is guilty of, of too_long
    also once what there is before the rest is ready, and as `execute` does.
    """
    facts = await probe(source, protection)
    _must_be_short(facts, settings)
    choice = choose(facts, settings)
    run = Run(facts, choice.plan, protection, tell)
    shown, files = await show(source, into, facts, settings, protection, tell, Share(0.0, SHOWN, None, "show"))
    if ready is not None:
        await ready(files)
    if settings.show.preview > 0:
        files.append(await _preview(source, into, run, shown, settings))
        if ready is not None:
            await ready(files[-1:])
    _must_fit(choice.plan, settings)
    first, *rest = shares(PREVIEWED, choice.efforts(facts))
    file, plan, after = await _video(source, into, replace(run, share=first))
    files.append(file)
    if choice.ladder:
        made, reasons = await _ladder(source, into, run, list(zip(choice.ladder, rest, strict=True)))
        files, plan = [*files, *made], replace(plan, reasons=(*plan.reasons, *reasons))
    return Made(facts, after, plan, tuple(files))


def _must_be_short(facts: VideoFacts, settings: Settings) -> None:
    if settings.longest and facts.seconds is not None and facts.seconds > settings.longest:
        words = f"This video has {facts.seconds:.1f} seconds; at most {settings.longest:g} are taken."
        raise Refused(Code.TOO_LONG, words)


def _must_fit(plan: Plan, settings: Settings) -> None:
    if not plan.fits:
        most = hours(settings.seconds)
        words = f"The video is too long to be made ready for playing in the {most} that one may take; send it in parts."
        raise Refused(Code.TOO_LONG, words)


async def _preview(source: int, into: Path, run: Run, shown: Shown, settings: Settings) -> File:
    """A short clip without sound."""
    facts, plan = run.facts, run.plan
    width, height = fitted(facts.shown_width, facts.shown_height, settings.preview_lines)
    rate = min(settings.preview_bit_rate, plan.bit_rate)
    small = replace(plan, copy=False, sound=False, copy_sound=False, width=width, height=height, bit_rate=rate)
    seconds = min(settings.show.preview, facts.seconds or settings.show.preview)
    run = replace(run, plan=small, part=Part(shown.start, seconds), share=Share(SHOWN, PREVIEWED, None, "preview"))
    name = f"preview.{plan.container}"
    with created(into / name) as target:
        made = await transcode(source, target, run, into)
    return File(name, plan.content_type, made.size, made.plan.width, made.plan.height)


async def _video(source: int, into: Path, run: Run) -> tuple[File, Plan, VideoFacts]:
    """The video itself, the plan that it was made by in the end, and its facts."""
    name = f"video.{run.plan.container}"
    with created(into / name) as target:
        made = await transcode(source, target, run, into)
        after = await probe(target, run.protection)
    own = as_it_is(run.facts, made.plan) if made.over and run.facts.size <= made.size else None
    if own is not None:
        (into / name).unlink()
        return await _video(source, into, replace(run, plan=own, share=run.share.part(1.0, 1.0)))
    return File(name, made.plan.content_type, made.size, after.shown_width, after.shown_height), made.plan, after


async def _ladder(
    source: int, into: Path, run: Run, rungs: Sequence[tuple[Rung, Share]]
) -> tuple[list[File], list[str]]:
    """Its files, the list of all rungs first, and what is to be said of rungs that have more than they may."""
    files, made, reasons = list[File](), list[tuple[Rung, int]](), list[str]()
    seconds = run.facts.seconds or 0.0
    for rung, share in rungs:
        with created(into / rung.name) as target:
            done = await transcode(source, target, replace(run, plan=rung.plan, extra=rung.extra, share=share), into)
            seconds = (await probe(target, run.protection)).seconds or seconds
            words = hls.playlist(rung, target, seconds)
        files.append(File(rung.name, "video/mp4", done.size, done.plan.width, done.plan.height))
        files.append(text(into / rung.list_name, words, hls.CONTENT_TYPE))
        made.append((replace(rung, plan=done.plan), done.size))
        reasons += [f"{rung.name} {done.plan.reasons[-1]}"] if done.over else []
    return [text(into / "hls_master.m3u8", hls.master(made, seconds), hls.CONTENT_TYPE), *files], reasons
