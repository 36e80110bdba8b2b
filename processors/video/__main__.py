"""`python -m processors.video FILE… --into FOLDER`: makes of local videos what a worker would.

Exit code: 0 when all came out, 1 when a file was refused.
"""

import argparse
import asyncio
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from processors.refusals import Refused
from processors.sandbox.errors import SandboxError
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.make import Made, make
from processors.video.orders import Show
from processors.video.progress import Progress
from processors.video.settings import Settings


def main() -> int:
    options = _parse()
    show = Show(shots=options.shots, preview=options.preview)
    ladder = tuple(int(lines) for lines in options.hls.split(",") if lines)
    settings = Settings(
        codec=Codec(options.codec), show=show, ladder=ladder, threads=options.threads, nice=options.nice
    )
    failed = [path for path in options.files if not asyncio.run(_one(path, options.into, settings, options.weak))]
    return 1 if failed else 0


async def _one(path: Path, folder: Path, settings: Settings, weak: bool) -> bool:
    into = folder / path.stem
    into.mkdir(parents=True, exist_ok=True)
    protection = replace(await probe_layers(), weak=weak)
    began = time.perf_counter()
    try:
        source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            made = await make(source, into, settings, protection, _progress)
        finally:
            os.close(source)
    except (Refused, SandboxError, OSError, ValueError) as error:
        print(f"\r{path}: {error}", file=sys.stderr)
        return False
    _report(path, made, time.perf_counter() - began)
    return True


def _progress(progress: Progress) -> None:
    left = "" if progress.left is None else f", {progress.left:.0f} s left"
    print(f"\r{progress.percent:5.1f} %{left}   ", end="", file=sys.stderr, flush=True)


def _report(path: Path, made: Made, seconds: float) -> None:
    before, after = made.before, made.after
    print(f"\r{path}: {before.codec} {before.shown_width} x {before.shown_height}, {seconds:.1f} s")
    print(f"  {before.size:,} bytes before, {after.size:,} after")
    for reason in made.plan.reasons:
        print(f"  {reason}")
    for file in made.files:
        size = f"  {file.width} x {file.height}" if file.width else ""
        print(f"  {file.name}{size}  {file.size:,} bytes")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m processors.video", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a video")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where a folder a video goes")
    parser.add_argument("--codec", choices=[codec.value for codec in Codec], default=Codec.VP9.value)
    parser.add_argument("--shots", type=int, default=5, metavar="N", help="screenshots (default 5)")
    parser.add_argument("--preview", type=float, default=4.0, metavar="S", help="its seconds, 0 for none (default 4)")
    parser.add_argument("--hls", default="", metavar="LINES", help="rungs of an HLS ladder, for example 360,720")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of an encoder (default 2)")
    parser.add_argument("--nice", type=int, default=10, metavar="N", help="steps back behind others (default 10)")
    parser.add_argument("--weak", action="store_true", help="also where the system gives the sandbox one layer only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
