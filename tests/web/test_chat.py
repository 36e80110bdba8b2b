"""Two people in a room, each in a browser of their own: what one does the other sees, and nothing is lost or twice."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from storage.layout import ORIGINALS
from tests.appliance.storage import objects_of
from tests.chats.test_attachments import originals
from tests.web.photos import photo, photos
from tests.web.relay import Relay
from tests.web.talking import pair
from tests.web.test_chat_outbox import kept
from tests.web.visitor import PATIENCE

SMALL = (900, 600)
LOST = r"net::ERR_(?!BLOCKED|CERT|ABORTED)|WebSocket connection"


async def test_a_picture_is_dropped_seen_by_the_other_and_deleted_for_all(two, browser, host, tmp_path):
    anna, ben = two.anna, two.ben
    eve = await two.third(browser)
    await expect(anna.page.locator(".note-row")).to_contain_text(f"{eve.who.id} joined")
    await anna.drop(photo(tmp_path / "strand.jpg", 1, SMALL))
    await expect(anna.page.locator(".plate canvas, .plate img")).to_have_count(1)  # at once, as one's own
    for one in (ben, eve, anna):
        await one.pictured(1)
    await ben.say("<b>Lovely</b> & so on")
    await anna.said("", "<b>Lovely</b> & so on")
    await eve.offline()
    await anna.press(anna.entries.first, "Delete")
    await anna.press(anna.entries.first, "Delete for good?")
    for one in (anna, ben):
        await one.said("<b>Lovely</b> & so on")
        await expect(one.page.locator(".attachment")).to_have_count(0)
    await expect(eve.pictures).to_have_count(1)  # who is away has yet to hear of it
    await eve.online()
    await eve.said("<b>Lovely</b> & so on")
    await expect(eve.page.locator(".attachment")).to_have_count(0)
    await expect(ben.page.locator("#who")).to_have_text(ben.who.id)
    two.clean(host)
    eve.clean(host, LOST)


@pytest.mark.long
async def test_one_file_of_two_is_deleted_and_says_so(two, host, tmp_path):
    anna, ben = two.anna, two.ben
    files = [photo(tmp_path / f"{name}.jpg", seed, SMALL) for seed, name in enumerate(("one", "two"))]

    async def late(route: Route) -> None:
        """The answer comes after all that became of what was said: it is no step back."""
        answer = await route.fetch()
        await ben.pictured(2)
        await route.fulfill(response=answer)
        answered.set()

    answered = asyncio.Event()
    await anna.page.route("**/messages", late)
    await anna.page.get_by_label("Message", exact=True).fill("Both")
    await anna.page.set_input_files("#files", files)
    await ben.pictured(2)
    await expect(ben.entries).to_have_count(1)
    await asyncio.wait_for(answered.wait(), 30)
    await anna.pictured(2)
    assert await ben.page.get_by_role("button", name=re.compile("^Delete")).count() == 0, "it is another one's"
    one = anna.page.locator(".attachment").first
    await anna.press(one, "Delete: one.jpg")
    await anna.press(one, "Delete for good: one.jpg")
    for person in (anna, ben):
        await expect(person.attachments("deleted").locator(".trouble")).to_have_text("This file was deleted.")
        await expect(person.attachments("done")).to_have_count(1)
        await person.said("Both")
    await ben.page.reload()
    await ben.live()
    await expect(ben.attachments("deleted").locator(".trouble")).to_have_text("This file was deleted.")
    two.clean(host)


@pytest.mark.long
async def test_the_network_is_lost_and_what_was_said_meanwhile_comes_in_order_and_once(two, host, tmp_path):
    anna, ben = two.anna, two.ben
    await anna.say("0")
    await ben.said("0")
    await ben.offline()
    await ben.say("mine")
    await expect(ben.page.locator(".is-pending .state")).to_have_text("Goes out when the network is back.")
    for number in range(1, 6):
        await anna.say(str(number))
    await anna.drop(photo(tmp_path / "strand.jpg", 2, SMALL), "paste")
    await anna.pictured(1)
    await ben.online()
    await ben.pictured(1)
    await ben.said(*"012345", "", "mine")
    await anna.said(*"012345", "", "mine")
    two.anna.clean(host)
    two.ben.clean(host, LOST)


async def test_what_no_answer_came_to_is_sent_once_also_after_the_page_was_left(two, host, tmp_path):
    """The answer is lost on its way: the server has it, and the page can't know."""
    anna, ben = two.anna, two.ben
    asked: list[str] = []
    lost = asyncio.Event()

    async def lose(route: Route) -> None:
        asked.append(route.request.post_data or "")
        await route.fetch()
        await route.abort()
        lost.set()

    await anna.page.route("**/messages", lose)
    await anna.say("once")
    await anna.said("once")  # by the socket
    await asyncio.wait_for(lost.wait(), 10)
    await anna.page.unroute("**/messages")
    await anna.page.route("**/messages", lambda route: route.abort())
    await anna.page.route("**/originals*", lambda route: route.abort())
    await anna.say("later")
    await anna.drop(photo(tmp_path / "kept.jpg", 3, SMALL))
    await expect(anna.page.locator(".is-pending")).to_have_count(2)
    await expect(anna.page.locator(".is-pending .plate canvas")).to_have_count(1)
    await kept(anna.page, ["later", False], ["", False, "kept.jpg"])  # which is after it is seen
    await anna.page.unroute_all()
    await anna.page.reload()
    await ben.pictured(1)
    for one in (anna, ben):
        await one.said("once", "later", "")
    await expect(anna.page.locator(".is-pending")).to_have_count(0)
    assert len(ben.who.messages(two.chat)) == 3
    assert len(asked) == 1
    anna.clean(host, LOST, r"net::ERR_FAILED")


@pytest.mark.long
async def test_a_link_that_ran_out_is_asked_for_anew_and_what_storage_lost_says_so(two, host, tmp_path):
    anna, ben = two.anna, two.ben
    refused: list[str] = []

    async def refuse(route: Route) -> None:
        refused.append(route.request.url)
        await route.fulfill(status=403)

    await ben.page.route("**/versions/**", refuse)
    await anna.drop(photo(tmp_path / "strand.jpg", 4, SMALL))
    await expect(ben.page.locator(".trouble")).to_contain_text("can't be loaded just now", timeout=PATIENCE)
    await expect(ben.page.locator(".attachment img")).to_have_count(0)
    assert refused
    await ben.page.unroute("**/versions/**")
    await ben.page.get_by_role("button", name="Try again: strand.jpg").click()
    await ben.pictured(1)
    await expect(ben.page.locator(".trouble")).to_be_empty()
    [place] = originals(two.house, f"chats/{two.chat}/")
    objects_of(two.house.stack).delete_version(ORIGINALS, *place)
    await ben.page.locator(".print").click()
    for one in (ben, anna):
        await expect(one.page.locator(".trouble")).to_have_text("The file is gone: storage has lost its bytes.")
    ben.clean(host, r"status of 403")


@pytest.mark.long
async def test_what_one_tab_could_not_send_the_next_one_does_once(two, host):
    """Both keep it in the same place, and each sends by itself."""
    anna, ben = two.anna, two.ben
    await anna.page.route("**/messages", lambda route: route.abort())
    await anna.say("kept")
    await expect(anna.page.locator(".is-pending")).to_have_count(1)
    other = await anna.another_tab()
    await other.say("from here")
    await ben.said("from here")
    await expect(other.page.locator(".is-pending")).to_have_count(0)  # the first one is at it
    await anna.page.close()
    await ben.said("from here", "kept")
    await other.said("from here", "kept")
    await expect(other.page.locator(".is-pending")).to_have_count(0)
    other.clean(host)


@pytest.mark.long
async def test_connections_are_cut_while_both_talk(launch, house, host, tmp_path):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        two = await pair(browser, house)
        pictures = photos(tmp_path, 4)
        for number, picture in enumerate(pictures):
            await two.anna.say(f"anna {number}")
            await two.anna.drop(picture)
            relay.cut()
            await two.ben.say(f"ben {number}")
            await two.ben.page.wait_for_timeout(300)
            relay.cut()
        for one in (two.anna, two.ben):
            await one.pictured(4)
            await expect(one.page.locator(".is-pending")).to_have_count(0, timeout=PATIENCE)
        shown = [await one.texts() for one in (two.anna, two.ben)]
        assert shown[0] == shown[1]
        for name in ("anna", "ben"):
            assert [text for text in shown[0] if text.startswith(name)] == [f"{name} {number}" for number in range(4)]
        kept = two.anna.who.messages(two.chat)
        assert [message["text"] for message in reversed(kept) if message["text"]] == shown[0]
        assert len(kept) == 12
        two.clean(host, LOST)
