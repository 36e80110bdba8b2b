"""The network goes and comes back, in several ways, and nothing is missed."""

import asyncio
import re
import time

import pytest
from playwright.async_api import expect

from tests.web.conftest import arrive
from tests.web.photos import photo, photos
from tests.web.relay import Relay
from tests.web.visitor import PATIENCE, visitor

SILENCE = 31_000  # milliseconds, a little more than what the page bears of a socket
STALLED = 46_000  # the same of an upload
# How Chromium words it depends on the moment of the cut; what its rules or ours forbid is worded otherwise.
# 404: news of a slot that the page has given back itself.
LOST = r"net::ERR_(?!BLOCKED|CERT|ABORTED|FAILED)|status of 40[49]|WebSocket connection"


async def all_of(project_of, guest):
    """The page comes to show exactly what the API lists: a slot that was cut off may just be given back."""
    limit = time.monotonic() + 30
    while True:
        async with project_of(await guest.page.locator("#project").input_value()) as project:
            listed = sorted((file["filename"], file["state"]) for file in await project.files())
        tiles = await guest.page.locator(".tile").evaluate_all(
            "tiles => tiles.map(tile => [tile.querySelector('.tile-name').textContent, tile.dataset.state])"
        )
        if sorted(map(tuple, tiles)) == listed or time.monotonic() > limit:
            break
        await asyncio.sleep(0.2)
    assert sorted(map(tuple, tiles)) == listed
    return listed


async def test_offline_in_the_middle_of_uploads(guest, project_of, host, tmp_path):
    await guest.send(photos(tmp_path, 8))
    await expect(guest.tiles("done").first).to_be_visible(timeout=PATIENCE)
    await guest.page.context.set_offline(True)
    await expect(guest.page.locator("#status")).to_contain_text("Offline")
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        for path in photos(tmp_path, 3, first=20):
            await project.upload(path)
    await guest.page.wait_for_timeout(3000)
    await guest.page.context.set_offline(False)
    await guest.live()
    await guest.done(11)
    states = [state for _, state in await all_of(project_of, guest)]
    assert states.count("done") == 11
    assert set(states) <= {"done", "init"}, "as below, a link whose answer was cut off runs out by itself"
    guest.clean(host, LOST)


@pytest.mark.long
async def test_connections_cut_in_the_middle_of_uploads(launch, login, project_of, host, tmp_path):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        guest = await arrive(await visitor(browser), await login())
        await guest.send(photos(tmp_path, 8))
        for _ in range(3):
            await guest.page.wait_for_timeout(400)
            relay.cut()
        await guest.done(8)
        states = [state for _, state in await all_of(project_of, guest)]
        assert states.count("done") == 8
        assert set(states) <= {"done", "init"}, "a link that was given out, but cut off on its way, runs out by itself"
        guest.clean(host, LOST)


async def test_socket_gone_silent_is_found_and_replaced(launch, login, project_of, host, tmp_path):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        guest = await visitor(browser)
        await guest.page.clock.install()
        await arrive(guest, await login())
        assert relay.websockets > 0
        relay.freeze()
        async with project_of(await guest.page.locator("#project").input_value()) as project:
            await project.upload(photo(tmp_path / "unheard.jpg", 1))
        await expect(guest.tiles()).to_have_count(0)
        await guest.page.clock.fast_forward(SILENCE)
        await expect(guest.tiles("done")).to_have_count(1, timeout=PATIENCE)
        guest.clean(host, LOST)


async def hold_first(guest, path):
    """The first form never gets to storage, and nobody says so; those after it do. Gives the forms sent so far."""
    forms = []

    async def hold(route):
        forms.append(route)
        if len(forms) > 1:
            await route.continue_()

    await guest.page.route("**/originals*", hold)
    await guest.send([path])
    await expect(guest.tiles("sending")).to_have_count(1)
    return forms


@pytest.mark.long
async def test_upload_gone_silent_is_given_up_and_sent_again(browser, login, host, tmp_path):
    guest = await visitor(browser)
    await guest.page.clock.install()
    await arrive(guest, await login())
    forms = await hold_first(guest, photo(tmp_path / "silent.jpg", 1))
    await guest.page.clock.fast_forward(STALLED)
    await guest.done(1)
    assert len(forms) == 2
    guest.clean(host, LOST)


@pytest.mark.long
async def test_upload_does_not_wait_for_an_answer_when_the_network_goes(guest, host, tmp_path):
    forms = await hold_first(guest, photo(tmp_path / "offline.jpg", 1))
    await guest.page.context.set_offline(True)
    await expect(guest.tiles("waiting")).to_have_count(1)
    await guest.page.context.set_offline(False)
    await guest.done(1)
    assert len(forms) == 2
    guest.clean(host, LOST)


@pytest.mark.long
async def test_cursor_of_another_epoch_begins_anew_from_the_list(guest, project_of, host, tmp_path):
    """As after the server was restored from a backup: the numbers the page knows mean nothing any more."""
    sockets = []

    def forge(socket):
        server = socket.connect_to_server()
        real = len(sockets) > 0
        server.on_message(lambda text: socket.send(text if real else re.sub(r'("epoch":")[^"]+', r"\1another", text)))
        sockets.append(socket)

    await guest.page.route_web_socket(re.compile(r"/events\?"), forge)
    await guest.page.reload()
    await guest.live()
    await guest.send(photos(tmp_path, 2))
    await guest.done(2)
    await guest.page.context.set_offline(True)
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        gone = next(file for file in await project.files() if file["filename"] == "photo-00.jpg")
        await project.call("DELETE", f"/files/{gone['file_id']}")
        await project.upload(photo(tmp_path / "meanwhile.jpg", 9))
    await guest.page.context.set_offline(False)
    await sockets[0].close()
    await expect(guest.tile("photo-00.jpg")).to_have_count(0, timeout=PATIENCE)
    await guest.done(2)
    assert await all_of(project_of, guest) == [("meanwhile.jpg", "done"), ("photo-01.jpg", "done")]
    guest.clean(host, LOST, r"status of 410")
