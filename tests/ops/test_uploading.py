"""A run of `./ops/upload` whose forms run out: what is sent slowly is waited for, and what failed so is sent again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ops.uploading.client import Link, Refused
from ops.uploading.journal import Journal
from ops.uploading.run import Outcome, Progress, Run

pytestmark = pytest.mark.pure

EXPIRED = {"code": "upload_expired", "message": "It did not come in time."}


class Server:
    """A project as a client sees it. `sending` is what happens while a form is sent; it may tell of events."""

    def __init__(self, sending: Callable[["Server"], None], refused: bool = False) -> None:
        self.told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.links = 0
        self._sending, self._refused = sending, refused

    def tell(self, state: str, error: dict[str, str] | None = None) -> None:
        self.told.put_nowait({"type": "state", "image_id": f"image-{self.links}", "state": state, "error": error})

    async def cursor(self) -> str:
        return "epoch:0"

    async def events(self, cursor: str) -> AsyncIterator[dict[str, Any]]:
        while True:
            event = await self.told.get()
            self.told.task_done()
            yield event

    async def link(self, filename: str) -> Link:
        self.links += 1
        return Link(f"image-{self.links}", "", {})

    async def send(self, link: Link, file: Path, told: Callable[[int], None]) -> None:
        self._sending(self)
        await asyncio.sleep(0)
        await self.told.join()
        await asyncio.sleep(0)
        if self._refused:
            raise Refused("403: the form has run out")
        self.tell("done")

    async def image(self, image_id: str) -> dict[str, Any]:
        return {"state": "error", "error": EXPIRED}


async def run(folder: Path, server: Server) -> Outcome:
    photos = folder / "photos"
    if not photos.exists():
        photos.mkdir()
        (photos / "one.jpg").touch()
    journal = Journal(folder / "journal")
    progress = Progress(lambda sent: None, lambda good: None)
    made = Run(server, journal, photos, 1, progress)  # type: ignore[arg-type]
    return await asyncio.wait_for(made.all([photos / "one.jpg"]), 10)


async def test_what_comes_in_whole_after_its_form_ran_out_is_done(tmp_path):
    server = Server(lambda one: one.tell("error", EXPIRED))
    assert await run(tmp_path, server) == Outcome(1, [])


async def test_what_failed_since_its_form_ran_out_is_told_once_and_sent_again(tmp_path):
    failed = await run(tmp_path, Server(lambda one: one.tell("error", EXPIRED), refused=True))
    assert [path for path, _ in failed.failed] == ["one.jpg"]
    assert await run(tmp_path, Server(lambda one: None)) == Outcome(1, [])


async def test_what_expires_after_it_was_sent_is_sent_again_by_the_next_run(tmp_path):
    class Late(Server):
        async def send(self, link: Link, file: Path, told: Callable[[int], None]) -> None:
            asyncio.get_running_loop().call_later(0.05, self.tell, "error", EXPIRED)

    assert (await run(tmp_path, Late(lambda one: None))).failed == [("one.jpg", EXPIRED["message"])]
    assert await run(tmp_path, Server(lambda one: None)) == Outcome(1, [])
