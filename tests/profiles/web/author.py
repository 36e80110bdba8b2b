"""Somebody at the page of their own profile."""

import asyncio
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, expect

from tests.profiles.web.wallet import AS_ETHEREUM, BrowserWallet
from tests.stack import Stack
from tests.web.visitor import PATIENCE, Visitor, visitor

expect.set_options(timeout=PATIENCE / 3)
TEXTS = {"Name": "Nina Ro", "Link": "https://example.com/nina", "What you do and like": "Chess\nand tea"}


class Author(Visitor):
    """One page of hers; `another_tab` gives one more of the same browser."""

    stack: Stack
    wallet: BrowserWallet

    @property
    def standing(self) -> Locator:
        return self.page.locator("#standing-title")

    async def open(self) -> None:
        await self.page.goto(f"{self.stack.url}/profiles/new")

    async def sign_in(self) -> None:
        await self.open()
        await self.page.get_by_role("button", name="Sign in with").click()
        await self.live()

    async def write(self, hashtags: str = "#chess #чай", **texts: str) -> None:
        for label, text in {**TEXTS, "Hashtags": hashtags, **texts}.items():
            await self.page.get_by_label(label).first.fill(text)

    def slot(self, role: str) -> Locator:
        return self.page.locator(f'.slot[data-role="{role}"]')

    async def choose(self, role: str, path: Path) -> None:
        await self.page.set_input_files(f"#file-{role}", path)

    async def there(self, *roles: str) -> None:
        """Waits until these files are done, and their previews really seen."""
        for role in roles:
            await expect(self.slot(role)).to_have_attribute("data-state", "done", timeout=PATIENCE)
            picture = self.slot(role).locator(".plate img")
            await expect(picture).to_have_count(1)
            assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0

    async def press(self, name: str) -> None:
        await self.page.get_by_role("button", name=name, exact=True).click()

    async def send_in(self) -> None:
        await self.press("Send it in")
        await self.stands("Waiting for its payment")

    async def stands(self, text: str) -> None:
        await expect(self.standing).to_have_text(text, timeout=PATIENCE)

    async def pay(self) -> None:
        """By the wallet, with as many blocks after it as it takes."""
        await self.page.get_by_role("button", name="Pay with").click()
        await expect(self.page.locator("#pay-ways")).to_be_hidden()
        await asyncio.to_thread(self.wallet.chain.mine, 3)
        await self.stands("Waiting for a moderator")

    async def sent_in_as(self, name: str, portrait: Path, text: str = "Chess") -> None:
        """A profile that waits for a moderator."""
        await self.write(**{"Name": name, "What you do and like": text})
        await self.choose("image", portrait)
        await self.there("image")
        await self.send_in()
        await self.pay()

    async def another_tab(self) -> "Author":
        return at_the_page(await self.page.context.new_page(), self.stack, self.wallet)

    async def public(self) -> Page:
        """The profile as everybody sees it, in a tab of its own."""
        address = await self.page.locator("#standing-address").get_attribute("href")
        page = await self.page.context.new_page()
        await page.goto(f"{self.stack.url}{address}")
        return page


def at_the_page(page: Page, stack: Stack, wallet: BrowserWallet) -> Author:
    made = Author(page)
    made.stack, made.wallet = stack, wallet
    return made


async def author(
    browser: Browser, stack: Stack, wallet: BrowserWallet, script: str = AS_ETHEREUM, **context: Any
) -> Author:
    """With this wallet in a fresh browser, not signed in yet."""
    page = (await visitor(browser, **context)).page
    await wallet.into(page.context, script)
    return at_the_page(page, stack, wallet)
