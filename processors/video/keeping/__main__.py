"""`python -m processors.video.keeping FILE --into FOLDER`: makes a local video anew with all it holds, and verifies it.

Exit code: 0 when the result may take the file's place, 1 when it may not or none was made. The file itself stays.
"""

import argparse
import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

from processors.refusals import Refused
from processors.sandbox.errors import SandboxError
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.files import created
from processors.video.keeping.looking import take_inventory
from processors.video.keeping.order import Refusal
from processors.video.keeping.ordering import ordered
from processors.video.keeping.remaking import Remaking, remake
from processors.video.keeping.verdict import Bars, Verdict
from processors.video.keeping.verifying import verify
from processors.video.keeping.wishes import SoundWish, Wish
from processors.video.probe import probe
from processors.video.progress import Progress


def main() -> int:
    given = _parse()
    if given.into.resolve() == given.file.resolve().parent:
        print(f"{given.file}: the result might take its name there", file=sys.stderr)
        return 1
    given.into.mkdir(parents=True, exist_ok=True)
    wish = Wish(
        Codec(given.codec),
        given.bit_rate,
        given.lines,
        SoundWish(given.sound),
        deinterlace=given.deinterlace,
        subsample=given.subsample,
        drop_data=given.drop_data,
        threads=given.threads,
    )
    try:
        return asyncio.run(_one(given.file, given.into, wish, given.weak))
    except (Refused, SandboxError, OSError, ValueError) as error:
        print(f"\r{given.file}: {error}", file=sys.stderr)
        return 1


async def _one(path: Path, folder: Path, wish: Wish, weak: bool) -> int:
    protection = replace(await probe_layers(), weak=weak)
    with path.open("rb") as file:
        source = file.fileno()
        before = await take_inventory(source, protection)
        order = ordered(before, await probe(source, protection), wish)
        if isinstance(order, Refusal):
            print(f"{path} stays as it is: {order.reason}")
            return 1
        with created(folder / f"{path.stem}.{order.extension}") as target:
            began = time.perf_counter()
            size = await remake(source, target, Remaking(order, before, protection, _progress), folder)
            made = time.perf_counter()
            verdict = await verify(source, target, before, order, protection, Bars(), _progress)
    print(f"\r{before.size:,} bytes before, {size:,} after; made in {made - began:.1f} s", end="")
    print(f", verified in {time.perf_counter() - made:.1f} s")
    for reason in order.reasons:
        print(f"  {reason}")
    return _report(verdict)


def _progress(progress: Progress) -> None:
    print(f"\r{progress.step} {progress.percent:5.1f} %   ", end="", file=sys.stderr, flush=True)


def _report(verdict: Verdict) -> int:
    for one in verdict.checks:
        print(f"  {'right' if one.ok else 'WRONG'}  {one.name}: {one.detail}")
    if verdict.damaged_before:
        print("  the file itself was damaged before")
    return 0 if verdict.ok else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m processors.video.keeping", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="a video")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="where the result goes")
    parser.add_argument("--codec", choices=[codec.value for codec in Codec], default=Codec.AV1.value)
    parser.add_argument("--bit-rate", type=int, default=2_000_000, metavar="N", help="bits a second, at most")
    parser.add_argument("--lines", type=int, default=2160, metavar="N", help="of the shorter side, at most")
    parser.add_argument("--sound", choices=["", "opus", "aac"], default="", help="for what is lossless")
    parser.add_argument("--deinterlace", action="store_true", help="fields may become whole pictures")
    parser.add_argument("--subsample", action="store_true", help="colours may become 4:2:0")
    parser.add_argument("--drop-data", action="store_true", help="streams of data may be left out")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="of an encoder (default 2)")
    parser.add_argument("--weak", action="store_true", help="also where the system gives the sandbox one layer only")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
