"""Large files by the page: in parts, gone on with after a cut and after the page was closed; by what else there is."""

import asyncio

import pytest
from playwright.async_api import Page, Request, expect

from tests.appliance.client import wait_for
from tests.appliance.sending import LARGE, large
from tests.web.conftest import arrive
from tests.web.photos import photo
from tests.web.relay import Relay
from tests.web.test_network import LOST
from tests.web.visitor import PATIENCE, visitor

PART = "**/originals/**partNumber=*"
INSECURE = "Object.defineProperty(crypto, 'subtle', { value: undefined })"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "large.jpg"
    path.write_bytes(large())
    return path


class Parts:
    """The parts that the page has sent, by their numbers, and how many of them storage has; from `stop_at` on they are
    held back.
    """

    def __init__(self, stop_at: int = 1000) -> None:
        self.sent: list[str] = []
        self.taken = 0
        self.stop_at = stop_at

    async def watch(self, page: Page) -> None:
        page.on("requestfinished", self._ended)
        await page.route(PART, self._take)

    def _ended(self, request: Request) -> None:
        self.taken += "partNumber=" in request.url and request.method == "PUT"

    async def _take(self, route) -> None:
        number = route.request.url.partition("partNumber=")[2].partition("&")[0]
        if int(number) < self.stop_at:
            self.sent.append(number)
            await route.continue_()


async def original(project_of, guest) -> dict:
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        [one] = await project.files()
    return one["versions"]["original"]


async def test_it_goes_on_with_what_is_missing_after_a_cut(launch, login, project_of, host, file):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        guest = await arrive(await visitor(browser), await login())
        parts = Parts(stop_at=4)
        await parts.watch(guest.page)
        await guest.send([file])
        tile = guest.tiles("sending")
        await expect(tile.get_by_role("progressbar")).to_have_attribute(
            "aria-valuenow", "73", timeout=PATIENCE
        )  # 3 of 5 parts
        await asyncio.to_thread(wait_for, lambda: parts.taken == 3)  # their bytes are sent before they are answered
        parts.stop_at = 1000
        relay.cut()
        await guest.page.context.set_offline(True)
        await guest.page.context.set_offline(False)
        await guest.done(1)
        # One that was on its way when the browser went offline is sent again; what had come is not.
        assert set(parts.sent) == {"1", "2", "3", "4", "5"}
        assert sorted(number for number in parts.sent if number < "4") == ["1", "2", "3"]
        assert (await original(project_of, guest))["bytes"] == LARGE
        guest.clean(host, LOST)


@pytest.mark.long
async def test_it_goes_on_when_it_is_chosen_again_after_the_page_was_closed(guest, project_of, host, file):
    guest.page.on("dialog", lambda dialog: dialog.accept())
    parts = Parts(stop_at=3)
    await parts.watch(guest.page)
    await guest.send([file])
    bar = guest.tiles("sending").get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", "48", timeout=PATIENCE)  # 2 of 5 parts
    await asyncio.to_thread(wait_for, lambda: parts.taken == 2)
    await guest.page.reload()
    await guest.live()
    await expect(guest.tiles("init")).to_have_count(1)
    parts.stop_at = 1000
    await guest.send([file])
    await guest.done(1)
    await expect(guest.tiles()).to_have_count(1)
    assert sorted(parts.sent) == ["1", "2", "3", "4", "5"]
    assert (await original(project_of, guest))["bytes"] == LARGE
    assert await guest.page.evaluate("() => localStorage.getItem('darkroom.begun')") == "{}"
    guest.clean(host, LOST)


@pytest.mark.long
async def test_without_checksums_a_form_is_used_where_the_file_fits(guest, project_of, host, file):
    parts = Parts()
    await guest.page.add_init_script(INSECURE)
    await guest.page.reload()
    await guest.live()
    await parts.watch(guest.page)
    await guest.send([file])
    await guest.done(1)
    assert parts.sent == []
    assert (await original(project_of, guest))["bytes"] == LARGE
    size = "Object.defineProperty(File.prototype, 'size', { value: 3e9 })"
    await guest.page.evaluate(f"() => {{ {size} }}")
    await guest.page.set_input_files("#files", {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"any"})
    said = "This file has 3.0 GB; by this address Darkroom takes up to 100 MB."
    await expect(guest.tile("film.mp4").locator(".trouble p")).to_contain_text(said)
    guest.clean(host)


@pytest.mark.long
async def test_through_the_server_where_storage_takes_nothing_from_browsers(guest, project_of, host, tmp_path):
    async def without_links(route):
        answer = await route.fetch()
        await route.fulfill(response=answer, json={**await answer.json(), "upload_link": None, "params": None})

    await guest.page.route("**/files/", without_links)
    path = photo(tmp_path / "through.jpg", 3)
    async with guest.page.expect_request("**/content") as asked:
        await guest.send([path])
    assert (await asked.value).method == "PUT"
    await guest.done(1)
    assert (await original(project_of, guest))["bytes"] == path.stat().st_size
    guest.clean(host)
