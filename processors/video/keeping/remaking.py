"""Making a video anew with all it holds, in the sandbox: source and result are descriptors, never held in memory."""

import contextlib
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.refusals import Code, Refused
from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.sandbox.room import set_aside
from processors.sandbox.spawn import TooMuchMemory
from processors.video.encoders import LARGE
from processors.video.ffmpeg import ffmpeg
from processors.video.keeping.attached import attachments
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.looking import take_covers
from processors.video.keeping.order import Order
from processors.video.keeping.words import container, output
from processors.video.progress import WHOLE, Meter, Share, Tell
from processors.video.transcode import moov_room, must_have_room

logger = logging.getLogger(__name__)

# Of the share of all the work; what is left is for an MP4's index.
ENCODING = 0.97
# A second of 1080p at 30 pictures a second may take so many, on a machine that has other things to do.
PATIENCE, START_SECONDS = 25.0, 120.0
FULL = 1920 * 1080 * 30


@dataclass(frozen=True)
class Remaking:
    """What a run needs to know. before: what the source holds. tell, share: see `Meter`."""

    order: Order
    before: Inventory
    protection: Protection
    tell: Tell
    share: Share = WHOLE


async def remake(source: int, target: int, run: Remaking, scratch: Path) -> int:
    """Make of the file behind `source` the one behind `target`; gives its size in bytes, less than the source has.

    scratch: a folder for what an MP4 is made from, which takes as many bytes as the source at most, set aside at once;
    nothing in it is left. Raises Refused: damaged, no_smaller, too_much_memory, too_long; OSError where there is no
    room; and as `execute` does.
    """
    covers = [one.stream.index for one in run.order.covers]
    parts = await take_covers(source, covers, run.protection) if covers else []
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(Beside(attachments(parts))) if parts else None
        words = [*output(run.order, run.before), *container(run.order), "fd:"]
        before = ("-noautorotate", "-threads", str(run.order.threads), "-filter_threads", str(run.order.threads))
        if run.order.container != "mp4":
            return await _run(source, target, words, before, run, run.share, beside)
        first = stack.enter_context(tempfile.TemporaryFile(dir=scratch)).fileno()
        set_aside(first, bounds(run).file_bytes)
        await _run(source, first, words, before, run, run.share.part(0.0, ENCODING), beside)
        return await _index_first(first, target, run)


async def _index_first(made: int, target: int, run: Remaking) -> int:
    """As `transcode` does it, with all that is there; the track of chapters is written anew."""
    words = ["-map", "0", "-map", "-0:d", "-map_metadata", "0", "-map_chapters", "0", "-c", "copy"]
    for number, one in enumerate(run.order.kept):
        words += [f"-disposition:{number}", "+".join(one.stream.dispositions) or "0"]
    words += [*container(run.order), "-moov_size", str(moov_room(made)), "fd:"]
    return await _run(made, target, words, (), run, run.share.part(ENCODING, 1.0))


async def _run(
    source: int,
    target: int,
    words: Sequence[str],
    before: Sequence[str],
    run: Remaking,
    share: Share,
    beside: Beside | None = None,
) -> int:
    limits, meter = bounds(run), Meter(run.order.seconds, run.tell, share)
    try:
        with Hearing(meter.hear) as hearing:
            made = await ffmpeg(source, words, run.protection, limits, before, target, hearing, beside)
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    except SandboxTimeout:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its length may.") from None
    size = os.fstat(target).st_size
    if size >= limits.file_bytes:
        raise Refused(Code.NO_SMALLER, "What is made of the video is no smaller than it.")
    if made.status != 0 or size == 0:
        must_have_room(target)
        logger.warning("video: ffmpeg ended with %d: %s", made.status, made.end[-500:].strip())
        raise Refused(Code.DAMAGED, "The video is damaged, or holds what can't be written anew.")
    return size


def bounds(run: Remaking) -> Bounds:
    """What a run may use: time in proportion to the length, memory to the size of pictures, fewer bytes than before."""
    order, pictures = run.order, run.before.pictures
    pixels = max(pictures.width * pictures.height, order.width * order.height)
    work = max(0.25, pixels * order.rate / FULL)
    seconds = START_SECONDS + order.seconds * PATIENCE * work
    memory = (4 << 30) if pixels > LARGE else (2 << 30)
    return Bounds(seconds, order.threads + 1, memory, max(1, run.before.size), order.nice)
