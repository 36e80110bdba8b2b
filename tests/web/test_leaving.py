"""Leaving in the middle of sending: nothing is dropped without a word."""

import pytest
from playwright.async_api import expect

from tests.web.conftest import in_one_loop
from tests.web.photos import photos

ASKED = "2 files are not sent yet. Go on without sending them?"


class Held:
    """Forms on their way to storage, held back until they are let go; and what the page asked meanwhile."""

    def __init__(self) -> None:
        self.routes = []
        self.asked = []
        self.answer = False

    async def reply(self, dialog):
        self.asked.append(dialog.message)
        await (dialog.accept() if self.answer else dialog.dismiss())


@in_one_loop
async def held(guest, tmp_path):
    """Two photos being sent that don't get there yet."""
    made = Held()
    guest.page.on("dialog", made.reply)
    await guest.page.route("**/originals*", lambda route: made.routes.append(route))
    await guest.send(photos(tmp_path, 2))
    await expect(guest.tiles("sending")).to_have_count(2)
    return made


async def make_project(page):
    await page.get_by_role("button", name="New").click()
    await page.get_by_label("Name").fill("elsewhere")
    await page.get_by_role("button", name="Make it").click()


@pytest.mark.long
async def test_whoever_stays_keeps_sending(guest, held, login, host):
    page = guest.page
    project = await page.locator("#project").input_value()
    await page.locator("#project").select_option("demo")
    await expect(page.locator("#project")).to_have_value(project)
    await make_project(page)
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Sign out").click()
    assert held.asked == [ASKED] * 3
    async with page.expect_response("**/projects/?*"):
        await page.goto(await login())  # a fresh login in the same window leads back into the same project
    for route in held.routes:
        await route.continue_()
    await guest.done(2)
    await expect(page.locator("#batch-text")).to_have_text("2 of 2 files done")
    assert len(held.routes) == 2
    await page.locator("#project").select_option("demo")  # all is sent, so there is nothing to ask
    await expect(guest.tile("photo-00.jpg")).to_have_count(0)
    assert held.asked == [ASKED] * 3
    guest.clean(host)


@pytest.mark.parametrize(
    "leave", ["make", *(pytest.param(way, marks=pytest.mark.long) for way in ("choose", "sign out"))]
)
async def test_whoever_goes_on_leaves_them_behind(guest, held, host, leave):
    page = guest.page
    held.answer = True
    if leave == "choose":
        await page.locator("#project").select_option("demo")
    elif leave == "make":
        await make_project(page)
        await expect(page.locator("#project option:checked")).to_contain_text("elsewhere")
    else:
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.locator("#door")).to_be_visible()
    await expect(guest.tile("photo-00.jpg")).to_have_count(0)
    assert held.asked == [ASKED]
    guest.clean(host)
