"""Where the operator's page leads to: each of its links, and what is found where it ends."""

import asyncio

import pytest
from playwright.async_api import Locator, expect

from tests.web.board import SECONDS
from tests.web.photos import photo

INDEX = {
    "At a glance": "glance",
    "Queues": "lanes",
    "Failed files": "failed",
    "Workers": "workers",
    "Storage": "storage",
    "Over time": "figures",
    "Library": "library",
    "Look up": "search",
    "Settings": "settings",
    "Owners": "owners",
    "Keys": "keys",
}
TILES = {
    "Waiting": "lanes",
    "Under way": "lanes",
    "Failed": "failed",
    "Workers": "workers",
    "Drives to spare": "storage",
    "Free": "storage",
}


async def leads_to(overseer, link: Locator, section: str) -> None:
    await overseer.page.evaluate("() => scrollTo(0, document.body.scrollHeight / 2)")
    await link.click()
    await expect(overseer.page.locator(f"#{section} h2").first).to_be_in_viewport()
    assert overseer.page.url.endswith(f"#{section}")


async def test_every_link_leads_where_it_says(overseer, host):
    page = overseer.page
    index = page.get_by_role("navigation", name="Sections").get_by_role("link")
    assert await index.all_inner_texts() == list(INDEX)
    for name, section in INDEX.items():
        await leads_to(overseer, index.filter(has_text=name), section)
    tiles = page.locator("#tiles li")
    await expect(tiles).not_to_have_count(0)
    for name, section in TILES.items():
        tile = tiles.filter(has=page.get_by_text(name, exact=True))
        await expect(tile).to_have_count(1, timeout=SECONDS)
        await leads_to(overseer, tile.get_by_role("link"), section)
    try:
        await overseer.api.call("POST", "/admin/lanes/media/pause")
        finding = page.locator("#findings li", has_text="The lane media is paused by hand")
        await expect(finding).to_be_visible(timeout=SECONDS)
        await expect(finding.locator("code")).to_have_text("./ops/settings set media_paused false")
        await leads_to(overseer, finding.get_by_role("link", name="Show: The lane media is paused"), "lanes")
    finally:
        await overseer.api.call("POST", "/admin/lanes/media/resume")
    skip = page.locator(".skip")
    await skip.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#verdict")).to_be_in_viewport()
    await page.keyboard.press("Tab")
    assert await page.evaluate("() => document.querySelector('#glance').contains(document.activeElement)")
    overseer.clean(host)
    await page.get_by_role("link", name="How to use it from code").click()
    await expect(page).to_have_url(f"{overseer.stack.url}/docs")


@pytest.mark.long
async def test_what_a_worker_did_last_leads_to_its_life(overseer, host, tmp_path):
    page = overseer.page
    asset = await overseer.api.upload(photo(tmp_path / "seen.jpg", 3, (300, 200)))
    last = page.locator(f'#worker-list a[href="#find={asset}"]').first
    await expect(last).to_contain_text("done in", timeout=SECONDS * 2)
    await last.click()
    await expect(page.get_by_label("Id of a file")).to_have_value(asset)
    await expect(page.locator("#found")).to_contain_text("Attempt ended", timeout=SECONDS)
    overseer.clean(host)


@pytest.mark.long
async def test_whatever_has_an_id_is_looked_up(overseer, host):
    page, project = overseer.page, overseer.api.id
    await overseer.api.call("POST", "/users/", json={"name": "Ada", "id": f"ada-{project}"})
    await overseer.api.call("POST", "/admin/keys", json={"name": f"key-{project}"})
    await overseer.api.call("POST", "/admin/keys/revoke", json={"name": f"key-{project}"})
    for asked, title, state in (
        (f"ada-{project}", "User Ada", ""),
        (f"key-{project}", "Key server", "revoked"),
        ("worker-images-1", "Worker", "alive"),
        ("images_paused", "Setting no photo is begun with", ""),
        (project, f"Project {project}", ""),
    ):
        await page.get_by_label("Id of a file").fill(asked)
        await page.get_by_role("button", name="Look up").click()
        found = page.locator("#found .lines > li", has=page.get_by_role("heading", name=title))
        await expect(found).to_have_count(1, timeout=SECONDS)
        if state:
            await expect(found.locator(".badge")).to_have_text(state)
    await page.get_by_label("Id of a file").fill(f"key-{project}")
    logged = page.locator("#found .log li", has_text="key revoked")
    for _ in range(10):  # each process hands its lines on with its beat, some seconds later
        await page.get_by_role("button", name="Look up").click()
        await asyncio.sleep(1)
        if await logged.count():
            break
    await expect(logged).to_have_count(1)
    await expect(logged.locator("code")).to_contain_text("by=tests")
    overseer.clean(host)
