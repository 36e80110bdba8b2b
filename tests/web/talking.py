"""People at the page of the chats: each a Chromium context of their own, logged in by a user's token."""

import asyncio
import base64
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.chats.people import House, Person
from tests.web.visitor import PATIENCE, Visitor, visitor

BRING = """([bytes, name, way]) => {
    const transfer = new DataTransfer();
    const type = /jpg$/.test(name) ? "image/jpeg" : "";
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt())], name, { type }));
    const event = way === "paste" ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true })
        : new DragEvent("drop", { dataTransfer: transfer, bubbles: true });
    document.body.dispatchEvent(event);
}"""
expect.set_options(timeout=PATIENCE / 3)
SEEN = "image => image.decode().then(() => image.naturalWidth)"


class Talker(Visitor):
    """Somebody in a room."""

    who: Person

    @property
    def entries(self) -> Locator:
        return self.page.locator(".entry")

    @property
    def pictures(self) -> Locator:
        """Those that came from Darkroom; what one sends oneself is drawn from the file at first."""
        return self.page.locator(".attachment .plate img")

    def attachments(self, state: str) -> Locator:
        return self.page.locator(f'.attachment[data-state="{state}"]')

    async def say(self, text: str) -> None:
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.page.keyboard.press("Enter")

    async def drop(self, path: Path, way: str = "drop") -> None:
        """Drops a file on the page, or pastes it."""
        content = await asyncio.to_thread(path.read_bytes)
        await self.page.evaluate(BRING, [base64.b64encode(content).decode(), path.name, way])

    async def texts(self) -> list[str]:
        """What was said, from top to bottom, with what is on its way."""
        return await self.page.locator(".entry .said:visible").all_inner_texts()

    async def said(self, *texts: str) -> None:
        await expect(self.page.locator(".entry:not(.is-pending) .said")).to_have_text(list(texts), timeout=PATIENCE)

    async def pictured(self, count: int) -> None:
        """Waits until so many files are done and their pictures are really seen."""
        await expect(self.attachments("done")).to_have_count(count, timeout=PATIENCE)
        await expect(self.pictures).to_have_count(count, timeout=PATIENCE)
        for picture in await self.pictures.all():
            assert await picture.evaluate(SEEN) > 0

    async def press(self, entry: Locator, name: str) -> None:
        """One of the buttons that come with the pointer."""
        await entry.hover()
        await entry.get_by_role("button", name=name, exact=True).click()

    async def another_tab(self) -> "Talker":
        """The same browser, and the same person once more."""
        return await _at_the_page(Talker(await self.page.context.new_page()), self.who)

    async def offline(self) -> None:
        await self.page.context.set_offline(True)
        await expect(self.page.locator("#status")).to_contain_text("Offline")

    async def online(self) -> None:
        await self.page.context.set_offline(False)
        await self.live()


async def talker(browser: Browser, who: Person, **context: Any) -> Talker:
    """This person at the page, whose one room is open."""
    return await _at_the_page(Talker((await visitor(browser, **context)).page), who)


async def _at_the_page(made: Talker, who: Person) -> Talker:
    made.who = who
    token = who.api.headers["Authorization"].removeprefix("Bearer ")
    await made.enter(f"{who.stack.url}/chat#login={token}")
    return made


class Pair:
    """Two people in a room, and their house."""

    def __init__(self, house: House, chat: str, anna: Talker, ben: Talker) -> None:
        self.house, self.chat, self.anna, self.ben = house, chat, anna, ben

    async def third(self, browser: Browser, name: str = "eve") -> Talker:
        """One more, let in by the application."""
        person = self.house.person(name)
        self.house.server.put(f"/chats/{self.chat}/members/{person.id}").raise_for_status()
        return await talker(browser, person)

    def clean(self, host: str, *allowed: str) -> None:
        """As of each of them."""
        for one in (self.anna, self.ben):
            one.clean(host, *allowed)


async def pair(browser: Browser, house: House, **context: Any) -> Pair:
    anna, ben = house.person("anna"), house.person("ben")
    chat = house.chat(anna, ben)
    return Pair(house, chat, *await asyncio.gather(talker(browser, anna), talker(browser, ben, **context)))
