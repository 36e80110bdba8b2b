"""A folder of photos on its way: who is asked, what is remembered, and the bars that show it."""

from argparse import Namespace
from pathlib import Path

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

from ops.uploading import journal
from ops.uploading.access import Access
from ops.uploading.client import Client
from ops.uploading.run import Outcome, Progress, Run


async def send(given: Namespace, folder: Path, key: str | None) -> tuple[Outcome, int]:
    """Sends the photos of `folder` as the command line `given` asks, with a server key if it has --url.

    Gives what became of them, and how many files were left out. Raises Refused, Away, aiohttp.ClientError, OSError.
    """
    files, left_out = journal.photos(folder)
    access = Access(given, key)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=120)
    connector = aiohttp.TCPConnector(limit=2 * given.at_once + 4, ssl=access.tls(), resolver=access.resolver())
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
