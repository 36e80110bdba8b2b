"""The network goes and comes back, in several ways, and nothing is missed."""

from playwright.async_api import expect

from tests.web.conftest import arrive
from tests.web.photos import photo, photos
from tests.web.relay import Relay
from tests.web.visitor import PATIENCE, visitor

LOST = r"ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|CONNECTION|EMPTY_RESPONSE)|status of 409|WebSocket connection"


async def all_of(project_of, guest):
    """The page shows exactly what the API lists."""
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        listed = sorted((image["filename"], image["state"]) for image in await project.images())
    tiles = await guest.page.locator(".tile").evaluate_all(
        "tiles => tiles.map(tile => [tile.querySelector('.tile-name').textContent, tile.dataset.state])"
    )
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
    assert len(await all_of(project_of, guest)) == 11
    guest.clean(host, LOST)


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
        assert len(await all_of(project_of, guest)) == 8
        guest.clean(host, LOST)


async def test_socket_gone_silent_is_found_and_replaced(launch, login, project_of, host, tmp_path):
    port = int(host.split(":")[1])
    async with Relay(port) as relay:
        browser = await launch(f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{relay.port}")
        guest = await arrive(await visitor(browser), await login())
        assert relay.websockets > 0
        relay.freeze()
        async with project_of(await guest.page.locator("#project").input_value()) as project:
            await project.upload(photo(tmp_path / "unheard.jpg", 1))
        await expect(guest.tiles()).to_have_count(0)
        await expect(guest.tiles("done")).to_have_count(1, timeout=PATIENCE)
        guest.clean(host, LOST)
