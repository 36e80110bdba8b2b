"""A moderator at the page of the moderators."""

from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.web.visitor import PATIENCE, Visitor, visitor


class Desk(Visitor):
    """What a moderator has before them."""

    @property
    def queue(self) -> Locator:
        return self.page.locator("#queue a")

    @property
    def standing(self) -> Locator:
        return self.page.locator("#desk-standing")

    def row(self, name: str) -> Locator:
        return self.queue.filter(has_text=name)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    async def open(self, name: str) -> None:
        """Opens what waits under this name."""
        await self.row(name).click(timeout=PATIENCE)
        await expect(self.page.locator("#desk-title")).to_have_text(name)

    async def claim(self) -> None:
        await self.button("Claim").click()
        await expect(self.standing).to_contain_text("Yours until")

    async def reject(self, reason: str) -> None:
        await self.page.get_by_label("Reason to reject").fill(reason)
        await self.button("Reject").click()
        await expect(self.standing).to_have_text("Rejected.")


async def desk(browser: Browser, address: str, **context: Any) -> Desk:
    """Let in by a login address."""
    made = Desk((await visitor(browser, **context)).page)
    await made.page.goto(address)
    await expect(made.page.locator("#who")).not_to_be_empty()
    return made
