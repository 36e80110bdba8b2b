"""An operator at the page `/admin`: a real Chromium, let in by an address of `./ops/open --admin`."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

from playwright.async_api import Browser, Locator, expect

from appliance.accounts.service import ADMIN, LOGIN_SECONDS
from appliance.accounts.tickets import Tickets
from appliance.valkey import quick
from tests.faults.behind import behind
from tests.stack import Stack
from tests.web.client import Project
from tests.web.visitor import PATIENCE, Visitor, visitor

NO_PHOTO = b"\xff\xd8\xff\xe0 and so on, as no photo does" * 50
SECONDS = 40_000  # milliseconds within which a change is told to every process and then to the page


class Board(Visitor):
    """What an operator has before them; `api` is the same appliance as a script sees it, in a project of its own."""

    stack: Stack
    api: Project

    def section(self, name: str) -> Locator:
        return self.page.get_by_role("region", name=name, exact=True)

    def row(self, section: str, text: str) -> Locator:
        """The row of a section whose title has this text."""
        titled = self.page.locator("h3, h4", has_text=text)
        return self.page.locator(f"#{section} li").filter(has=titled)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    async def fact(self, row: Locator, name: str) -> str:
        """What stands below a name in a row."""
        return await row.locator("div", has=self.page.locator("dt", has_text=name)).last.locator("dd").inner_text()

    async def answer(self, yes: str, **fields: str) -> None:
        """Fills in the dialog by the labels of its fields, and says yes; it closes."""
        for label, value in fields.items():
            await self.dialog.get_by_label(label.replace("_", " "), exact=True).fill(value)
        await self.dialog.get_by_role("button", name=yes, exact=True).click()
        await expect(self.dialog).to_have_count(0, timeout=PATIENCE)

    async def bad_upload(self, folder: Path, name: str = "") -> tuple[str, str]:
        """Sends what is no picture; its id and its name."""
        path = folder / (name or f"bad-{uuid4().hex[:8]}.jpg")
        await asyncio.to_thread(path.write_bytes, NO_PHOTO + path.name.encode())
        return await self.api.upload(path), path.name

    async def attempts(self, asset: str, least: int) -> int:
        """How often a file was worked on, once that is so often, or after a while."""
        for _ in range(100):
            timeline = await self.api.call("GET", f"/assets/{asset}/timeline")
            ended = sum(entry["what"] == "attempt_ended" for entry in timeline["entries"])
            if ended >= least:
                break
            await asyncio.sleep(0.2)
        return ended


async def printed(stack: Stack) -> str:
    """What ./ops/open prints."""
    opened = await asyncio.to_thread(stack.verb, "open", "--admin")
    assert opened.returncode == 0, opened.stderr
    return opened.stdout.strip()


async def address(stack: Stack) -> str:
    """The same without the verb, which takes a second of CPU."""
    redis = quick(behind(stack).valkey_url)
    try:
        code = await Tickets(redis, "login").issue(ADMIN, LOGIN_SECONDS)
    finally:
        await redis.aclose()
    return f"{stack.url}/admin#login={code}"


async def board(browser: Browser, stack: Stack, **context: Any) -> Board:
    """An operator who is logged in, and before whom the page is live."""
    made = Board((await visitor(browser, **context)).page)
    made.stack = stack
    made.api = Project(stack.url, f"board-{uuid4().hex[:12]}", stack.key)
    await made.api.call("POST", "/projects/", json={"name": made.api.id, "id": made.api.id})
    await made.enter(await address(stack))
    return made
