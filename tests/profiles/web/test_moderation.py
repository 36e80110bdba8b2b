"""The page of the moderators: claims, reasons, and what keys and double clicks must not do."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from storage.layout import ORIGINALS
from tests.profiles.web.test_pages import NOT_YET, PHONE, fits, forbid, host
from tests.web.visitor import visitor

CLAIMED = r"status of 409"
USED = r"status of 401"

pytestmark = pytest.mark.long


async def test_what_one_has_claimed_another_sees_and_cannot_decide(nina, moderator, portrait):
    await nina.sent_in_as("Claimed One", portrait)
    vera, rita = await moderator("vera"), await moderator("rita")
    for one in (vera, rita):
        await one.open("Claimed One")
    await vera.claim()
    await rita.button("Claim").click()  # as her page has it, nobody is at it
    await expect(rita.page.get_by_role("alert").last).to_contain_text("vera")
    await expect(rita.standing).to_contain_text("vera is at it until")
    await expect(rita.row("Claimed One")).to_contain_text("vera is at it")
    await expect(rita.button("Approve")).to_be_disabled()
    await vera.button("Give back").click()
    await expect(rita.standing).to_contain_text("Nobody is at it")
    await rita.claim()
    await rita.reject("The picture is blurred")
    await nina.stands("Not accepted")
    await expect(nina.page.locator("#standing-reason")).to_have_text("The picture is blurred.")
    await rita.page.get_by_role("link", name="What was decided").click()
    await expect(rita.page.locator("#done-list")).to_contain_text("The picture is blurred")
    vera.clean(host(vera.page))
    rita.clean(host(rita.page), CLAIMED)


async def test_keys_decide_but_not_while_one_writes(nina, moderator, portrait):
    forbid(nina.stack, "flimmerkiste", "review")
    await nina.write(**{"What you do and like": "My Fl1mmerkiste"})
    await expect(nina.page.locator("#text-error")).to_contain_text("Fl1mmerkiste")  # told, and no error
    await expect(nina.page.locator("#text-error")).to_have_class(re.compile("is-mild"))
    await nina.sent_in_as("Judged By Keys", portrait, "My Fl1mmerkiste and me")
    vera = await moderator("vera")
    page, asked = vera.page, []
    page.on("request", lambda one: asked.append(one.url))
    await vera.open("Judged By Keys")
    await expect(page.locator("#desk-flags li")).to_have_count(1)
    await expect(page.locator("#desk-flags")).to_contain_text("Fl1mmerkiste")
    await expect(vera.row("Judged By Keys")).to_contain_text("1 flag")
    await page.keyboard.press("a")  # not claimed: nothing happens
    await page.keyboard.press("c")
    await expect(vera.standing).to_contain_text("Yours until")
    await page.keyboard.press("r")
    await expect(page.get_by_label("Reason to reject")).to_be_focused()
    await page.keyboard.type("a crack, jack")
    await expect(page.get_by_label("Reason to reject")).to_have_value("a crack, jack")
    await page.locator("#desk-title").focus()
    await page.keyboard.press("a")
    await expect(vera.standing).to_have_text("Approved.")
    assert len([url for url in asked if url.endswith("/approve")]) == 1
    assert not [url for url in asked if url.endswith("/reject")]
    assert not [url for url in asked if f"/{ORIGINALS}/" in url], "bytes of strangers are not for a moderator's browser"
    await nina.stands("Published")
    vera.clean(host(page))


async def test_on_a_phone(nina, moderator, portrait):
    await nina.sent_in_as("On A Phone", portrait)
    vera = await moderator("vera", **PHONE)
    await fits(vera.page)
    await vera.open("On A Phone")
    await expect(vera.queue.first).to_be_hidden()
    await fits(vera.page)
    await vera.page.get_by_role("link", name="Queue").tap()
    await expect(vera.row("On A Phone")).to_be_visible()
    vera.clean(host(vera.page))


async def test_an_address_lets_in_once_and_only_moderators(browser, paying, moderator):
    vera = await moderator("vera")
    await vera.page.reload()
    await expect(vera.page.locator("#who")).to_have_text("vera")
    await vera.button("Sign out").click()
    await expect(vera.page.locator("#door")).to_be_visible()
    stranger = await visitor(browser)
    opened = (await asyncio.to_thread(paying.verb, "open", "--chat", "--user", "bob")).stdout.strip()
    await stranger.page.goto(f"{paying.url}/moderation#{opened.partition('#')[2]}")
    await expect(stranger.page.get_by_role("alert").first).not_to_be_empty()
    await expect(stranger.page.locator("#office")).to_be_hidden()
    stranger.clean(host(stranger.page), r"status of 403", NOT_YET)
    refused = await asyncio.to_thread(paying.verb, "open", "--moderation")
    assert (refused.returncode, "go together" in refused.stderr) == (2, True)
    nameless = await asyncio.to_thread(paying.verb, "open", "--moderation", "--as", "two words")
    assert (nameless.returncode, nameless.stdout) == (1, "")
