"""The operator's page goes on by itself: what changes is seen, and when nothing can be seen that is said."""

import pytest
from playwright.async_api import expect

from tests.web.board import SECONDS, address, board
from tests.web.relay import Relay
from tests.web.visitor import PATIENCE, visitor

LOST = r"net::ERR_(?!BLOCKED|CERT|ABORTED)|WebSocket connection|status of 50[234]"


async def test_what_others_change_is_seen_without_a_reload_and_takes_no_focus(overseer, host):
    page = overseer.page
    await page.evaluate("() => { window.here = true; }")
    await overseer.button("At once … in media").focus()
    shown = await overseer.row("lanes", "media").element_handle()
    try:
        await overseer.api.call("POST", "/admin/lanes/media/pause")
        await expect(overseer.row("lanes", "media").locator(".badge")).to_have_text("Paused", timeout=SECONDS)
        await expect(page.locator("#findings")).to_contain_text("media", timeout=SECONDS)
        await expect(page.locator("#spoken")).to_contain_text("media", timeout=SECONDS)
        await expect(page.locator("#history-list")).to_contain_text("media_paused", timeout=SECONDS)
    finally:
        await overseer.api.call("POST", "/admin/lanes/media/resume")
    await expect(overseer.row("lanes", "media").locator(".badge")).to_have_text("Running", timeout=SECONDS)
    await expect(overseer.button("At once … in media")).to_be_focused()
    assert await shown.evaluate("row => row.isConnected"), "the row is patched, not made anew"
    assert await page.evaluate("() => window.here")
    overseer.clean(host)


async def test_lost_connection_is_said_and_mends_itself(overseer, host):
    page = overseer.page
    await page.context.set_offline(True)
    await expect(page.locator("#stale")).to_contain_text("Not connected to Darkroom. What is below is as it was on")
    await expect(page.locator("#status")).to_have_text("Not connected")
    try:
        await overseer.api.call("PUT", "/admin/lanes/media/at-once", json={"at_once": 2})
        await page.context.set_offline(False)
        await overseer.live()
        await expect(page.locator("#stale")).to_be_empty()
        await expect(overseer.row("lanes", "media")).to_contain_text("2 a worker", timeout=SECONDS)
    finally:
        await overseer.api.call("PUT", "/admin/lanes/media/at-once", json={"at_once": 0})
    overseer.clean(host, LOST)


@pytest.mark.long
async def test_connection_that_goes_silent_is_found_out(launch, stack, host):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        made = await board(browser, stack)
        row = made.row("lanes", "media")
        try:
            for number, breaks in enumerate((relay.freeze, relay.cut), 3):
                breaks()
                await made.api.call("PUT", "/admin/lanes/media/at-once", json={"at_once": number})
                await expect(row).to_contain_text(f"{number} a worker", timeout=PATIENCE)
        finally:
            await made.api.call("PUT", "/admin/lanes/media/at-once", json={"at_once": 0})
        made.clean(host, LOST)


@pytest.mark.long
async def test_api_that_answers_with_an_error_is_said_where_it_matters(overseer, host):
    page = overseer.page
    await page.route("**/admin/projects*", lambda route: route.fulfill(status=503))
    await overseer.button("Show").click()
    said = page.locator("#owners [data-notice]")
    await expect(said).to_contain_text("It is tried again by itself.")
    await page.unroute("**/admin/projects*")
    await expect(said).to_be_empty(timeout=SECONDS)
    overseer.clean(host, r"status of 503")


@pytest.mark.long
async def test_login_that_ended_leads_back_to_the_door(overseer, stack, host):
    """By itself, with a dialog open: it would lie over the door and keep it from being used."""
    page = overseer.page
    await overseer.button("Make a key").click()
    await overseer.dialog.get_by_label("Name").fill("too late")
    await page.evaluate("() => sessionStorage.setItem('darkroom.admin', 'ended')")
    await expect(page.locator("#door")).to_be_visible()
    await expect(overseer.dialog).to_have_count(0)
    await page.get_by_label("Login address or code").fill(await address(stack))
    await page.keyboard.press("Enter")
    await overseer.live()
    overseer.clean(host, r"status of 401")


@pytest.mark.long
async def test_page_without_a_login_shows_nothing(browser, stack, host):
    guest = await visitor(browser)
    asked = []
    guest.page.on("request", lambda one: asked.append(one.url))
    await guest.page.goto(f"{stack.url}/admin/")
    await expect(guest.page.locator("#code")).to_be_focused()
    assert not [url for url in asked if "/admin/" in url and "/web/" not in url and not url.endswith("/admin/")]
    guest.clean(host)
