"""Running a plan: one video out of another, in the sandbox, neither of them ever held in memory."""

import errno
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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
from processors.video.decide import SOUND_BIT_RATE, Plan
from processors.video.encoders import KEY_SECONDS, LARGE, pictures, sound
from processors.video.facts import VideoFacts
from processors.video.ffmpeg import ffmpeg
from processors.video.filters import chain
from processors.video.progress import Meter, Tell

logger = logging.getLogger(__name__)

# The most that a result may have of what was asked; what has more is made again.
TOLERANCE = 1.15
# A second of 1080p at 30 pictures a second may take so many, on a machine that has other things to do.
PATIENCE, START_SECONDS = 12.0, 60.0
NOTHING_ELSE = ("-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn")
MIB = 1 << 20


@dataclass(frozen=True)
class Part:
    """From the second `start` on, `seconds` long."""

    start: float
    seconds: float


@dataclass(frozen=True)
class Run:
    """What one run needs to know. extra: words for the encoder and the container besides. tell: see `Meter`."""

    facts: VideoFacts
    plan: Plan
    protection: Protection
    tell: Tell
    part: Part | None = None
    extra: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Of the result, as far as is known: a file that doesn't say is taken for one of a very low bit rate."""
        known = self.facts.seconds or min(MAX_SECONDS, self.facts.size * 8 / 100_000)
        return self.part.seconds if self.part else known


async def transcode(source: int, target: int, run: Run, scratch: Path) -> int:
    """Make of the file behind `source` the one behind `target`. Gives the size of it in bytes.

    scratch: a folder for what an MP4 is made from; nothing in it is left. Raises Refused: damaged, too_much_memory,
    too_long; and as `execute` does.
    """
    if run.plan.container == "mp4" and not run.extra:
        with tempfile.TemporaryFile(dir=scratch) as first:
            await _held(source, first.fileno(), run)
            return await _index_first(first.fileno(), target, run)
    return await _held(source, target, run)


async def _held(source: int, target: int, run: Run) -> int:
    """Encode; and once more, asking for less, where the first result has more than it may."""
    asked = run.plan.bit_rate
    size = await _encode(source, target, run, asked, (0.0, 0.99))
    limit = asked * TOLERANCE * run.seconds / 8
    if run.plan.copy or run.facts.seconds is None or size <= limit:
        return size
    logger.info("video: %d bytes where %d were asked for at most: made again", size, limit)
    return await _encode(source, target, run, round(asked * 0.95 * limit / TOLERANCE / size), (0.99, 0.99))


async def _encode(source: int, target: int, run: Run, bit_rate: int, share: tuple[float, float]) -> int:
    plan = run.plan
    own = bit_rate - SOUND_BIT_RATE if plan.sound else bit_rate
    made = ("-c:v", "copy") if plan.copy else ("-vf", chain(plan, plan.width, plan.height), *pictures(plan, own))
    limit = ("-t", f"{run.seconds + 1:.3f}") if run.part is None else ()
    output = ["-map", "0:V:0", *made, *sound(plan), *NOTHING_ELSE, *limit, *run.extra, *_container(run), TARGET]
    before = ["-threads", str(plan.threads), "-filter_threads", str(plan.threads)]
    if run.part is not None:
        before += ["-ss", f"{run.part.start:.3f}", "-t", f"{run.part.seconds:.3f}"]
    return await _run(source, target, output, before, run, share)


def _container(run: Run) -> tuple[str, ...]:
    if run.plan.container == "mp4":
        return ("-f", "mp4")
    # Room for the index before the pictures, so that a player finds it without asking for the end of the file.
    index = 4096 + 24 * round(run.seconds / KEY_SECONDS + 1)
    return ("-f", "webm", "-reserve_index_space", str(index))


async def _index_first(made: int, target: int, run: Run) -> int:
    """Copy an MP4 with its index before what it points to. ffmpeg's own way would have to open the file by a path."""
    try:
        index = next(box.size for box in boxes(made) if box.name == b"moov")
    except (StopIteration, ValueError) as error:
        raise SandboxDied(f"what was made is no MP4: {error}") from error
    room = index + index // 10 + 4096
    output = ["-map", "0", "-c", "copy", *NOTHING_ELSE, "-f", "mp4", "-moov_size", str(room), TARGET]
    return await _run(made, target, output, (), run, (0.99, 1.0))


async def _run(
    source: int, target: int, output: Sequence[str], before: Sequence[str], run: Run, share: tuple[float, float]
) -> int:
    meter = Meter(run.seconds, run.tell, share)
    try:
        with Hearing(meter.hear) as hearing:
            made = await ffmpeg(source, output, run.protection, bounds(run), before, target, hearing)
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    except SandboxTimeout:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its length may.") from None
    size = os.fstat(target).st_size
    if made.status != 0 or size == 0:
        _must_have_room(target)
        logger.warning("video: ffmpeg ended with %d: %s", made.status, made.said[-500:].strip())
        raise Refused(Code.DAMAGED, "The video is damaged: it can't be decoded.")
    return size


def _must_have_room(target: int) -> None:
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
