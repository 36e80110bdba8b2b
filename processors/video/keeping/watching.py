"""Watching both files in one run of ffmpeg: all is decoded, each picture compared with what it was made from."""

import logging
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from processors.refusals import Code, Refused
from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.sandbox.spawn import TooMuchMemory
from processors.video.encoders import LARGE
from processors.video.ffmpeg import ffmpeg
from processors.video.keeping.converting import SAME, Conversion, comparing, conversion
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.listening import alike, listening, loud
from processors.video.keeping.order import Order
from processors.video.keeping.questions import MAX_PICTURES
from processors.video.keeping.remaking import FULL, START_SECONDS
from processors.video.progress import Meter, Share, Tell

logger = logging.getLogger(__name__)

PATIENCE = 10.0
# A line for each picture: its number, and how like it is.
LINE_BYTES, LOG_BYTES = 128, 4 << 20
SSIM = re.compile(rb"All:(-?[0-9.]+)")
VMAF = re.compile(r"VMAF score: ([0-9.]+)")
# No gain for what only enhances: more contrast than before is no better, it is wrong.
MODEL = "version=vmaf_v0.6.1neg"
# Of a picture that VMAF is taken of: itself, and those before and behind.
AROUND = 3
# Colours are compared on pictures of an eighth: grain, which no encoder keeps, is gone there, and good results of grey
# grain are alike by 0.98; at full size by 0.51, no more than what has lost all its colours.
SMALLER, LEAST_SIDE = 8, 64
COLOURS = re.compile(r"colours @ [^\]]*\] SSIM Y:-?[0-9.]+ \([^)]*\) U:(-?[0-9.]+) \([^)]*\) V:(-?[0-9.]+)")
FEW_SECONDS = 0.1
COUNTED = re.compile(r"Input stream #([01]):(\d+) \((video|audio)\):.* (\d+) frames decoded; (\d+) decode errors")
HURT = re.compile(r"\[(?:[va]ist|in)#([01])\b.*(?:corrupt decoded frame|corrupt input packet|Error submitting)")


@dataclass(frozen=True)
class Seen:
    """Of one file. frames: pictures that were decoded; errors: of all its decoders, those that were made up for too.

    loud: of each stream of sound, by its index, how loud it is in the mean, in dB of the loudest that can be told.
    """

    frames: int
    errors: int
    loud: dict[int, float]


@dataclass(frozen=True)
class Worst:
    """ssim: the mean of a stretch's pictures; begins: the second; mean: of all pictures."""

    ssim: float
    begins: float
    mean: float


@dataclass(frozen=True)
class Watched:
    """vmaf: the mean (NEG); worst: of the worst second; few: of the worst few pictures; colours: the mean SSIM of U or
    of V, whichever is less, at an eighth of the size; converted: what these may have been converted from and to. None:
    no picture could be compared. alike: of each stream of sound that was encoded, by its index in the source, how much
    louder it is than what it differs by, in dB; none of what is silent. ended: ffmpeg has come to its end.
    """

    before: Seen
    after: Seen
    vmaf: float | None
    worst: Worst | None
    few: Worst | None
    colours: float | None
    converted: Conversion | None
    alike: dict[int, float]
    ended: bool


@dataclass(frozen=True)
class Watching:
    """What a run needs to know. every: each so many pictures VMAF is taken of. tell, share: see `Meter`."""

    before: Inventory
    after: Inventory
    order: Order
    protection: Protection
    every: int
    tell: Tell
    share: Share


async def watch(source: int, target: int, run: Watching) -> Watched:
    """Both from beginning to end. Raises Refused: too_much_memory, too_long; and as `execute` does."""
    meter = Meter(run.order.seconds, run.tell, run.share)
    before = ("-noautorotate", "-threads", str(run.order.threads), "-filter_threads", str(run.order.threads))
    try:
        with Beside(target) as beside, Hearing(meter.hear) as hearing:
            made = await ffmpeg(
                source, watching_words(run), run.protection, _bounds(run), before, None, hearing, beside
            )
    except TooMuchMemory:
        raise Refused(Code.TOO_MUCH_MEMORY, "The video needs more memory than a video may.") from None
    except SandboxTimeout:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its length may.") from None
    if made.status != 0:
        logger.warning("video: ffmpeg ended with %d: %s", made.status, made.end[-500:].strip())
    said = made.said + made.end if made.cut else made.said
    scores, colours = VMAF.findall(made.end), COLOURS.findall(made.end)
    worst, few = (worst_stretch(_likeness(made.data), run.order.rate, seconds) for seconds in (1.0, FEW_SECONDS))
    return Watched(
        before=_seen(0, said, run),
        after=_seen(1, said, run),
        vmaf=float(scores[-1]) if scores else None,
        worst=worst,
        few=few,
        colours=min(map(float, colours[-1])) if colours else None,
        converted=conversion(made.end),
        alike=alike(made.end),
        ended=made.status == 0,
    )


def watching_words(run: Watching) -> list[str]:
    """ffmpeg's. Pictures are paired by their number: that their times are the same is another check."""
    pictures, order = run.before.pictures, run.order
    once = f"settb=1/90000,setpts=N*{max(1, round(90_000 / order.rate))}"
    whole = "bwdif=mode=send_frame," if order.deinterlace else ""
    span = "full" if order.full else "limited"
    fit = f"scale={pictures.width}:{pictures.height}:flags=bicubic:in_range={span}:out_range={span}"
    less = f"scale={_smaller(pictures.width)}:{_smaller(pictures.height)}:flags=area"
    of, step = _samples(run.every)
    graph = (
        f"[0:{pictures.index}]{whole}{SAME},{fit},format={order.pixels},setsar=1,{once},split=3[was][is][old];"
        f"[1:{run.after.pictures.index}]{SAME},{fit},format={order.pixels},setsar=1,{once},split=3[now][new][made];"
        f"[was]{of}[some];[now]{of}[those];"
        f"[those][some]libvmaf=n_threads={order.threads}:n_subsample={step}:model={MODEL}[vmaf];"
        f"[new][is]ssim=f=-[ssim];[old]{less},split[few][small];[made]{less}[less];[less][few]ssim@colours[like];"
        f"{comparing(order.full)}"
    )
    sounds, heard = listening(run.before, run.after, order)
    words = ["-loglevel", "verbose", "-lavfi", graph + sounds]
    for name in ("[vmaf]", "[ssim]", "[converted]", *heard):
        words += ["-map", name]
    return [*words, "-c:v", "wrapped_avframe", "-fps_mode", "passthrough", "-f", "null", "-"]


def _samples(every: int) -> tuple[str, int]:
    """The filter that leaves libvmaf the pictures it needs, and of how many of these it takes a score: as many, and the
    same, as of each `every` of all. How much moves is measured against the pictures before and behind, which is why
    these are left; of all pictures it would be measured, for nothing, and takes as long as all else of the scores.
    """
    if every <= AROUND:
        return "null", every
    return f"select='lt(mod(n+1,{every}),{AROUND})'", AROUND


def _smaller(side: int) -> int:
    return max(min(side, LEAST_SIDE), side // SMALLER // 2 * 2)


def _likeness(log: memoryview) -> Iterator[float]:
    return (float(found[1]) for found in SSIM.finditer(log))


def worst_stretch(likeness: Iterable[float], rate: float, seconds: float) -> Worst | None:
    """So many `seconds` of the least likeness, of as many pictures as these have at `rate` of them."""
    length = max(1, round(rate * seconds))
    window: deque[float] = deque()
    total, whole, worst, begins, count = 0.0, 0.0, None, 0.0, 0
    for count, one in enumerate(likeness, 1):
        window.append(one)
        total, whole = total + one, whole + one
        if len(window) > length:
            total -= window.popleft()
        if len(window) == length and (worst is None or total / length < worst):
            worst, begins = total / length, (count - length) / rate
    if not count:
        return None
    return Worst(whole / count if worst is None else worst, begins, whole / count)


def _seen(number: int, said: str, run: Watching) -> Seen:
    """What ffmpeg says of input `number`: how many pictures were decoded, what went wrong, how loud it is."""
    index = (run.before, run.after)[number].pictures.index
    # The end may be told twice, with what comes before it.
    counted = {found[2]: (int(found[4]), int(found[5])) for found in COUNTED.finditer(said) if found[1] == str(number)}
    hurt = sum(1 for found in HURT.finditer(said) if found[1] == str(number))
    frames = counted.get(str(index), (0, 0))[0]
    return Seen(frames, hurt + sum(errors for _, errors in counted.values()), loud(said, number))


def _bounds(run: Watching) -> Bounds:
    order, pictures = run.order, run.before.pictures
    pixels = pictures.width * pictures.height
    seconds = START_SECONDS + order.seconds * PATIENCE * max(0.25, pixels * order.rate / FULL)
    log = LOG_BYTES + LINE_BYTES * min(MAX_PICTURES, 2 * round(order.seconds * order.rate))
    return Bounds(seconds, order.threads + 1, (4 << 30) if pixels > LARGE else (2 << 30), log, order.nice)
