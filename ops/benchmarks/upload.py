"""`./ops/bench upload`: one large file, by a form and in parts, side by side.

Starts an appliance of its own, on this machine and in a new folder. Each run sends a new file of random bytes in three
ways, in turn: by a form, which can't be gone on with; in parts, with the whole file's checksum computed first and every
part's on the way; and in parts with the client ended in the middle, and another one going on. The time is from asking
for a link until storage has said that it holds the file.
Exit code: 0 when the goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ops.benchmarks import command

if TYPE_CHECKING:
    from ops.uploading.client import Client

MEGABYTE = 1_000_000
LEAST = 0.8
WAYS = ("form", "parts", "resumed")
PROJECT = "bench"

Figures = dict[str, float]  # way → bytes a second


def main(argv: list[str]) -> int:
    options = _parse(argv)
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks import appliance

    try:
        with appliance.running() as one, tempfile.TemporaryDirectory() as folder:
            url, token = one.url(), one.verb("token", "--project", PROJECT).strip()
            figures = asyncio.run(_runs(url, token, Path(folder) / "large.jpg", options))
    except appliance.NotStarted as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(figures, indent=1) if options.json else _table(figures))
    return 0 if _share(figures) >= LEAST else 1


async def _runs(url: str, token: str, file: Path, options: argparse.Namespace) -> list[Figures]:
    import aiohttp

    from ops.uploading.client import Client

    async def bearer() -> str:
        return token

    figures = []
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
        client = Client(session, url, PROJECT, bearer)
        for number in range(options.runs):
            speeds: Figures = {}
            for way in WAYS[number % 3 :] + WAYS[: number % 3]:  # none of them is always the first
                command.say(f"run {number + 1} of {options.runs}: {way}")
                await asyncio.to_thread(file.write_bytes, os.urandom(options.megabytes * MEGABYTE))
                began = time.monotonic()
                sent = await _SENT[way](client, file)
                speeds[way] = options.megabytes * MEGABYTE / (time.monotonic() - began)
                await _gone(client, sent)
            figures.append(speeds)
    return figures


async def _by_form(client: "Client", file: Path) -> str:
    link = await client.link(file.name)
    await client.send(link, file)
    return link.image_id


async def _in_parts(client: "Client", file: Path) -> str:
    from ops.uploading import large

    file_id = await _offered(client, file)
    await large.send(client, file_id, file, lambda size: None)
    return file_id


async def _resumed(client: "Client", file: Path) -> str:
    from ops.uploading import large

    file_id, half, sent = await _offered(client, file), asyncio.Event(), 0

    def told(size: int) -> None:
        nonlocal sent
        sent += size
        if 2 * sent >= file.stat().st_size:
            half.set()

    sending = asyncio.create_task(large.send(client, file_id, file, told))
    await half.wait()
    sending.cancel()
    await asyncio.wait([sending])
    await large.send(client, file_id, file, lambda size: None)
    return file_id


async def _offered(client: "Client", file: Path) -> str:
    from ops.uploading import large

    size = (await asyncio.to_thread(file.stat)).st_size
    return (await client.offer(file.name, size, await large.checksum(file))).image_id


async def _gone(client: "Client", file_id: str) -> None:
    """Waits until it has failed, as random bytes do, so that nothing is under way beside the next one."""
    while (await client.ask("GET", f"/files/{file_id}"))["state"] not in ("done", "error"):  # noqa: ASYNC110
        await asyncio.sleep(0.1)


_SENT: dict[str, Callable[["Client", Path], Awaitable[str]]] = {
    "form": _by_form,
    "parts": _in_parts,
    "resumed": _resumed,
}


def _share(figures: list[Figures]) -> float:
    """How fast an upload in parts is, of one by a form: the median of what each run says by itself."""
    return statistics.median(speeds["parts"] / speeds["form"] for speeds in figures)


def _table(figures: list[Figures]) -> str:
    lines = [f"{'MB/s':>4} {'form':>8} {'parts':>8} {'resumed':>8}"]
    for number, speeds in enumerate(figures, 1):
        lines.append(f"{number:>4} " + " ".join(f"{speeds[way] / MEGABYTE:>8.1f}" for way in WAYS))
    share = _share(figures)
    word = "reached" if share >= LEAST else "MISSED "
    lines += ["", f"{word}  at least {100 * LEAST:.0f} % of the speed of a form: {100 * share:.0f} %"]
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench upload", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--megabytes", type=_size, default=99, metavar="N", help="of the file, 34 to 99, since a form takes no more"
    )
    parser.add_argument("--runs", type=command.positive, default=5, help="runs; the median counts (default 5)")
    parser.add_argument("--json", action="store_true", help="bytes a second of each way, for a script")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one starts its own
    return parser.parse_args(argv)


def _size(text: str) -> int:
    if not 34 <= command.positive(text) <= 99:
        raise argparse.ArgumentTypeError("it is a number from 34 to 99")
    return int(text)
