"""The page of the chats beside the main job: who may open it, how, and what it says when not all is as it should be."""

import asyncio
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import expect

from tests.appliance.client import wait_for
from tests.processors.clips import FAST, clip
from tests.web.photos import photos
from tests.web.talking import pair, talker
from tests.web.test_access import PHONE, SMALLEST_TARGET, no_sideways_scroll, tab_to
from tests.web.test_kinds import PLAYED
from tests.web.test_network import LOST
from tests.web.visitor import PATIENCE, visitor


async def test_the_page_is_a_users_by_a_login_that_works_once(browser, house, login, host, stack):
    anna = house.person("anna")
    refused = stack.verb("open", "--chat")
    assert (refused.returncode, "go together" in refused.stderr) == (2, True)
    address, late = (stack.verb("open", "--chat", "--user", anna.id).stdout.strip() for _ in range(2))
    guest = await visitor(browser)
    page = guest.page
    await page.goto(address)
    await expect(page.locator("#who")).to_have_text(anna.id)
    await expect(page.locator("#no-rooms")).to_be_visible()
    assert page.url == f"{stack.url}/chat"
    await page.get_by_role("button", name="New room").click()
    await page.get_by_label("Name").fill("Ferien")
    await page.get_by_label("Who else is in it").fill("ben, eve")
    await page.get_by_role("button", name="Make it").click()
    await guest.live()
    await expect(page.locator("#members")).to_have_text("You, ben and eve")
    await page.get_by_role("button", name="Sign out").click()
    for code, words in ((address, "Each works once"), (await login(), "This login is of no one person")):
        await page.get_by_label("Login address or code").fill(code)
        await page.get_by_role("button", name="Open").click()
        await expect(page.get_by_role("alert")).to_contain_text(words)
    house.server.delete(f"/users/{anna.id}").raise_for_status()
    assert house.server.post("/login", json={"code": late.split("=")[1]}).status_code == 401
    policy = (await page.request.get(f"{stack.url}/chat")).headers["content-security-policy"]
    assert policy == (await page.request.get(stack.url)).headers["content-security-policy"]
    guest.clean(host, r"status of 40[14]")


async def test_by_keyboard_alone_at_the_width_of_a_phone(browser, house, host):
    room = {"viewport": {"width": 360, "height": 740}}
    two = await pair(browser, house, **room)
    ben, page = two.ben, two.ben.page
    other = house.server.post("/chats/", json={"title": "Arbeit", "members": [ben.who.id]}).json()["chat_id"]
    house.server.post(f"/chats/{other}/messages", json={"text": "Hello"}).raise_for_status()
    await page.goto(f"{house.stack.url}/chat#rooms")
    await page.reload()
    await expect(page.locator("#rooms a")).to_have_text(["Arbeit1 new", "Ferien"])
    await expect(page.locator("#say")).to_be_hidden()
    await tab_to(page, "#rooms li:nth-child(2) a")
    await page.keyboard.press("Enter")
    await ben.live()
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("one")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("two")
    await page.keyboard.press("Enter")
    await page.keyboard.type("three")
    await page.keyboard.press("Enter")
    for one in (two.anna, ben):  # an entry that has yet to be told as said is another one afterwards
        await one.said("one\ntwo", "three")
    await no_sideways_scroll(page)
    await page.keyboard.press("Shift+Tab")
    await tab_to(page, "#list")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".entry:focus")).to_contain_text("three")
    await page.keyboard.press("ArrowUp")
    await expect(page.locator(".entry:focus")).to_contain_text("one")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await two.anna.said("three")
    await expect(page.locator(".entry:focus")).to_contain_text("three")  # focus does not fall to the top of the page
    await tab_to(page, ".back")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rooms")).to_be_visible()
    await page.goto(f"{house.stack.url}/chat#room={other}")
    await expect(page.locator("#title")).to_have_text("Arbeit")
    await ben.said("Hello")
    await expect(page.locator(".news")).to_have_count(0)
    two.clean(host)


async def test_what_is_no_picture_has_a_name_a_size_and_a_download_and_what_is_refused_a_reason(two, host):
    anna, ben = two.anna, two.ben
    page = BytesIO()
    Image.new("RGB", (300, 400), "white").save(page, "PDF")
    letter = {"name": "<i>letter.pdf", "mimeType": "application/pdf", "buffer": page.getvalue()}
    program = {"name": "run.exe", "mimeType": "", "buffer": b"MZ"}
    await anna.page.set_input_files("#files", [letter, program])
    await expect(anna.page.locator(".trouble p")).to_contain_text("not taken", timeout=PATIENCE)
    await expect(anna.page.locator(".is-pending .state")).to_have_text("Not sent yet.")
    await anna.press(anna.page.locator(".attachment").nth(1), "Leave out: run.exe")
    await ben.pictured(1)
    await expect(ben.page.locator(".name")).to_have_text("<i>letter.pdf")
    await expect(ben.page.locator(".note")).to_have_text(re.compile(r"^PDF · [\d.]+ K?B$"))
    async with ben.page.expect_download() as saving:
        await ben.page.get_by_role("link", name="Save <i>letter.pdf").click()
    saved = await saving.value
    assert await asyncio.to_thread(Path(await saved.path()).read_bytes) == letter["buffer"]
    two.clean(host, r"status of 400")


@pytest.mark.long
async def test_a_video_is_seen_by_its_poster_and_plays(two, host):
    anna, ben = two.anna, two.ben
    film = clip(*FAST, pattern="testsrc2=size=854x480:rate=30:duration=4")
    await anna.page.set_input_files("#files", {"name": "waves.mp4", "mimeType": "video/mp4", "buffer": film})
    await ben.pictured(1)
    await expect(ben.page.locator(".mark")).to_have_text("0:04")
    await expect(ben.page.locator(".note")).to_have_text(re.compile(r"^Video · 0:04 · [\d.]+ [KM]B$"))
    await ben.page.locator(".print").click()
    video = ben.page.locator("#viewer-stage video")
    await ben.page.keyboard.press("k")
    await video.evaluate(PLAYED)
    assert await video.evaluate("video => [video.videoWidth, video.error]") == [854, None]
    two.clean(host)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_phone(browser, house, host, tmp_path, scheme):
    two = await pair(browser, house, color_scheme=scheme, **PHONE)
    ben, page = two.ben, two.ben.page
    await two.anna.say("a-word-without-any-space-" * 12)
    await two.anna.page.set_input_files("#files", photos(tmp_path, 3))
    await ben.pictured(3)
    await page.set_input_files("#files", photos(tmp_path, 2, first=5))
    await ben.pictured(5)
    await no_sideways_scroll(page)
    assert await page.locator("#scroll").evaluate("box => box.scrollWidth <= box.clientWidth")
    await page.locator(".print").last.tap()
    await expect(page.locator("#viewer-versions a")).to_have_count(5)
    await no_sideways_scroll(page)
    await page.get_by_role("button", name="Close").tap()
    for target in await page.locator("button:visible, label.button:visible, a:visible").all():
        box = await target.bounding_box()
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET, await target.inner_text()
    await page.get_by_role("link", name="All rooms").tap()
    await expect(page.locator("#rooms a")).to_be_visible()
    await no_sideways_scroll(page)
    two.clean(host)


@pytest.mark.long
async def test_a_long_talk_is_read_backwards_and_how_far_one_has_read_is_told(browser, house, host):
    anna, ben = house.person("anna"), house.person("ben")
    chat = house.chat(anna, ben, title="<i>Lang")
    for number in range(120):
        anna.say(chat, f"{number} <b>")
    made = await talker(browser, ben)
    await expect(made.entries).to_have_count(50)
    await expect(made.page.locator(".said").last).to_be_in_viewport()
    await expect(made.page.locator("#title")).to_have_text("<i>Lang")
    head = ben.api.get(f"/chats/{chat}").json()["seq"]
    await asyncio.to_thread(wait_for, lambda: ben.api.get(f"/chats/{chat}").json()["read_seq"] == head)
    for count in (100, 120):
        await made.page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
        await expect(made.entries).to_have_count(count, timeout=PATIENCE)
    assert await made.texts() == [f"{number} <b>" for number in range(120)]
    await expect(made.page.locator("#older")).to_be_hidden()
    await made.page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
    anna.say(chat, "newest")
    await made.page.get_by_role("button", name="New messages").click()
    await expect(made.page.locator(".said").last).to_be_in_viewport()
    made.clean(host)


@pytest.mark.long
async def test_a_room_that_was_restored_is_read_anew_and_that_is_said(two, host):
    """The numbers that the page knows mean nothing any more."""
    anna, ben = two.anna, two.ben
    sockets = []

    def forge(socket):
        server = socket.connect_to_server()
        real = len(sockets) > 0
        server.on_message(lambda text: socket.send(text if real else re.sub(r'("epoch":")[^"]+', r"\1another", text)))
        sockets.append(socket)

    await ben.page.route_web_socket(re.compile(r"/events\?"), forge)
    await ben.page.reload()
    await ben.live()
    await anna.say("one")
    await ben.said("one")
    await ben.offline()
    await anna.press(anna.entries.first, "Delete")
    await anna.press(anna.entries.first, "Delete for good?")
    await anna.say("two")
    await ben.page.context.set_offline(False)
    await sockets[0].close()
    await ben.said("two")
    await expect(ben.page.locator("#notice")).to_contain_text("read anew")
    two.clean(host, LOST)


async def test_who_is_taken_out_is_told_in_words(two, host):
    anna, ben = two.anna, two.ben
    await ben.say("Mine")
    await anna.said("Mine")
    two.house.server.delete(f"/chats/{two.chat}/members/{ben.who.id}").raise_for_status()
    await anna.say("Without him")
    await expect(ben.page.locator("#notice")).to_contain_text("You are not in this room any more", timeout=PATIENCE)
    await expect(ben.page.locator("#say")).to_be_hidden()
    await expect(ben.page.locator("#rooms a")).to_have_count(0)
    await expect(anna.page.locator(".note-row")).to_contain_text(f"{ben.who.id} left")
    assert await ben.texts() == ["Mine"]
    await ben.entries.hover()
    await expect(ben.page.get_by_role("button", name="Delete")).to_have_count(0)
    two.clean(host, r"status of 404")  # how far he had read may be on its way at that moment


@pytest.mark.long
async def test_who_writes_is_seen_by_the_others_until_it_is_said(two, host):
    anna, ben = two.anna, two.ben
    told = []
    anna.page.on("request", lambda request: request.url.endswith("/typing") and told.append(request.url))
    await anna.page.get_by_label("Message", exact=True).press_sequentially("Good evening")
    await expect(ben.page.locator("#typing")).to_have_text(f"{anna.who.id} is writing …")
    await expect(anna.page.locator("#typing")).to_be_empty()
    assert 1 <= len(told) <= 3, "every three seconds at most, and not with each letter"
    await anna.page.keyboard.press("Enter")
    await ben.said("Good evening")
    await expect(ben.page.locator("#typing")).to_be_empty()
    two.clean(host)
