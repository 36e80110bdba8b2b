"""The pages of profiles in a real browser, with a wallet on a real chain: from an empty form to what everybody sees."""

import asyncio
import re
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from tests.profiles.web.author import author
from tests.profiles.web.wallet import another
from tests.stack import Stack
from tests.web.test_access import SMALLEST_TARGET, no_sideways_scroll

NOT_YET = r"status of 404"  # who has no profile yet is told so
WRONG = r"status of 400"
LOST = r"net::ERR_FAILED"
PLAYS = "video => video.play().then(() => new Promise(done => video.requestVideoFrameCallback(done)))"
NAMELESS = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
    const named = (one) => one.labels?.length || one.getAttribute("aria-label") || one.textContent.trim();
    const controls = [...document.querySelectorAll("button, a, input, textarea, progress")];
    const nameless = controls.filter((one) => !named(one));
    const unseen = [...document.querySelectorAll("img:not([alt])")];
    return [...twice, ...[...nameless, ...unseen].map((one) => one.outerHTML)];
}"""
SMALL = """least => [...document.querySelectorAll("button, label.button, a.chip, summary")]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.textContent, one.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < least)
    .map(([text]) => text)
"""
PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


def forbid(stack: Stack, word: str, severity: str = "block") -> None:
    """As an operator forbids a word while all runs."""
    wanted = {"word": word, "severity": severity, "language": "en"}
    answer = httpx.post(f"{stack.url}/words/", json=wanted, headers={"Authorization": f"Bearer {stack.key}"})
    assert answer.status_code == 201, answer.text


def host(page: Page) -> str:
    return urlsplit(page.url).netloc


@pytest.mark.long  # its way without the pages is in ../test_whole_way.py, and each page has a test of its own
async def test_the_whole_way_with_the_tab_closed_during_the_payment(nina, moderator, chain, portrait, film):
    page = nina.page
    forbid(nina.stack, "glimmerwurst")
    await page.get_by_label("Hashtags").first.fill("#chess #GlimmerWurst")
    await expect(page.locator("#hashtags-error")).to_contain_text("glimmerwurst")
    await nina.write(Name="Nina The First")
    await expect(page.locator("#hashtags-error")).to_be_empty()
    await expect(page.locator("#chips .chip")).to_have_text(["#chess", "#чай"])
    await nina.choose("image", portrait)
    await nina.choose("video", film)
    await expect(nina.slot("image").locator(".plate > *")).to_have_count(1)  # at once, as one's own
    await nina.there("image", "video")
    await page.reload()
    await nina.there("image", "video")
    assert await page.get_by_label("What you do and like").input_value() == "Chess\nand tea"
    await expect(page.locator("#preview .profile-name")).to_have_text("Nina The First")
    await expect(page.locator("#preview video")).to_have_count(1)
    await nina.send_in()
    await expect(page.locator("#pay-amount")).to_have_text(re.compile(r"^0\.01"))

    await asyncio.to_thread(chain.automine, False)  # else it is found before the page has said that it was paid
    nina.wallet.held = {"eth_sendTransaction"}
    await page.route("**/payment", lambda route: route.abort())
    await page.get_by_role("button", name="Pay with").click()
    await expect(page.locator("#pay-state")).to_contain_text("Your wallet was asked to pay")
    nina.wallet.answer.set()
    await expect(page.locator("#pay-state")).to_contain_text("Darkroom is being told")
    later = await nina.another_tab()
    await page.close()
    async with later.page.expect_request("**/payment") as told:
        await later.open()
    assert (await told.value).post_data_json == {"tx_hash": nina.wallet.hashes[0]}
    await asyncio.to_thread(chain.mine, 3)
    await later.stands("Waiting for a moderator")
    assert len(nina.wallet.hashes) == 1

    vera = await moderator("vera")
    await vera.open("Nina The First")
    await vera.claim()
    await expect(vera.page.locator("#desk-card video")).to_have_count(1)
    await vera.button("Approve").dblclick()
    await expect(vera.standing).to_have_text("Approved.")
    await later.stands("Published")

    seen = await later.public()
    video = seen.locator("video")
    await video.evaluate(PLAYS)
    assert await video.evaluate("video => [video.videoWidth, video.videoHeight]") == [320, 180]
    shown = await seen.request.get(await video.evaluate("video => video.currentSrc"))
    assert shown.headers["content-type"] == "video/webm"
    assert b"V_VP9" in await shown.body()
    link = seen.locator(".profile-link")
    assert await link.get_attribute("rel") == "noopener noreferrer nofollow ugc"
    await seen.get_by_role("link", name="#чай").click()
    await expect(seen.locator("#profiles > li").first).to_contain_text("Nina The First")
    later.clean(host(later.page), NOT_YET)
    vera.clean(host(vera.page))


async def test_wallets_are_found_and_what_they_refuse_is_said(browser, paying, wallet):
    made = await author(browser, paying, wallet, another("Test Wallet"))
    wallet.refusing = {"personal_sign"}
    await made.open()
    await made.press("Sign in with Test Wallet")
    await expect(made.page.get_by_role("alert")).to_contain_text("said no")
    wallet.refusing = set()
    await made.press("Sign in with Test Wallet")
    await made.live()
    await made.page.reload()
    await made.live()
    await made.press("Sign out")
    await expect(made.page.locator("#door")).to_be_visible()
    await made.page.reload()
    await expect(made.page.get_by_role("button", name="Sign in with")).to_be_visible()
    made.clean(host(made.page), NOT_YET)


async def test_what_is_wrong_is_said_beside_it_and_what_got_lost_is_not_sent_twice(nina, portrait):
    page = nina.page
    await nina.write(Link="javascript:alert(1)")
    await nina.press("Send it in")
    await expect(page.locator("#url-error")).not_to_be_empty()
    await expect(nina.slot("image").get_by_role("alert")).not_to_be_empty()
    await expect(page.locator("#form-message")).to_have_text("Not sent yet: something has to be changed.")
    await nina.write()
    await nina.choose("image", portrait)
    await nina.there("image")
    sent: list[str] = []

    async def lose(route: Route) -> None:
        """It gets there, and no answer comes."""
        if route.request.method != "POST":
            await route.continue_()
            return
        sent.append(route.request.url)
        await route.fetch()
        await route.abort()

    await page.route(re.compile(r"/profiles/$"), lose)
    await nina.press("Send it in")
    await nina.stands("Waiting for its payment")
    assert len(sent) == 1
    await page.get_by_role("button", name="Withdraw", exact=True).dblclick()
    await nina.press("Withdraw it for good?")
    await nina.stands("Ended")
    await expect(page.get_by_label("Name").first).to_have_value("Nina Ro")
    nina.clean(host(page), NOT_YET, WRONG, LOST)


@pytest.mark.long
async def test_on_a_phone(browser, paying, wallet, portrait):
    made = await author(browser, paying, wallet, color_scheme="light", **PHONE)
    await made.sign_in()
    await made.write("#" + "verylong" * 6, Name="Anna-Without-A-Space-" * 2)
    await made.choose("image", portrait)
    await made.there("image")
    await fits(made.page)
    await made.page.locator("#hashtags").fill("#chess")
    await made.send_in()
    await expect(made.page.locator("#pay-box")).to_be_visible()
    await fits(made.page)
    made.clean(host(made.page), NOT_YET, WRONG)


async def fits(page: Page) -> None:
    """Nothing is wider than the screen, what is pressed is large enough for a finger, and all has a name of its own."""
    await no_sideways_scroll(page)
    assert await page.evaluate(NAMELESS) == []
    assert await page.evaluate(SMALL, SMALLEST_TARGET) == []
