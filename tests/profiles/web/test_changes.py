"""What becomes of a profile on its page after the first time: turned down, changed, withdrawn, deleted; and lost."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from storage.layout import ORIGINALS
from tests.processors.clips import clip
from tests.profiles.web.author import author
from tests.profiles.web.test_pages import NOT_YET, host
from tests.profiles.web.wallet import AS_ETHEREUM, another
from tests.web.test_access import tab_to
from tests.web.visitor import visitor

ENDED = r"status of 401"
LOST = r"net::ERR_|WebSocket connection|status of 404"

pytestmark = pytest.mark.long


async def approved(nina, moderator, name: str) -> None:
    vera = await moderator("vera")
    await vera.open(name)
    await vera.claim()
    await vera.button("Approve").click()
    await nina.stands("Published")
    await vera.page.context.close()


async def test_turned_down_it_is_changed_and_sent_again_and_the_old_one_stays_up_meanwhile(nina, moderator, portrait):
    page = nina.page
    await nina.sent_in_as("First", portrait)
    vera = await moderator("vera")
    await vera.open("First")
    await vera.claim()
    await vera.reject("Say more")
    await nina.stands("Not accepted")
    await expect(page.get_by_label("Name").first).to_have_value("First")
    await expect(nina.slot("image")).to_have_attribute(
        "data-state", "none"
    )  # its time is over: see profile_grace_hours
    await nina.write(Name="Second Try")
    await nina.choose("image", portrait)
    await nina.there("image")
    await nina.press("Send it in")
    await nina.stands("Waiting for a moderator")  # it was paid for already
    await approved(nina, moderator, "Second Try")
    public = await nina.public()
    await expect(public.locator(".profile-name")).to_have_text("Second Try")

    await nina.press("Edit")
    await page.get_by_label("Name").first.fill("Third Way")
    await page.get_by_label("Incognito").check()
    await page.reload()
    await expect(page.get_by_label("Name").first).to_have_value("Third Way")
    await expect(page.get_by_label("Incognito")).to_be_checked()
    await nina.there("image")
    await nina.send_in()
    await expect(page.locator("#standing-still")).to_be_visible()
    await nina.pay()
    await public.reload()
    await expect(public.locator(".profile-name")).to_have_text("Second Try")
    await approved(nina, moderator, "Third Way")
    await public.reload()
    await expect(public.locator(".profile-name")).to_have_text("Incognito")
    assert "Third" not in await public.locator("body").inner_text()
    assert nina.wallet.account.lower() not in (await public.content()).lower()
    await nina.press("Edit")
    await expect(page.get_by_label("Name").first).to_have_value("Third Way")

    await nina.press("Delete")
    await nina.press("Delete it with all its files?")
    await expect(nina.page.locator("#standing-box")).to_be_hidden()
    await public.reload()
    await expect(public.locator("#notice")).to_contain_text("There is no such profile")
    nina.clean(host(page), NOT_YET)


async def test_paid_from_elsewhere_is_found_and_a_hash_that_is_told_as_well(nina, portrait, chain):
    page = nina.page
    await nina.write()
    await nina.choose("image", portrait)
    await nina.there("image")
    await nina.send_in()
    recipient = await page.locator("#pay-recipient").inner_text()
    await page.get_by_label("The transaction's hash").fill("0x12")
    await nina.press("Tell it")
    await expect(page.locator("#pay-message")).to_contain_text("64 digits")
    await asyncio.to_thread(chain.pay, nina.wallet.account, recipient, 10**16)
    await asyncio.to_thread(chain.mine, 3)
    await nina.stands("Waiting for a moderator")
    assert not nina.wallet.hashes
    nina.clean(host(page), NOT_YET)


async def test_the_wallet_says_no_and_then_yes_and_nothing_is_paid_twice(nina, portrait):
    page = nina.page
    await nina.write()
    await nina.choose("image", portrait)
    await nina.there("image")
    await nina.send_in()
    for method in ("wallet_switchEthereumChain", "eth_sendTransaction"):
        nina.wallet.refusing = {method}
        await page.get_by_role("button", name="Pay with").click()
        await expect(page.locator("#pay-message")).to_contain_text("said no")
    nina.wallet.refusing = set()
    await asyncio.to_thread(nina.wallet.chain.automine, False)
    nina.wallet.held = {"eth_sendTransaction"}
    await page.get_by_role("button", name="Pay with").click()
    await expect(page.locator("#pay-state")).to_contain_text("Your wallet was asked to pay")
    # The tab is closed before the wallet has answered: the payment is made, and nobody here knows its hash.
    await page.reload()
    await expect(page.locator("#pay-state")).to_contain_text("Your wallet was asked to pay")
    await page.get_by_role("button", name="Pay with").click()
    await expect(page.locator("#pay-ways button")).to_have_text(["Pay a second time?"])
    await asyncio.to_thread(nina.wallet.chain.mine, 3)
    await nina.stands("Waiting for a moderator")
    assert len(nina.wallet.hashes) == 1
    nina.clean(host(page), NOT_YET)


async def test_a_login_that_ended_loses_nothing(nina, portrait):
    page = nina.page
    await nina.write()
    await nina.choose("image", portrait)
    await nina.there("image")
    await page.evaluate("() => localStorage.setItem('darkroom.wallet', 'ended')")
    await page.reload()
    await expect(page.get_by_role("alert").first).to_contain_text("Your login has ended")
    await page.get_by_role("button", name="Sign in with").click()
    await nina.live()
    await nina.there("image")
    await nina.send_in()
    nina.clean(host(page), NOT_YET, ENDED)


async def test_a_file_that_was_on_its_way_goes_on_after_the_page_was_left(nina, portrait, film):
    page = nina.page
    await page.route(f"**/{ORIGINALS}*", lambda route: route.abort())
    await nina.choose("image", portrait)
    await nina.choose("video", film)
    await expect(nina.slot("image").locator(".plate canvas")).to_have_count(1)
    later = await nina.another_tab()
    await page.close(run_before_unload=False)
    await later.open()
    await later.there("image", "video")
    await later.press("Leave out: Video, if you like")
    await expect(later.slot("video")).to_have_attribute("data-state", "none")
    await later.page.reload()
    await later.there("image")
    await expect(later.slot("video")).to_have_attribute("data-state", "none")
    later.clean(host(later.page), NOT_YET)


async def test_a_large_video_goes_in_parts_and_says_how_far_it_is(nina, tmp_path):
    large = tmp_path / "large.mp4"
    large.write_bytes(clip() + bytes(40 << 20))
    parts: list[str] = []
    nina.page.on("request", lambda one: one.method == "PUT" and parts.append(one.url))
    await nina.choose("video", large)
    await expect(nina.slot("video").locator(".slot-state")).to_have_text(re.compile(r"Sending, \d+ %"))
    await nina.there("video")
    assert len(parts) > 1
    await expect(nina.page.locator("#preview video")).to_have_count(1)
    nina.clean(host(nina.page), NOT_YET)


async def test_a_page_acts_for_nobody_but_whom_it_began_with(nina, wallet, accounts):
    await nina.write()
    later = await nina.another_tab()
    await later.open()
    await later.live()
    await later.press("Sign out")
    await expect(nina.page.locator("#door")).to_be_visible()
    wallet.account = next(accounts)
    await later.page.get_by_role("button", name="Sign in with").click()
    await later.live()
    await expect(nina.page.locator("#who")).to_have_attribute("title", re.compile(wallet.account, re.I))
    await expect(nina.page.get_by_label("Name").first).to_have_value("")
    nina.clean(host(nina.page), NOT_YET)


async def test_what_is_written_in_two_tabs_is_one_draft(nina):
    later = await nina.another_tab()
    await later.open()
    await later.live()
    await nina.page.get_by_label("Name").first.fill("From the first")
    await expect(later.page.get_by_label("Name").first).to_have_value("From the first")
    await later.page.get_by_label("What you do and like").fill("From the second")
    await expect(nina.page.get_by_label("What you do and like")).to_have_value("From the second")
    await nina.page.reload()
    await expect(nina.page.get_by_label("Name").first).to_have_value("From the first")
    await expect(nina.page.get_by_label("What you do and like")).to_have_value("From the second")


async def test_one_of_two_wallets_is_chosen_and_known_again(browser, paying, wallet):
    made = await author(browser, paying, wallet, f"{AS_ETHEREUM} {another('Second Wallet')} {another('Third Wallet')}")
    await made.open()
    await expect(made.page.locator("#wallets button")).to_have_text(
        ["Sign in with Second Wallet", "Sign in with Third Wallet"]
    )
    await made.press("Sign in with Third Wallet")
    await made.live()
    assert await made.page.evaluate("() => localStorage.getItem('darkroom.wallet.program')") == "third.wallet"


async def test_without_websockets_it_is_asked_for(browser, paying, wallet, portrait):
    made = await author(browser, paying, wallet)
    await made.page.route_web_socket(re.compile("/events"), lambda socket: socket.close())
    await made.open()
    await made.page.get_by_role("button", name="Sign in with").click()
    await made.write()
    await made.choose("image", portrait)
    await made.there("image")
    await made.send_in()
    await made.pay()
    await expect(made.page.locator("#status")).not_to_have_text("Live")


async def test_the_whole_form_by_keyboard(nina, portrait):
    page = nina.page
    for selector, text in (("#name", "By Keys"), ("#text", "Tea"), ("#hashtags", "#tea")):
        await tab_to(page, selector)
        await page.keyboard.insert_text(text)
    await tab_to(page, "#file-image")
    outline = await page.locator('label[for="file-image"]').evaluate("label => getComputedStyle(label).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    chooser = await asyncio.wait_for(nina.choosers.get(), 10)
    await chooser.set_files(portrait)
    await nina.there("image")
    await tab_to(page, '#form button[type="submit"]')
    await page.keyboard.press("Enter")
    await nina.stands("Waiting for its payment")
    await expect(page.locator("#standing-box")).to_be_focused()
    await tab_to(page, "#pay-ways button")
    await page.keyboard.press("Enter")
    await expect(page.locator("#pay-ways")).to_be_hidden()
    await asyncio.to_thread(nina.wallet.chain.mine, 3)
    await nina.stands("Waiting for a moderator")
    nina.clean(host(page), NOT_YET)


async def test_what_is_not_there_says_so(browser, paying):
    guest = await visitor(browser)
    await guest.page.goto(f"{paying.url}/profiles/019ac0de-0000-7000-8000-0123456789ab")
    await expect(guest.page.locator("#notice")).to_contain_text("There is no such profile")
    await guest.page.goto(f"{paying.url}/profiles/?hashtag=nobodyhasthis")
    await expect(guest.page.locator("#notice")).to_have_text("No profile has #nobodyhasthis.")
    await guest.page.goto(f"{paying.url}/profiles/new")
    await expect(guest.page.locator("#no-wallet")).to_be_visible()
    guest.clean(host(guest.page), LOST)
