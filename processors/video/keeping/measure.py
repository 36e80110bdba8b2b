"""`python -m processors.video.keeping.measure`: what making videos anew costs, and what it gives.

The clips are those of `processors.video.measure`, the words those of an order that asks for 2 Mbit/s. For each codec:
the bit rate that came out, VMAF (NEG), and CPU seconds of encoding and of watching both, for a second of video.
"""

import argparse
import asyncio
import re
import tempfile
from dataclasses import replace
from pathlib import Path

from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Protection
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.ffmpeg import ffmpeg
from processors.video.keeping.looking import take_inventory
from processors.video.keeping.order import Order
from processors.video.keeping.ordering import ordered
from processors.video.keeping.verdict import Bars
from processors.video.keeping.watching import VMAF, Watching, watching_words
from processors.video.keeping.wishes import Wish
from processors.video.keeping.words import container, output
from processors.video.measure import PATTERNS, SOURCE, run_ffmpeg
from processors.video.probe import probe
from processors.video.progress import WHOLE

ASKED = 2_000_000
LONG = Bounds(seconds=3600, cores=4, max_bytes=4 << 30, file_bytes=1 << 30)
BENCH = re.compile(r"bench: utime=([0-9.]+)s stime=([0-9.]+)s")


async def measured(clip: Path, codec: Codec, protection: Protection, seconds: int) -> str:
    """A line of the table."""
    with clip.open("rb") as given, tempfile.TemporaryFile(dir=clip.parent) as made:
        source, target = given.fileno(), made.fileno()
        before = await take_inventory(source, protection)
        order = ordered(before, await probe(source, protection), Wish(codec, ASKED, nice=0))
        assert isinstance(order, Order), order
        order = replace(order, container="matroska")
        words = ["-benchmark", *output(order, before), *container(order), "fd:"]
        threads = ("-threads", str(order.threads))
        encoded = await ffmpeg(source, words, protection, LONG, threads, target)
        run = Watching(
            before, await take_inventory(target, protection), order, protection, Bars().every, _nobody, WHOLE
        )
        with Beside(target) as beside:
            words = ["-benchmark", *watching_words(run)]
            watched = await ffmpeg(source, words, protection, LONG, threads, None, None, beside)
        rate = made.seek(0, 2) * 8 / seconds / 1000
    cost, after = (_cpu_seconds(one.end) / seconds for one in (encoded, watched))
    return f"| {clip.stem} | {codec.value} | {rate:,.0f} | {VMAF.findall(watched.end)[-1]} | {cost:.2f} | {after:.2f} |"


def _cpu_seconds(said: str) -> float:
    return sum(float(part) for part in BENCH.findall(said)[-1])


def _nobody(_: object) -> None:
    """Nobody is told how far it is."""


async def _all(seconds: int, codecs: list[Codec]) -> None:
    protection = replace(await probe_layers(), weak=True)
    print("| clip | codec | kbit/s | VMAF (NEG) | CPU s a second | of verifying |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, pattern in PATTERNS.items():
            clip = Path(folder, f"{name}.mp4")
            made = ("-loglevel", "error", "-f", "lavfi", "-i", pattern.format(seconds))
            await run_ffmpeg(*made, *SOURCE, str(clip))
            for codec in codecs:
                print(await measured(clip, codec, protection, seconds), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, metavar="N", help="of each clip (default 4)")
    parser.add_argument("--codec", nargs="+", choices=[codec.value for codec in Codec], default=[*Codec])
    options = parser.parse_args()
    asyncio.run(_all(options.seconds, [Codec(one) for one in options.codec]))
