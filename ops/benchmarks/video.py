"""`./ops/bench video`: speed, size and VMAF of each codec at the same bit rate, on clips made here, in the sandbox.

And what it costs to look at a video of a minute (poster, screenshots and storyboard against decoding it, probing
against ffprobe), and to tell by its content what a file is, from 1 KB to 2 GB, against going by its name.
Exit code: 0 when every goal is reached, 1 when not.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.benchmarks import command
from processors.video.codec import Codec

if TYPE_CHECKING:
    from processors.video.measure import Looked, Transcoded

SIZES = (1 << 10, 1 << 20, 100 << 20, 2 << 30)
LEAST_SPEED, LEAST_VMAF, MOST_SHARE, LEAST_SHARE, LEAST_SHOWN = 1.0, 92.0, 1.15, 0.85, 4.0
SNIFFS = 200


def main(argv: list[str]) -> int:
    options = _parse(argv)
    codecs = [Codec(name) for name in options.codec or list(Codec)]
    with tempfile.TemporaryDirectory(prefix="darkroom-bench-") as folder:
        made, looked, told = asyncio.run(_measured(Path(folder), options.seconds, codecs))
    goals = _goals(made, looked)
    if options.json:
        print(json.dumps({"made": [asdict(one) for one in made], "looked": asdict(looked), "told": told}, indent=1))
    else:
        print(_table(made, looked, told))
        print("\n".join(f"{'reached' if reached else 'MISSED '}  {goal}" for goal, reached in goals))
    return 0 if all(reached for _, reached in goals) else 1


async def _measured(
    folder: Path, seconds: int, codecs: list[Codec]
) -> "tuple[list[Transcoded], Looked, dict[int, tuple[float, float]]]":
    from processors.sandbox.probe import probe  # only now, since --help is answered before anything is installed
    from processors.video import measure

    protection = await probe()
    made = await measure.transcoded(folder, seconds, codecs, protection, command.say)
    command.say("looking at a minute")
    looked = await measure.looked(folder, protection)
    command.say("telling what files are")
    return made, looked, {size: _told(folder, size) for size in SIZES}


def _told(folder: Path, size: int) -> tuple[float, float]:
    """Milliseconds to tell a file of so many bytes by its content, and by its name."""
    from processors import profiles
    from processors.sniff import SNIFFED_BYTES, content_type

    file = folder / "file.mp4"
    with (folder / "easy.mp4").open("rb") as clip, file.open("wb") as made:
        made.write(clip.read(SNIFFED_BYTES))
    os.truncate(file, size)
    began = time.perf_counter()
    for _ in range(SNIFFS):
        with file.open("rb") as source:
            profiles.profile_of(content_type(memoryview(source.read(SNIFFED_BYTES))))
    by_content, began = time.perf_counter() - began, time.perf_counter()
    for _ in range(SNIFFS):
        profiles.suggested(file.name)
    return 1000 * by_content / SNIFFS, 1000 * (time.perf_counter() - began) / SNIFFS


def _goals(made: "list[Transcoded]", looked: "Looked") -> list[tuple[str, bool]]:
    goals = []
    for one in made:
        if one.codec is Codec.VP9 and one.clip == "easy":
            goals.append(
                (f"VP9 at 1080p at least {LEAST_SPEED:g} x realtime: {one.speed:.2f}", one.speed >= LEAST_SPEED)
            )
            goals.append((f"VMAF of it at least {LEAST_VMAF:g}: {one.vmaf:.1f}", one.vmaf >= LEAST_VMAF))
        what, share = f"{one.codec.value} on {one.clip}", f"{100 * one.share:.0f} %"
        goals.append((f"{what}: at most 115 % of what is asked: {share}", one.share <= MOST_SHARE))
        if one.codec is Codec.VP9 and one.clip == "noise":
            goals.append((f"{what}: at least 85 % of what is asked: {share}", one.share >= LEAST_SHARE))
    ratio = looked.decoded / looked.shown
    goals.append((f"pictures at least {LEAST_SHOWN:g} x as fast as a full decode: {ratio:.1f}", ratio >= LEAST_SHOWN))
    return goals


def _table(made: "list[Transcoded]", looked: "Looked", told: dict[int, tuple[float, float]]) -> str:
    rows: list[tuple[Any, ...]] = [("clip", "codec", "x realtime", "of asked", "bytes", "VMAF")]
    for one in made:
        share = f"{100 * one.share:.0f} %"
        rows.append((one.clip, one.codec.value, f"{one.speed:.2f}", share, f"{one.size:,}", f"{one.vmaf:.1f}"))
    lines = ["  ".join(str(cell).rjust(11) for cell in row) for row in rows]
    ffprobe = "no ffprobe here" if looked.ffprobe is None else f"ffprobe {1000 * looked.ffprobe:.0f} ms"
    lines.append(
        f"a minute: full decode {looked.decoded:.1f} s, poster, screenshots and storyboard {looked.shown:.1f} s; "
        f"probe in the sandbox {1000 * looked.probed:.0f} ms, {ffprobe}"
    )
    for size, (by_content, by_name) in told.items():
        lines.append(f"{size:>13,} bytes: told by content in {by_content:.3f} ms, by name in {by_name:.4f} ms")
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench video", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=command.positive, default=8, metavar="S", help="of each clip (default 8)")
    parser.add_argument("--codec", choices=[codec.value for codec in Codec], action="append", help="these only")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
