"""Somebody at the test page: a real Chromium, and a record of all it complained about and asked for."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, FileChooser, Locator, Page, Request, expect

EXECUTABLE = "/usr/bin/chromium"
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update")
DESKTOP = {"width": 1280, "height": 860}
PATIENCE = 60_000  # milliseconds; the machine may be busy with other tests


class Visitor:
    """One page in a context of its own. `hosts` are all hosts it asked, `complaints` all it wrote to the console."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.hosts: set[str] = set()
        self.complaints: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self._asked)
        # From the start: asked for at the moment of a key press, Chromium may open its own dialog first.
        self.choosers: asyncio.Queue[FileChooser] = asyncio.Queue()
        page.on("filechooser", self.choosers.put_nowait)
        page.on("websocket", lambda socket: self.hosts.add(urlsplit(socket.url).netloc))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(address.netloc)

    async def enter(self, address: str) -> None:
        """Opens a login address, and waits until the page is live."""
        await self.page.goto(address)
        await self.live()

    async def live(self) -> None:
        await expect(self.page.locator("#status")).to_have_text("Live", timeout=PATIENCE)

    async def new_project(self, name: str) -> str:
        """Makes a project by the page's own button; gives its id."""
        await self.page.get_by_role("button", name="New").click()
        await self.page.get_by_label("Name").fill(name)
        await self.page.get_by_role("button", name="Make it").click()
        await expect(self.page.get_by_role("dialog")).to_have_count(0)
        await expect(self.page.locator("#project option:checked")).to_contain_text(name)
        await expect(self.page.locator("#empty")).to_be_visible(timeout=PATIENCE)
        await self.live()  # after it: before, that may be of the project one comes from
        return await self.page.locator("#project").input_value()

    async def send(self, photos: Sequence[Path]) -> None:
        await self.page.set_input_files("#files", photos)

    def tiles(self, state: str | None = None) -> Locator:
        return self.page.locator(f'.tile[data-state="{state}"]' if state else ".tile")

    def tile(self, filename: str) -> Locator:
        return self.page.locator(".tile", has=self.page.get_by_title(filename, exact=True))

    async def done(self, count: int) -> None:
        await expect(self.tiles("done")).to_have_count(count, timeout=PATIENCE)

    def clean(self, host: str, *allowed: str) -> None:
        """Fails for any complaint but those that match `allowed`, and for any host asked but `host`."""
        left = [text for text in self.complaints if not any(re.search(pattern, text) for pattern in allowed)]
        assert not left, left
        assert self.hosts == {host}, self.hosts


async def visitor(browser: Browser, **context: object) -> Visitor:
    """A visitor with a fresh profile; `context` as Playwright's new_context takes it."""
    made = await browser.new_context(**{"viewport": DESKTOP, **context})  # type: ignore[arg-type]
    return Visitor(await made.new_page())
