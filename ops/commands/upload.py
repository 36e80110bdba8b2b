"""`./ops/upload --project ID DIR`: sends a folder of photos, and waits until they are developed."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from ops.commands import options
from ops.host.say import stop
from ops.uploading import journal
from ops.uploading.access import Access
from ops.uploading.client import Away, Client, Refused
from ops.uploading.run import Outcome, Progress, Run

EPILOG = """A run that was broken off is taken up where it was: call it again. The folder may be on another machine:
--url names the appliance, and DARKROOM_KEY in the environment holds a server key of it (./ops/apikey).
Exit codes: 0 all are done; 1 some failed, and why is printed; 2 it could not begin."""


def main() -> int:
    parser = options.parser("upload", "Sends the photos of a folder, and waits until each is developed.", EPILOG)
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder; folders below it are sent too")
    parser.add_argument(
        "--project", required=True, metavar="ID", help="the project they go to; it is made if it is new"
    )
    parser.add_argument("--url", help="the appliance's address (default: the one running here)")
    parser.add_argument("--at-once", type=int, default=6, metavar="N", help="uploads under way at the same time")
    parser.add_argument("--json", action="store_true", help="no bars; the result as JSON")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if not folder.is_dir():
        stop(f"{given.folder} is no folder", "Name the folder that holds the photos.")
    try:
        outcome, left_out = asyncio.run(_upload(given, folder))
    except (Refused, Away) as error:
        stop(f"the appliance does not answer as it should: {error}", "Look at ./ops/status, then call this again.")
    _report(outcome, left_out, given.json)
    return 1 if outcome.failed else 0


async def _upload(given: Any, folder: Path) -> tuple[Outcome, int]:
    files, left_out = journal.photos(folder)
    access = Access(given, os.environ.get("DARKROOM_KEY"))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)
    connector = aiohttp.TCPConnector(limit=2 * given.at_once + 4, ssl=access.tls())
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        await access.begin(session)
        client = Client(session, access.url, given.project, access.bearer)
        kept = journal.Journal(journal.place(access.url, given.project, folder))
        with _bars(given.json) as bars:
            sending = bars.add_task("sending", total=sum(file.stat().st_size for file in files), bytes=True)
            ending = bars.add_task("developed", total=len(files), bytes=False)
            progress = Progress(lambda size: bars.advance(sending, size), lambda done: bars.advance(ending))
            return await Run(client, kept, folder, given.at_once, progress).all(files), left_out


class _Amount(ProgressColumn):
    """Bytes with their rate for what is sent, a count for what is developed."""

    def render(self, task: Task) -> Text:
        if task.fields["bytes"]:
            return DownloadColumn().render(task) + Text("  ") + TransferSpeedColumn().render(task)
        return MofNCompleteColumn().render(task)


def _bars(quiet: bool) -> Bars:
    columns = (TextColumn("{task.description:10}"), BarColumn(), _Amount(), TimeRemainingColumn())
    return Bars(*columns, console=Console(stderr=True), disable=quiet)


def _report(outcome: Outcome, left_out: int, as_json: bool) -> None:
    if as_json:
        failed = [{"file": path, "reason": reason} for path, reason in outcome.failed]
        print(json.dumps({"done": outcome.done, "failed": failed, "left_out": left_out}, indent=1))
        return
    print(
        f"{outcome.done} done, {len(outcome.failed)} failed" + (f", {left_out} files are no photos" if left_out else "")
    )
    for path, reason in outcome.failed:
        print(f"  {path}: {reason}")


if __name__ == "__main__":
    sys.exit(main())
