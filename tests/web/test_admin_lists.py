"""The operator's lists for real: chosen from, read on page by page, changed and taken back."""

import asyncio
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.faults.behind import behind
from tests.stack import Stack
from tests.web.board import SECONDS
from tests.web.photos import photo
from tests.web.visitor import PATIENCE

pytestmark = pytest.mark.long
PAGE = 20
NO_FILM = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2" + b"and so on, as no film does" * 50
REFUSED = r"status of 40[04]"


def lose(stack: Stack, project: str) -> None:
    """Storage has no originals of a project any more."""
    storage = behind(stack).storage()
    for one in storage.list_objects("originals", f"projects/{project}/", recursive=True, include_version=True):
        storage.remove_object("originals", one.object_name, version_id=one.version_id)


async def test_failed_files_are_chosen_by_queue_and_read_page_by_page(overseer, host, tmp_path):
    page = overseer.page
    film = tmp_path / "no-film.mp4"
    await asyncio.to_thread(film.write_bytes, NO_FILM)
    medium = await overseer.api.upload(film)
    ids = [(await overseer.bad_upload(tmp_path))[0] for _ in range(PAGE + 1)]
    rows = page.locator("#failed-list > li")

    def row(asset: str):
        return page.locator(f'#failed a[href="#find={asset}"]')

    for asset in (medium, *ids):
        await expect(row(asset)).to_have_count(1, timeout=PATIENCE)
    await page.get_by_label("Queue", exact=True).select_option("media")
    await expect(row(ids[0])).to_have_count(0)
    await expect(row(medium)).to_have_count(1)
    await page.get_by_label("Queue", exact=True).select_option("images")
    await expect(row(medium)).to_have_count(0)
    await expect(rows).to_have_count(PAGE)
    [oldest] = [asset for asset in ids if await row(asset).count() == 0]  # the one that failed first comes last
    await overseer.button("Show more failed files").click()
    await expect(row(oldest)).to_have_count(1)
    overseer.clean(host)


async def test_failed_file_is_seen_by_what_was_made_of_it(overseer, stack, host, tmp_path):
    page = overseer.page
    asset = await overseer.api.upload(photo(tmp_path / "seen.jpg", 5, (600, 400)))
    for _ in range(100):
        [file] = await overseer.api.files()
        if file["state"] == "done":
            break
        await asyncio.sleep(0.2)
    await asyncio.to_thread(lose, stack, overseer.api.id)
    await asyncio.to_thread(stack.verb, "verify", "--repair", "--yes")
    failed = page.locator("#failed-list > li").filter(has=page.locator(f'a[href="#find={asset}"]'))
    await expect(failed).to_have_count(1, timeout=PATIENCE)
    await expect(failed).to_contain_text("object_missing")
    await expect(failed).to_contain_text("You can mend it.")
    picture = failed.locator(".thumb img")
    await picture.scroll_into_view_if_needed()
    await page.wait_for_function(
        "image => image.complete && image.naturalWidth > 0", arg=await picture.element_handle()
    )
    overseer.clean(host)


async def test_setting_of_yes_or_no_and_one_of_a_list_are_changed_found_and_forgotten(overseer, host):
    page = overseer.page
    search, differ = page.get_by_label("Find a setting"), page.get_by_label("Only those that differ")
    try:
        for key, value, shown, told in (
            ("samples_paused", None, "true", True),
            ("video_ladder", "360 720", "[360,720]", [360, 720]),
        ):
            await search.fill(key)
            row = overseer.row("settings", key)
            usual = await row.locator(".value").inner_text()
            await overseer.button(f"Change {key}").click()
            if value is None:
                await overseer.dialog.get_by_label("On", exact=True).check()
                await overseer.answer("Change it")
            else:
                await overseer.answer("Change it", Value=value)
            await expect(row.locator(".value")).to_have_text(shown)
            assert (await overseer.api.call("GET", f"/settings/{key}"))["value"] == told
            await search.fill("")
            await differ.check()
            await expect(row).to_have_count(1)
            await expect(overseer.row("settings", "webhook_attempt_days")).to_have_count(0)
            await overseer.button(f"Forget what was set for {key}").click()
            await overseer.answer("Forget it")
            await expect(row).to_have_count(0)
            await differ.uncheck()
            await expect(row.locator(".value")).to_have_text(usual)
            await expect(overseer.button(f"Forget what was set for {key}")).to_be_hidden()
        await search.fill("no setting is called so")
        await expect(page.get_by_text("No setting is like that.")).to_be_visible()
    finally:
        for key in ("samples_paused", "video_ladder"):
            async with asyncio.timeout(5):
                await overseer.api.call("PUT", f"/settings/{key}", json={"value": (False, [360])[key[0] == "v"]})
                await overseer.api.call("DELETE", f"/settings/{key}")
    overseer.clean(host)


async def test_older_changes_of_settings_are_shown_on_demand(overseer, host):
    page, rows = overseer.page, overseer.page.locator("#history-list > li")
    for number in range(45):
        await overseer.api.call("PUT", "/settings/webhook_attempt_days", json={"value": 20 + number % 7})
    await overseer.api.call("DELETE", "/settings/webhook_attempt_days")
    await page.reload()
    await overseer.live()
    await expect(rows).not_to_have_count(0)
    first = await rows.count()
    await overseer.button("Show older changes").click()
    await expect(rows.nth(first)).to_be_visible()
    assert await rows.count() > first
    overseer.clean(host)


async def test_owners_of_each_kind_are_found_made_and_limited(overseer, house, host):
    page, mark = overseer.page, f"many-{uuid4().hex[:8]}"
    for number in range(PAGE + 1):
        await overseer.api.call("POST", "/projects/", json={"name": "One of many", "id": f"{mark}-{number:02}"})
    await page.get_by_label("Id or name begins with").fill(mark)
    await overseer.button("Show").click()
    rows = page.locator("#owner-list > li")
    await expect(rows).to_have_count(PAGE)
    await overseer.button("Show more owners").click()
    await expect(rows).to_have_count(PAGE + 1)
    await expect(overseer.button("Show more owners")).to_be_hidden()

    await overseer.button("Make a user").click()
    await overseer.answer("Make it", Name="Ada", Id=f"{mark}-ada")
    kind = page.get_by_label("Kind", exact=True)
    assert await kind.input_value() == "users"
    await overseer.button(f"Limits … of {mark}-ada").click()
    await overseer.answer("Set", Uploads_open_at_once="3", Requests_a_minute="600")
    await expect(overseer.row("owners", f"{mark}-ada")).to_contain_text("up to 600")
    limits = (await overseer.api.call("GET", f"/users/{mark}-ada/usage"))["limits"]
    assert (limits["slots"], limits["requests"]) == (3, 600)

    chat = await asyncio.to_thread(house.chat)
    await kind.select_option("chats")
    await page.get_by_label("Id or name begins with").fill(chat)
    await overseer.button("Show").click()
    await expect(rows).to_have_count(1)
    await overseer.button(f"Limits … of {chat}").click()
    await overseer.answer("Set", Files="7")
    await expect(rows.first).to_contain_text("0 of 7")
    assert (await overseer.api.call("GET", f"/chats/{chat}/usage"))["limits"]["files"] == 7
    overseer.clean(host)


async def test_key_of_an_operator_is_made_and_copied(overseer, host):
    page, name = overseer.page, f"key-of-{overseer.api.id}"
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await overseer.button("Make a key").click()
    await overseer.dialog.get_by_label("It may do what an operator may").check()
    await overseer.answer("Make it", Name=name)
    key = await page.get_by_label(f"The key {name}").input_value()
    await overseer.button("Copy").click()
    await expect(page.locator("#spoken")).to_contain_text("Copied.", timeout=SECONDS)
    assert await page.evaluate("() => navigator.clipboard.readText()") == key
    await expect(overseer.row("keys", name).locator(".badge")).to_have_text("Admin")
    [made] = [one for one in (await overseer.api.call("GET", "/admin/keys"))["keys"] if one["name"] == name]
    assert made["admin"]
    await overseer.button(f"Revoke {name}").click()
    await overseer.answer("Revoke")
    overseer.clean(host)
