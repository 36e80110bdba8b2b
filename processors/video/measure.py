"""Speed, bit rate and VMAF of each codec, in the sandbox, on clips made here; and what looking at a video costs.

The clips are one of moving patterns and one of noise, at 1080p and 30 pictures a second. VMAF compares with the clip.
`./ops/bench video` shows it.
"""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from processors.sandbox.layers import Protection
from processors.video.codec import Codec
from processors.video.decide import decide
from processors.video.probe import probe
from processors.video.settings import Settings
from processors.video.showing import show
from processors.video.transcode import Run, transcode

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PATTERNS = {
    "easy": "testsrc2=size=1920x1080:rate=30:duration={},boxblur=1",
    "noise": "testsrc2=size=1920x1080:rate=30:duration={},noise=alls=20:allf=t",
}
SOURCE = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "60", "-pix_fmt", "yuv420p")
MINUTE = "testsrc2=size=1920x1080:rate=30:duration=10,noise=alls=3:allf=t"
CAMERA = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "60", "-pix_fmt", "yuv420p")
VMAF = re.compile(r"VMAF score: ([0-9.]+)")
SAME_TIMES = "[0:v]settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]libvmaf=n_threads=2:n_subsample=3"


@dataclass(frozen=True)
class Transcoded:
    """speed: seconds of video in a second. share: of the bit rate asked, 0 to 1 and above. size: bytes."""

    clip: str
    codec: Codec
    speed: float
    share: float
    size: int
    vmaf: float


@dataclass(frozen=True)
class Looked:
    """Seconds that each took, of a minute of video: a full decode with two threads; poster, five screenshots and
    storyboard; probing in the sandbox, and by the system's ffprobe, None where there is none.
    """

    decoded: float
    shown: float
    probed: float
    ffprobe: float | None


async def transcoded(
    folder: Path, seconds: int, codecs: list[Codec], protection: Protection, say: Callable[[str], None]
) -> list[Transcoded]:
    """Each of the codecs on each of the clips, of so many `seconds`; `say` hears what is being done."""
    found = []
    for name, pattern in PATTERNS.items():
        clip = folder / f"{name}.mp4"
        await run_ffmpeg("-loglevel", "error", "-f", "lavfi", "-i", pattern.format(seconds), *SOURCE, str(clip))
        for codec in codecs:
            say(f"{name}: {codec.value}")
            found.append(await _codec(clip, codec, seconds, protection))
    return found


async def looked(folder: Path, protection: Protection) -> Looked:
    """Of a minute as a camera makes it."""
    minute = folder / "minute.mp4"
    await run_ffmpeg("-loglevel", "error", "-f", "lavfi", "-i", MINUTE, *CAMERA, str(folder / "ten.mp4"))
    await run_ffmpeg("-stream_loop", "5", "-i", str(folder / "ten.mp4"), "-c", "copy", str(minute))
    began = time.perf_counter()
    await run_ffmpeg("-loglevel", "error", "-threads", "2", "-i", str(minute), "-f", "null", "-")
    decoded, began = time.perf_counter() - began, time.perf_counter()
    with minute.open("rb") as source:
        facts = await probe(source.fileno(), protection)
        probed, began = time.perf_counter() - began, time.perf_counter()
        await show(source.fileno(), folder, facts, Settings(nice=0), protection, _nobody)
    return Looked(decoded, time.perf_counter() - began, probed, await _ffprobe(minute))


async def _ffprobe(file: Path) -> float | None:
    program = shutil.which("ffprobe")
    if program is None:
        return None
    began = time.perf_counter()
    words = [program, "-v", "error", "-show_format", "-show_streams", str(file)]
    await asyncio.to_thread(subprocess.run, words, capture_output=True, check=True)
    return time.perf_counter() - began


async def _codec(clip: Path, codec: Codec, seconds: int, protection: Protection) -> Transcoded:
    target, settings = clip.with_name("made"), Settings(codec=codec, nice=0)
    with clip.open("rb") as source, target.open("w+b") as made:
        facts = await probe(source.fileno(), protection)
        plan = decide(facts, settings)
        began = time.perf_counter()
        done = await transcode(source.fileno(), made.fileno(), Run(facts, plan, protection, _nobody), clip.parent)
        took = time.perf_counter() - began
    said = await run_ffmpeg("-i", str(target), "-i", str(clip), "-lavfi", SAME_TIMES, "-f", "null", "-")
    [score] = VMAF.findall(said)
    return Transcoded(
        clip.stem, codec, seconds / took, done.size * 8 / seconds / plan.bit_rate, done.size, float(score)
    )


async def run_ffmpeg(*words: str) -> str:
    """Run it on clips of our own. Gives what it says."""
    done = await asyncio.to_thread(
        subprocess.run, [FFMPEG, "-nostdin", "-hide_banner", *words], capture_output=True, text=True, check=True
    )
    return done.stderr


def _nobody(_: object) -> None:
    """Nobody is told how far it is."""
