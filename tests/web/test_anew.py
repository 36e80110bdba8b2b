"""The list is read anew in the middle of everything: what one looks at and waits for stays what it is."""

import asyncio
import json
import re

import pytest
from playwright.async_api import expect

from tests.web.photos import photo, photos
from tests.web.visitor import PATIENCE


class Deafness:
    """Between the server and the page: while `deaf`, no event gets through; `head` is the last number seen."""

    def __init__(self) -> None:
        self.deaf = False
        self.head = 0
        self._socket = None

    async def stand_between(self, page):
        await page.route_web_socket(re.compile(r"/events\?"), self._connect)
        await page.reload()

    def _connect(self, socket):
        self._socket = socket
        socket.connect_to_server().on_message(self._pass)

    def _pass(self, text):
        self.head = max(self.head, json.loads(text).get("seq", 0))
        if not self.deaf:
            self._socket.send(text)

    def reset(self):
        """What the server says to a page that can't be told all it missed."""
        self.deaf = False
        self._socket.send(json.dumps({"type": "reset", "seq": self.head}))


async def developed(project, count):
    """Waits until the server has `count` photos done."""
    for _ in range(PATIENCE // 100):
        page = await project.call("GET", f"/projects/{project.id}/files", params={"state": "done"})
        if len(page["files"]) == count:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the photos are not developed")


@pytest.mark.parametrize(
    "newer", [pytest.param(0, marks=pytest.mark.long), 60], ids=["listed", "behind the first page"]
)
async def test_own_photos_are_followed_to_their_end(guest, project_of, host, tmp_path, newer):
    between = Deafness()
    await between.stand_between(guest.page)
    await guest.live()
    between.deaf = True
    await guest.send(photos(tmp_path, 2))
    await expect(guest.tiles("sent")).to_have_count(2)
    await guest.tile("photo-01.jpg").locator(".frame").click()
    await expect(guest.page.locator("#viewer-facts")).to_contain_text("Sent")
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        await developed(project, 2)
        for number in range(newer):
            await project.slot(f"slot-{number}.jpg")
    between.reset()
    await expect(guest.page.locator("#viewer-versions a")).to_have_count(5)
    await expect(guest.page.locator("#viewer-facts")).to_contain_text("Done")
    await expect(guest.page.locator("#batch-text")).to_have_text("2 of 2 files done")
    await expect(guest.tiles()).to_have_count(newer + 2)
    guest.clean(host)


@pytest.mark.long
async def test_viewer_goes_on_from_the_photo_it_shows(guest, host, tmp_path):
    between = Deafness()
    await between.stand_between(guest.page)
    await guest.live()
    await guest.send([photo(tmp_path / "one.jpg", 1)])
    await guest.done(1)
    await guest.send([photo(tmp_path / "two.jpg", 2)])
    await guest.done(2)
    await guest.tile("two.jpg").locator(".frame").click()
    async with guest.page.expect_response("**/files?*"):
        between.reset()
    await expect(guest.tiles()).to_have_count(2)
    await guest.page.keyboard.press("ArrowRight")
    await expect(guest.page.locator("#viewer-title")).to_have_text("one.jpg")
    guest.clean(host)
