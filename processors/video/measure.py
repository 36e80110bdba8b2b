"""`python -m processors.video.measure`: speed, bit rate and VMAF of each codec, in the sandbox, on clips made here.

The clips are one of moving patterns and one of noise, at 1080p and 30 pictures a second. VMAF compares with the clip.
"""

import argparse
import asyncio
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

from processors.sandbox.layers import Protection
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.decide import decide
from processors.video.make import show
from processors.video.probe import probe
from processors.video.settings import Settings
from processors.video.transcode import Run, transcode

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
PATTERNS = {
    "easy": "testsrc2=size=1920x1080:rate=30:duration={},boxblur=1",
    "noise": "testsrc2=size=1920x1080:rate=30:duration={},noise=alls=20:allf=t",
}
SOURCE = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "16", "-g", "60", "-pix_fmt", "yuv420p")
VMAF = re.compile(r"VMAF score: ([0-9.]+)")
SAME_TIMES = "[0:v]settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]libvmaf=n_threads=2:n_subsample=3"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m processors.video.measure", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="of each clip (default 8)")
    parser.add_argument("--codec", choices=[codec.value for codec in Codec], action="append", help="these only")
    options = parser.parse_args()
    codecs = [Codec(name) for name in options.codec or list(Codec)]
    print(f"load before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_all(Path(folder), options.seconds, codecs))


async def _all(folder: Path, seconds: int, codecs: list[Codec]) -> None:
    protection = await probe_layers()
    for name, pattern in PATTERNS.items():
        clip = folder / f"{name}.mp4"
        words = ["-f", "lavfi", "-i", pattern.format(seconds), *SOURCE, str(clip)]
        await _ffmpeg("-loglevel", "error", *words)
        for codec in codecs:
            await _codec(clip, codec, seconds, protection)
    await _pictures(folder, protection)


async def _pictures(folder: Path, protection: Protection) -> None:
    """The poster, the screenshots and the sprite of a minute, against decoding it all with two threads."""
    minute = folder / "minute.mp4"
    pattern = "testsrc2=size=1920x1080:rate=30:duration=10,noise=alls=3:allf=t"
    made = ("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", "60", "-pix_fmt", "yuv420p")
    await _ffmpeg("-loglevel", "error", "-f", "lavfi", "-i", pattern, *made, str(folder / "ten.mp4"))
    await _ffmpeg("-stream_loop", "5", "-i", str(folder / "ten.mp4"), "-c", "copy", str(minute))
    began = time.perf_counter()
    await _ffmpeg("-loglevel", "error", "-threads", "2", "-i", str(minute), "-f", "null", "-")
    decoded, began = time.perf_counter() - began, time.perf_counter()
    with minute.open("rb") as source:
        facts = await probe(source.fileno(), protection)
        probed, began = time.perf_counter() - began, time.perf_counter()
        await show(source.fileno(), folder, facts, Settings(nice=0), protection)
    shown = time.perf_counter() - began
    print(f"probe {probed:.2f} s; full decode {decoded:.2f} s; poster, screenshots and sprite {shown:.2f} s")


async def _codec(clip: Path, codec: Codec, seconds: int, protection: Protection) -> None:
    target, settings = clip.with_name("made"), Settings(codec=codec, nice=0)
    with clip.open("rb") as source, target.open("w+b") as made:
        facts = await probe(source.fileno(), protection)
        plan = decide(facts, settings)
        began = time.perf_counter()
        size = await transcode(source.fileno(), made.fileno(), Run(facts, plan, protection, _nobody), clip.parent)
        took = time.perf_counter() - began
    said = await _ffmpeg("-i", str(target), "-i", str(clip), "-lavfi", SAME_TIMES, "-f", "null", "-")
    score = VMAF.search(said)
    rate = size * 8 / seconds
    of_asked = f"{100 * rate / plan.bit_rate:.0f} % of what was asked"
    quality = score[1] if score else "?"
    speed = f"{seconds / took:.2f} x realtime, {rate / 1000:.0f} kbit/s ({of_asked})"
    print(f"{clip.stem} {codec.value}: {speed}, VMAF {quality}", flush=True)


async def _ffmpeg(*words: str) -> str:
    """Run it on clips of our own. Gives what it says."""
    done = await asyncio.to_thread(
        subprocess.run, [FFMPEG, "-nostdin", "-hide_banner", *words], capture_output=True, text=True, check=True
    )
    return done.stderr


def _nobody(_: object) -> None:
    """Nobody is told how far it is."""


if __name__ == "__main__":
    main()
