"""What is said and not sent yet: it outlives the page as it was left, or one is told that it won't."""

import asyncio
import base64
import hashlib
import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Dialog, Page, Route, expect

from tests.appliance.client import wait_for
from tests.web.photos import photo
from tests.web.talking import Pair, Talker
from tests.web.visitor import PATIENCE

SMALL = (600, 400)
# Of each message that this browser keeps the names of its files.
KEPT = """async () => {
    const open = indexedDB.open("darkroom.chat", 1);
    await new Promise((resolve) => { open.onsuccess = resolve; });
    const all = open.result.transaction("unsent").objectStore("unsent").getAll();
    await new Promise((resolve) => { all.onsuccess = resolve; });
    open.result.close();
    return all.result.map(({ text, files, refused }) => [text, refused, ...files.map(({ filename }) => filename)]);
}"""
LATE = """const open = IDBFactory.prototype.open;
IDBFactory.prototype.open = function (...named) {
    const real = open.apply(this, named);
    const late = {};
    real.onupgradeneeded = () => { late.result = real.result; late.onupgradeneeded?.(); };
    real.onsuccess = () => setTimeout(() => { late.result = real.result; late.onsuccess?.(); }, 600);
    return late;
};"""
NOTHING_KEPT = "IDBFactory.prototype.open = () => { throw new Error('full'); }"
HASTY = "const real = setTimeout; window.setTimeout = (work, wait) => real(work, Math.min(wait, 60));"
# A folder that takes as long as until `window.walk()` is called.
FOLDER = """([bytes, name]) => {
    const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
    const file = new File([content], name, { type: "image/jpeg" });
    const walked = new Promise((resolve) => { window.walk = resolve; });
    const batches = [[{ isFile: true, name, file: (resolve) => resolve(file) }], []];
    const reader = { readEntries: (resolve) => walked.then(() => resolve(batches.shift())) };
    DataTransferItem.prototype.webkitGetAsEntry = () => ({ name: "folder", isFile: false, createReader: () => reader });
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(file);
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
}"""


async def abort(route: Route) -> None:
    await route.abort()


async def kept(page: Page, *wanted: list[object]) -> None:
    """Waits until the browser keeps just this, in the order of their random ids."""
    found = None
    for _ in range(100):
        found = await page.evaluate(KEPT)
        if sorted(found, key=str) == sorted(wanted, key=str):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(found)


def asked(page: Page) -> list[str]:
    """What the page asks before it is left; left it is anyway."""
    questions: list[str] = []

    async def leave(dialog: Dialog) -> None:
        questions.append(dialog.type)
        await dialog.accept()

    page.on("dialog", leave)
    return questions


def arrived(two: Pair) -> list[tuple[str, str]]:
    """Name and digest of each file that was said in the room, by its bytes in storage."""
    files = [file for message in two.ben.who.messages(two.chat) for file in message["attachments"]]
    shown = [two.ben.who.api.get(f"/chat/{two.chat}/file/{file['file_id']}").json() for file in files]
    contents = [httpx.get(file["versions"]["original"]["url"]).content for file in shown]
    return [(file["filename"], digest(content)) for file, content in zip(files, contents, strict=True)]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def say_files(talker: Talker, text: str, *files: Path) -> None:
    await talker.page.get_by_label("Message", exact=True).fill(text)
    await talker.page.set_input_files("#files", files)
    await expect(talker.page.locator(".is-pending .attachment")).to_have_count(len(files))


async def test_what_was_left_out_stays_out_and_each_file_keeps_its_bytes(two, tmp_path):
    anna, ben = two.anna, two.ben
    files = [photo(tmp_path / f"{name}.jpg", seed, SMALL) for seed, name in enumerate("abc")]
    held = {"a.jpg", "b.jpg", "c.jpg"}

    async def slots(route: Route) -> None:
        name = json.loads(route.request.post_data or "{}")["filename"]
        await (route.abort() if name in held else route.continue_())

    await anna.page.route("**/messages", abort)
    await anna.page.route("**/chat/*/files", slots)
    await say_files(anna, "Three", *files)
    await kept(anna.page, ["Three", False, "a.jpg", "b.jpg", "c.jpg"])
    await anna.press(anna.page.locator(".attachment").first, "Leave out: a.jpg")
    await kept(anna.page, ["Three", False, "b.jpg", "c.jpg"])
    held.remove("b.jpg")
    await expect(anna.attachments("sent")).to_have_count(1, timeout=PATIENCE)
    await anna.page.unroute_all()
    await anna.page.reload()
    await ben.said("Three")
    await ben.pictured(2)
    assert await asyncio.to_thread(arrived, two) == [(file.name, digest(file.read_bytes())) for file in files[1:]]
    await kept(anna.page)


@pytest.mark.long
async def test_where_nothing_can_be_kept_the_visitor_is_asked_before_leaving(two):
    anna = two.anna
    await anna.page.add_init_script(NOTHING_KEPT)
    await anna.page.reload()
    await anna.live()
    questions = asked(anna.page)
    await anna.page.route("**/messages", abort)
    await anna.say("Lost?")
    await expect(anna.page.locator(".is-pending")).to_have_count(1)
    await anna.page.reload()
    assert questions == ["beforeunload"]


@pytest.mark.long
async def test_what_is_too_much_to_be_kept_is_asked_about_and_the_text_is_kept(two, tmp_path):
    anna, page = two.anna, two.anna.page
    questions = asked(page)
    devtools = await page.context.new_cdp_session(page)
    quota = {"origin": two.house.stack.url, "quotaSize": 10_000_000}
    await devtools.send("Storage.overrideQuotaForOrigin", quota)
    await page.route("**/messages", abort)
    await page.route("**/chat/*/files", abort)
    large = photo(tmp_path / "large.jpg", 1, SMALL)
    large.write_bytes(large.read_bytes() + bytes(20_000_000))
    await page.locator("#text").click()
    await say_files(anna, "Large", large)
    await kept(page, ["Large", False, "large.jpg"])
    await page.unroute_all()
    await page.reload()
    assert questions == ["beforeunload"]
    await expect(page.locator(".is-pending .trouble")).to_contain_text("Choose it again")


@pytest.mark.long
async def test_a_login_that_ran_out_leaves_what_is_kept_to_the_next_one(two):
    anna, ben = two.anna, two.ben
    await anna.page.route("**/messages", abort)
    await anna.say("kept")
    await kept(anna.page, ["kept", False])
    spoil = "sessionStorage['darkroom.person'] = sessionStorage['darkroom.person'].replace(/.{6}$/, 'AAAAAA')"
    await anna.page.evaluate(spoil)
    await anna.page.add_init_script(LATE)  # the answer is there before it is known what is kept
    await anna.page.reload()
    await expect(anna.page.locator("#login-message")).to_contain_text("has ended")
    await anna.page.wait_for_timeout(1000)
    await anna.page.unroute_all()
    token = anna.who.api.headers["Authorization"].removeprefix("Bearer ")
    await anna.page.evaluate("token => { location.hash = `login=${token}` }", token)
    await anna.live()
    await ben.said("kept")


@pytest.mark.long
async def test_a_folder_goes_to_the_room_that_it_was_dropped_on(two, tmp_path):
    anna, page = two.anna, two.anna.page
    other = two.house.server.post("/chats/", json={"title": "Other", "members": [anna.who.id]}).json()["chat_id"]
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await anna.page.get_by_label("Message", exact=True).fill("A draft")
    await drop_folder(page, photo(tmp_path / "strand.jpg", 1, SMALL))
    await page.get_by_role("link", name="Other").click()
    await expect(page.locator("#title")).to_have_text("Other")
    await anna.live()
    await page.evaluate("walk()")
    await two.ben.pictured(1)
    await two.ben.said("")
    assert anna.who.messages(other) == []


async def drop_folder(page: Page, path: Path) -> None:
    content = await asyncio.to_thread(path.read_bytes)
    await page.evaluate(FOLDER, [base64.b64encode(content).decode(), path.name])


@pytest.mark.long
async def test_a_file_waits_as_long_as_the_server_is_away(two, tmp_path):
    anna, ben = two.anna, two.ben
    await anna.page.add_init_script(HASTY)
    await anna.page.reload()
    await anna.live()
    tries: list[str] = []

    async def away(route: Route) -> None:
        tries.append(route.request.url)
        await (route.fulfill(status=503) if len(tries) < 20 else route.continue_())

    await anna.page.route("**/chat/*/files", away)
    await anna.drop(photo(tmp_path / "strand.jpg", 1, SMALL))
    await ben.pictured(1)
    assert len(tries) == 20


@pytest.mark.long
@pytest.mark.parametrize("files", [0, 1])
async def test_what_a_room_refused_that_one_is_out_of_is_not_taken_up_again(two, tmp_path, files):
    ben, page = two.ben, two.ben.page
    names = [f"{number}.jpg" for number in range(files)]
    for path in ("**/messages", "**/chat/*/files"):
        await page.route(path, abort)
    if files:
        await say_files(ben, "late", *(photo(tmp_path / name, 1, SMALL) for name in names))
    else:
        await ben.say("late")
    await kept(page, ["late", False, *names])
    two.house.server.delete(f"/chats/{two.chat}/members/{ben.who.id}").raise_for_status()
    await page.unroute_all()
    await kept(page, ["late", True, *names])
    await expect(page.locator(".is-pending .state.message")).to_have_count(1)
    await page.reload()
    await kept(page)
    wait_for(lambda: two.anna.who.messages(two.chat) == [])
