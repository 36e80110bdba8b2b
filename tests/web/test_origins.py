"""The page served from another port: its own small web server, the appliance's API."""

import asyncio
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.appliance.client import wait_for
from tests.web.conftest import arrive
from tests.web.elsewhere import served_elsewhere
from tests.web.photos import photos
from tests.web.visitor import visitor


async def test_photos_to_done_from_an_allowed_origin(browser, login, stack, host, tmp_path):
    async with served_elsewhere(stack.url, urlsplit(stack.origin).port) as origin:
        guest = await visitor(browser)
        code = (await login()).split("#")[1]
        await arrive(guest, f"{origin}/#{code}")
        await guest.send(photos(tmp_path, 5))
        await guest.done(5)
        await expect(guest.page.locator("img.developed").first).to_be_visible()
        guest.hosts.discard(urlsplit(origin).netloc)
        guest.clean(host)


async def test_origin_that_is_not_allowed_gets_nowhere(browser, login, stack):
    async with served_elsewhere(stack.url) as origin:
        guest = await visitor(browser)
        await guest.page.goto(f"{origin}/#{(await login()).split('#')[1]}")
        await expect(guest.page.get_by_role("alert")).to_contain_text("can't be reached")
        await asyncio.to_thread(wait_for, lambda: any("CORS" in text for text in guest.complaints))
