"""Running a plan: one video out of another, in the sandbox, neither of them ever held in memory."""

import errno
import logging
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from processors.limits import MAX_SECONDS
from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.executing import TARGET
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.sandbox.spawn import TooMuchMemory
from processors.video.boxes import boxes
from processors.video.decide import Plan
from processors.video.encoders import LARGE, pictures, sound
from processors.video.facts import VideoFacts
from processors.video.ffmpeg import ffmpeg
from processors.video.filters import chain
from processors.video.less import less, smaller
from processors.video.progress import WHOLE, Meter, Share, Tell
from processors.video.shares import index_bytes, picture_share

logger = logging.getLogger(__name__)

# The most that a result may have of what was asked; what has more is made again, twice at most.
TOLERANCE = 1.15
# How far each of these tries leads, of the run's share of all the work; the rest is for putting an index first.
TRIES = (0.97, 0.98, 0.99)
# A second of 1080p at 30 pictures a second may take so many, on a machine that has other things to do.
PATIENCE, START_SECONDS = 12.0, 60.0
NOTHING_ELSE = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")
MIB = 1 << 20
# An index that is put first gets so much more room than it has, and a tenth; half, where offsets become longer by it.
INDEX_SPARE = 1024
OFFSETS_UP_TO = 4_000_000_000
# What ffmpeg says where the room for a WebM's index is too small.
TOO_SMALL = re.compile(r"Insufficient space reserved for Cues: \d+ < (\d{1,9})\b")


@dataclass(frozen=True)
class Part:
    """From the second `start` on, `seconds` long."""

    start: float
    seconds: float


@dataclass(frozen=True)
class Run:
    """What one run needs to know. extra: words for the encoder and the container besides. tell, share: see `Meter`."""

    facts: VideoFacts
    plan: Plan
    protection: Protection
    tell: Tell
    part: Part | None = None
    extra: tuple[str, ...] = ()
    share: Share = WHOLE

    @property
    def seconds(self) -> float:
        """Of the result, as far as is known: a file without any times is taken for one of a very low bit rate."""
        known = self.facts.seconds or min(MAX_SECONDS, self.facts.size * 8 / 100_000)
        return self.part.seconds if self.part else known

    @property
    def most_bytes(self) -> float | None:
        """What its result may have; None for any: nobody knows how long it is, or nothing of it is made anew."""
        kept = self.plan.copy and (self.plan.copy_sound or not self.plan.sound)
        return None if kept or self.facts.seconds is None else self.plan.bit_rate * TOLERANCE * self.seconds / 8


@dataclass(frozen=True)
class Result:
    """What came of a run: bytes, and the plan it was made by in the end. over: it has more than it may."""

    size: int
    plan: Plan
    over: bool = False


async def transcode(source: int, target: int, run: Run, scratch: Path) -> Result:
    """Make of the file behind `source` the one behind `target`.

    scratch: a folder for what an MP4 is made from; nothing in it is left. Raises Refused: damaged, too_much_memory,
    too_long; and as `execute` does.
    """
    if run.plan.container == "mp4" and not run.extra:
        with tempfile.TemporaryFile(dir=scratch) as first:
            made = await _held(source, first.fileno(), run, INDEX_SPARE + INDEX_SPARE // 4)
            return replace(made, size=await _index_first(first.fileno(), target, run))
    return await _held(source, target, run)


async def _held(source: int, target: int, run: Run, spare: int = 0) -> Result:
    """Encode; and again, asking for less and then for fewer lines as well, where a result has more than it may.

    spare: bytes that come to it later.
    """
    most, plan, begin = run.most_bytes, run.plan, 0.0
    for end in TRIES:
        size = await _encode(source, target, replace(run, plan=plan, share=run.share.part(begin, end))) + spare
        if most is None or size <= most:
            return Result(size, plan)
        logger.info("video: %d bytes where %d were asked for at most: made again", size, most)
        tried, begin, percent = plan, end, round(100 * TOLERANCE * size / most)
        plan = less(plan, size, most) if end == TRIES[0] else smaller(less(plan, size, most))
    reason = f"has {percent} % of the bit rate asked for: no encoder of ours makes less of it"
    return Result(size, replace(tried, reasons=(*tried.reasons, reason)), over=True)


async def _encode(source: int, target: int, run: Run) -> int:
    plan = run.plan
    own = picture_share(plan.bit_rate, plan.sound_share, plan.rate, run.seconds)
    made = ("-c:v", "copy") if plan.copy else ("-vf", chain(plan, plan.width, plan.height), *pictures(plan, own))
    # Of a part, too: its last picture may be one that stays for an hour.
    limit = ("-t", f"{run.seconds + (0 if run.part else 1):.3f}")
    output = ["-map", "0:V:0", *made, *sound(plan), *NOTHING_ELSE, *limit, *run.extra]
    before = ["-threads", str(plan.threads), "-filter_threads", str(plan.threads)]
    if run.part is not None:
        before += ["-ss", f"{run.part.start:.3f}", "-t", f"{run.part.seconds:.3f}"]
    try:
        return await _run(source, target, [*output, *_container(plan, index_bytes(run.seconds)), TARGET], before, run)
    except _TooManyKeyframes as error:
        again = replace(run, share=run.share.part(1.0, 1.0))
        return await _run(source, target, [*output, *_container(plan, error.index_bytes), TARGET], before, again)


class _TooManyKeyframes(Exception):
    """For the room that was left for an index, as in pictures that are copied. index_bytes: what would do."""

    def __init__(self, index_bytes: int) -> None:
        super().__init__(index_bytes)
        self.index_bytes = index_bytes


def _container(plan: Plan, index: int) -> tuple[str, ...]:
    if plan.container == "mp4":
        return ("-f", "mp4")
    # Room for the index before the pictures, so that a player finds it without asking for the end of the file.
    return ("-f", "webm", "-reserve_index_space", str(index))


async def _index_first(made: int, target: int, run: Run) -> int:
    """Copy an MP4 with its index before what it points to. ffmpeg's own way would have to open the file by a path."""
    output = ["-map", "0", "-c", "copy", *NOTHING_ELSE, "-f", "mp4", "-moov_size", str(moov_room(made)), TARGET]
    return await _run(made, target, output, (), replace(run, share=run.share.part(TRIES[-1], 1.0)))


def moov_room(made: int) -> int:
    """Bytes that the index of the MP4 behind `made` needs where it is put first. Raises SandboxDied: it is none."""
    try:
        index = next(box.size for box in boxes(made) if box.name == b"moov")
    except (StopIteration, ValueError) as error:
        raise SandboxDied(f"what was made is no MP4: {error}") from error
    large = os.fstat(made).st_size >= OFFSETS_UP_TO
    return index + index // (2 if large else 10) + INDEX_SPARE


async def _run(source: int, target: int, output: Sequence[str], before: Sequence[str], run: Run) -> int:
    meter = Meter(run.seconds, run.tell, run.share)
    try:
        with Hearing(meter.hear) as hearing:
            made = await ffmpeg(source, output, run.protection, bounds(run), before, target, hearing)
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    except SandboxTimeout:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its length may.") from None
    size = os.fstat(target).st_size
    if made.status != 0 or size == 0:
        if found := TOO_SMALL.search(made.said):
            raise _TooManyKeyframes(int(found[1]) * 11 // 10)
        must_have_room(target)
        logger.warning("video: ffmpeg ended with %d: %s", made.status, made.said[-500:].strip())
        raise Refused(Code.DAMAGED, "The video is damaged: it can't be decoded.")
    return size


def must_have_room(target: int) -> None:
    """Raises OSError where it is the disk that made ffmpeg fail: it says so only in words."""
    left = os.fstatvfs(target)
    if left.f_bavail * left.f_frsize < MIB:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def bounds(run: Run) -> Bounds:
    """What a run may use: time and bytes in proportion to the length of the result, memory to the size of pictures."""
    facts, plan = run.facts, run.plan
    work = (facts.width * facts.height + plan.width * plan.height) / 2 * plan.rate / (1920 * 1080 * 30)
    up_to = run.part.start if run.part else 0.0
    seconds = START_SECONDS + (run.seconds + up_to / 20) * PATIENCE * max(0.25, work)
    copied = facts.size if plan.copy else 0
    file_bytes = 64 * MIB + copied + round(plan.bit_rate / 8 * run.seconds * 3)
    large = max(facts.width * facts.height, plan.width * plan.height) > LARGE
    return Bounds(seconds, plan.threads + 1, (3 << 30) if large else (3 << 29), file_bytes, plan.nice)
