"""What becomes of the page when its room, its line or its login goes, and what it asks of the server meanwhile."""

import asyncio
import json
import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Page, Request, Route, WebSocketRoute, expect

from tests.appliance.client import wait_for
from tests.web.photos import photo
from tests.web.talking import Pair, Talker, talker
from tests.web.visitor import PATIENCE, visitor

REJECTED = r"status of 40[14]"
EVENTS = re.compile(r"/events\?")
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
HIDE = "Object.defineProperty(document, 'hidden', { value: true, configurable: true });" + LOOK


def asked(page: Page, method: str, path: str) -> list[Request]:
    """All that the page asks by such a path, from now on."""
    seen: list[Request] = []
    page.on("request", lambda one: one.method == method and re.search(path, one.url) and seen.append(one))
    return seen


async def take_out(two: Pair, one: Talker) -> None:
    two.house.server.delete(f"/chats/{two.chat}/members/{one.who.id}").raise_for_status()
    await expect(one.page.locator("#notice")).to_contain_text("You are not in this room any more", timeout=PATIENCE)
    await expect(one.page.locator("#rooms a")).to_have_count(0)


def let_in(two: Pair, one: Talker) -> None:
    two.house.server.put(f"/chats/{two.chat}/members/{one.who.id}").raise_for_status()


async def test_who_is_let_in_again_is_in_the_room_again(two, host):
    anna, ben = two.anna, two.ben
    await take_out(two, ben)
    await anna.say("Without him")
    let_in(two, ben)
    await ben.page.evaluate(LOOK)
    await ben.live()
    await expect(ben.page.locator("#say")).to_be_visible()
    await ben.said("Without him")
    await ben.say("Here again")
    await anna.said("Without him", "Here again")
    two.clean(host, REJECTED)


@pytest.mark.long
async def test_the_room_that_is_closed_is_opened_anew_by_its_link(two, host):
    """The list never was without it: it was read late."""
    ben = two.ben
    back = asyncio.Event()

    async def late(route: Route) -> None:
        await back.wait()
        await route.continue_()

    await ben.page.route("**/chats?*", late)
    two.house.server.delete(f"/chats/{two.chat}/members/{ben.who.id}").raise_for_status()
    await expect(ben.page.locator("#status")).to_have_text("Closed", timeout=PATIENCE)
    let_in(two, ben)
    async with ben.page.expect_response(re.compile(r"/chats\?")):
        back.set()
    await ben.page.wait_for_timeout(300)
    await expect(ben.page.locator("#status")).to_have_text("Closed")
    await ben.page.locator("#rooms a").click()
    await ben.live()
    await expect(ben.page.locator("#say")).to_be_visible()
    two.clean(host, REJECTED)


@pytest.mark.long
async def test_a_room_one_is_out_of_takes_no_files_and_what_was_not_sent_can_be_discarded(two, host, tmp_path):
    ben = two.ben
    file = photo(tmp_path / "late.jpg", 3, (600, 400))
    await ben.page.route("**/messages", lambda route: route.abort())
    await ben.say("Not sent")
    await expect(ben.page.locator(".is-pending")).to_have_count(1)
    await take_out(two, ben)
    for way in ("drop", "paste"):
        await ben.drop(file, way)
        await expect(ben.page.locator("#notice")).to_contain_text("Nothing can be sent to it")
    await expect(ben.page.locator(".is-pending")).to_have_count(1)
    await ben.press(ben.page.locator(".is-pending"), "Discard")
    await expect(ben.page.locator(".is-pending")).to_have_count(0)
    two.anna.clean(host)
    ben.clean(host, REJECTED, "net::ERR_FAILED")


@pytest.mark.long
async def test_how_far_one_has_read_is_told_now_and_then_and_when_the_page_is_left(two, host):
    anna, ben = two.anna, two.ben
    told = asked(ben.page, "PUT", "/read$")
    for number in range(3):
        await anna.say(str(number))
        await ben.page.wait_for_timeout(1000)
    await ben.said("0", "1", "2")
    assert len(told) <= 1
    await ben.page.evaluate(HIDE)
    head = ben.who.api.get(f"/chats/{two.chat}").json()["seq"]
    await asyncio.to_thread(wait_for, lambda: ben.who.api.get(f"/chats/{two.chat}").json()["read_seq"] == head)
    assert len(told) <= 2
    await ben.page.evaluate("delete document.hidden")
    await anna.say("last")
    await ben.said("0", "1", "2", "last")
    await ben.page.goto("about:blank")
    await asyncio.to_thread(wait_for, lambda: ben.who.api.get(f"/chats/{two.chat}").json()["read_seq"] > head)
    anna.clean(host)


@pytest.mark.long
async def test_how_far_one_has_read_is_told_once_the_server_takes_it(two, host):
    anna, ben = two.anna, two.ben
    await ben.page.route("**/read", lambda route: route.fulfill(status=503))
    await anna.say("one")
    async with ben.page.expect_response(re.compile("/read$"), timeout=PATIENCE):
        pass
    await ben.page.unroute("**/read")
    head = ben.who.api.get(f"/chats/{two.chat}").json()["seq"]
    await asyncio.to_thread(wait_for, lambda: ben.who.api.get(f"/chats/{two.chat}").json()["read_seq"] == head)


@pytest.mark.long
async def test_a_document_is_asked_about_by_those_who_have_it_on_the_screen(browser, house, host):
    anna, ben = house.person("anna"), house.person("ben")
    chat = house.chat(anna, ben)
    for number in range(40):
        anna.say(chat, f"{number}\n\n\n")
    one = await talker(browser, ben)
    await one.page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
    questions = asked(one.page, "GET", "/file/")
    page = BytesIO()
    Image.new("RGB", (300, 400), "white").save(page, "PDF")
    anna.sent(chat, page.getvalue(), "letter.pdf")
    await expect(one.attachments("done")).to_have_count(1, timeout=PATIENCE)
    await one.page.wait_for_timeout(4500)
    assert questions == []
    await one.page.get_by_role("button", name="New messages").click()
    await expect(one.page.locator(".mark")).to_be_visible()
    await one.page.wait_for_timeout(4500)
    assert len(questions) == 1
    one.clean(host)


@pytest.mark.long
async def test_a_line_that_ends_right_after_its_greeting_is_tried_less_and_less(two, host):
    ben = two.ben
    tries: list[Any] = []

    async def end(socket: WebSocketRoute) -> None:
        tries.append(socket)
        server = socket.connect_to_server()

        async def hand(text: str | bytes) -> None:
            socket.send(text)
            await socket.close(code=4503)

        server.on_message(lambda text: asyncio.ensure_future(hand(text)))

    await ben.page.route_web_socket(EVENTS, end)
    await ben.page.reload()
    await ben.page.wait_for_timeout(8000)
    assert 3 <= len(tries) <= 6
    two.anna.clean(host)


@pytest.mark.long
async def test_a_line_that_goes_silent_before_the_list_is_given_up(browser, house, host):
    ben = house.person("ben")
    chat = house.chat(ben)
    ben.say(chat, "Hello")
    lines: list[WebSocketRoute] = []

    def mute(socket: WebSocketRoute) -> None:
        server, first = socket.connect_to_server(), not lines
        lines.append(socket)
        server.on_message(lambda text: socket.send(text) if not first or json.loads(text)["type"] == "hello" else None)

    guest = await visitor(browser)
    await guest.page.clock.install()
    await guest.page.route_web_socket(EVENTS, mute)
    token = ben.api.headers["Authorization"].removeprefix("Bearer ")
    await guest.enter(f"{house.stack.url}/chat#login={token}")
    await guest.page.clock.fast_forward(40_000)
    await expect(guest.page.locator(".said")).to_have_text(["Hello"])
    guest.clean(host)


@pytest.mark.long
async def test_links_of_a_file_that_is_looked_at_for_long_are_fresh(browser, house, host, tmp_path):
    ben = house.person("ben")
    chat = house.chat(ben)
    ben.sent(chat, photo(tmp_path / "strand.jpg", 1, (600, 400)).read_bytes(), "strand.jpg")
    guest = await visitor(browser)
    await guest.page.clock.install()
    token = ben.api.headers["Authorization"].removeprefix("Bearer ")
    await guest.enter(f"{house.stack.url}/chat#login={token}")
    await expect(guest.page.locator('.attachment[data-state="done"]')).to_have_count(1, timeout=PATIENCE)
    await guest.page.locator(".print").click()
    await expect(guest.page.locator("#viewer-versions a").first).to_be_visible()
    await guest.page.wait_for_timeout(500)
    questions = asked(guest.page, "GET", "/file/")
    await guest.page.clock.fast_forward(241_000)
    await expect(guest.page.locator("#viewer")).to_be_visible()
    await guest.page.wait_for_timeout(300)
    assert len(questions) == 1
    guest.clean(host)


@pytest.mark.long
async def test_a_late_refusal_of_an_earlier_login_ends_no_later_one(two, host):
    anna, ben = two.anna, two.ben
    page = ben.page
    going = asyncio.Event()

    async def late(route: Route) -> None:
        await going.wait()
        await route.fulfill(status=401)

    await page.route("**/typing", late)
    await page.get_by_label("Message", exact=True).press_sequentially("a")
    await page.get_by_label("Message", exact=True).fill("")
    eve = two.house.person("eve")
    two.house.server.put(f"/chats/{two.chat}/members/{eve.id}").raise_for_status()
    token = eve.api.headers["Authorization"].removeprefix("Bearer ")
    await page.evaluate("token => { location.hash = `login=${token}`; }", token)
    await expect(page.locator("#who")).to_have_text(eve.id)
    await ben.live()
    async with page.expect_response(re.compile("/typing$")):
        going.set()
    await page.wait_for_timeout(300)
    await expect(page.locator("#who")).to_have_text(eve.id)
    await expect(page.locator("#chat")).to_be_visible()
    anna.clean(host)


async def test_who_is_in_a_room_is_not_told_of_another(two, house, host):
    ben = two.ben
    other = house.chat(ben.who, house.person("eve"), title="Arbeit")
    going = asyncio.Event()

    async def late(route: Route) -> None:
        await going.wait()
        await route.continue_()

    await ben.page.route(f"**/chat/{two.chat}/members?*", late)
    await ben.page.reload()
    await ben.live()
    await expect(ben.page.locator("#rooms a")).to_have_count(2)
    await ben.page.goto(f"{house.stack.url}/chat#room={other}")
    await expect(ben.page.locator("#members")).to_contain_text("eve")
    async with ben.page.expect_response(re.compile(f"/chat/{two.chat}/members")):
        going.set()
    await ben.page.wait_for_timeout(300)
    await expect(ben.page.locator("#members")).to_contain_text("eve")
    two.clean(host)


@pytest.mark.long
async def test_a_page_of_older_ones_that_comes_after_the_room_was_read_anew_leaves_no_gap(browser, house, host):
    ben = house.person("ben")
    chat = house.chat(ben)
    for number in range(120):
        ben.say(chat, str(number))
    lines: list[WebSocketRoute] = []
    going = asyncio.Event()

    def mute(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda text: socket.send(text) if '"type":"message"' not in str(text) else None)
        lines.append(socket)

    async def late(route: Route) -> None:
        answer = await route.fetch()
        await going.wait()
        await route.fulfill(response=answer)

    guest = await visitor(browser)
    await guest.page.route_web_socket(EVENTS, mute)
    token = ben.api.headers["Authorization"].removeprefix("Bearer ")
    await guest.enter(f"{house.stack.url}/chat#login={token}")
    await expect(guest.page.locator(".entry")).to_have_count(50)
    await guest.page.route("**/messages?*", late)
    async with guest.page.expect_request("**/messages?*"):
        await guest.page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
    for number in range(120, 190):
        ben.say(chat, str(number))
    newest = ben.api.get(f"/chats/{chat}/messages", params={"limit": 50}).json()
    head = ben.api.get(f"/chats/{chat}").json()["seq"]
    for told in ({"type": "reset", "seq": head}, {"type": "messages", **newest}):
        lines[-1].send(json.dumps(told))
    await expect(guest.page.locator(".said").last).to_have_text("189")
    async with guest.page.expect_response("**/messages?*"):
        going.set()
    for _ in range(4):
        await guest.page.locator("#scroll").evaluate("box => box.scrollTo(0, 0)")
        await guest.page.wait_for_timeout(500)
    await expect(guest.page.locator(".said")).to_have_text([str(number) for number in range(190)])
    guest.clean(host)
