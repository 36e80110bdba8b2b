"""What the operator's page offers is done for real: each of its buttons, and what the API says after it."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from playwright.async_api import expect

from tests.appliance.client import wait_for
from tests.appliance.settings import wait_in_force
from tests.web.board import SECONDS, address, printed
from tests.web.photos import photo
from tests.web.visitor import PATIENCE, visitor

REFUSED = r"status of 40[013]"


async def test_address_lets_in_once_and_leaves_no_code_behind(browser, stack, host):
    made = await visitor(browser)
    await made.enter(await printed(stack))
    assert made.page.url == f"{stack.url}/admin"
    await expect(made.page.locator("#verdict")).not_to_have_text("Looking …")
    await made.page.get_by_role("button", name="Sign out").click()
    await expect(made.page.locator("#door")).to_be_visible()
    await expect(made.page.locator("#board")).to_be_hidden()
    await made.page.reload()
    await expect(made.page.locator("#door")).to_be_visible()
    made.clean(host)


@pytest.mark.long
async def test_address_of_another_page_opens_nothing_here(browser, stack, host):
    opened = await asyncio.to_thread(stack.verb, "open", "--moderation", "--as", "vera")
    guest = await visitor(browser)
    await guest.page.goto(f"{stack.url}/admin#{opened.stdout.strip().split('#')[1]}")
    await expect(guest.page.get_by_role("alert")).to_contain_text("may only")
    await expect(guest.page.locator("#board")).to_be_hidden()
    used = await address(stack)
    for _ in range(2):
        await guest.page.goto("about:blank")
        await guest.page.goto(used)
    await expect(guest.page.get_by_role("alert")).to_contain_text("Each works once")
    guest.clean(host, REFUSED)


async def test_queue_is_paused_and_goes_on_and_how_many_at_once_is_set(overseer, host, tmp_path):
    row = overseer.row("lanes", "images")
    try:
        await overseer.button("Pause images").click()
        await overseer.button("Cancel").click()
        await expect(row.locator(".badge")).to_have_text("Running")
        await overseer.button("Pause images").click()
        await overseer.answer("Pause")
        await expect(row.locator(".badge")).to_have_text("Paused")
        await until_paused(overseer)
        await expect(overseer.page.locator("#findings")).to_contain_text("images", timeout=SECONDS)
        await overseer.api.upload(photo(tmp_path / "waits.jpg", 1, (300, 200)))
        await expect(row.locator("dd").first).not_to_have_text("0", timeout=SECONDS)
        for _ in range(100):  # what waits may be another one's, and this one has yet to be told of
            states = [file["state"] for file in await overseer.api.files()]
            if states != ["init"]:
                break
            await asyncio.sleep(0.1)
        assert states == ["uploaded"]
    finally:
        await overseer.button("Resume images").click()
    await expect(row.locator(".badge")).to_have_text("Running")
    await expect(row.locator("dd").first).to_have_text("0", timeout=SECONDS)
    await overseer.button("At once … in images").click()
    await overseer.answer("Set", Files_at_once="3")
    await expect(row).to_contain_text("3 a worker")
    await overseer.button("At once … in images").click()
    await overseer.answer("Set", Files_at_once="0")
    await expect(row).to_contain_text("as started")
    overseer.clean(host)


async def until_paused(overseer) -> None:
    """Waits until every process goes by it."""
    for _ in range(100):
        lanes = (await overseer.api.call("GET", "/admin/lanes"))["lanes"]
        if [lane["paused"] for lane in lanes if lane["lane"] == "images"] == [True]:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError(lanes)
    for number in (1, 2):
        await asyncio.to_thread(wait_in_force, overseer.stack, f"worker-images-{number}")


async def test_failed_file_comes_by_itself_is_tried_again_and_is_looked_up(overseer, host, tmp_path):
    page = overseer.page
    asset, name = await overseer.bad_upload(tmp_path)
    row = overseer.row("failed", name)
    await expect(row).to_be_visible(timeout=PATIENCE)
    [failed] = await overseer.api.files()
    await expect(row).to_contain_text(failed["error"]["message"])
    await expect(row).to_contain_text(failed["error"]["code"])
    await row.get_by_role("link", name=f"Its life: {name}").click()
    await expect(page.get_by_label("Id of a file")).to_have_value(asset)
    await expect(page.locator("#found .events li").first).to_contain_text("Link issued")
    await expect(page.locator("#found")).to_contain_text(f"projects/{overseer.api.id}")

    try:  # a quick worker might have it fail again before it is seen that it is gone
        await overseer.api.call("POST", "/admin/lanes/images/pause")
        await until_paused(overseer)
        await overseer.button(f"Try again {name}, {asset[-6:]}").click()
        await expect(row).to_have_count(0)
    finally:
        await overseer.api.call("POST", "/admin/lanes/images/resume")
    await expect(row).to_be_visible(timeout=PATIENCE)  # it fails again, as it must
    assert await overseer.attempts(asset, 2) == 2
    overseer.clean(host)


@pytest.mark.long
async def test_all_that_failed_for_a_reason_are_tried_again(overseer, host, tmp_path):
    page = overseer.page
    ids = [(await overseer.bad_upload(tmp_path))[0] for _ in range(2)]
    await expect(page.locator("#failed-list > li")).not_to_have_count(0, timeout=PATIENCE)
    for asset in ids:
        await expect(page.locator(f'#failed a[href="#find={asset}"]')).to_have_count(1, timeout=PATIENCE)
    code = (await overseer.api.files())[0]["error"]["code"]
    await page.get_by_label("Reason").select_option(code)
    for asset in ids:
        await expect(page.locator(f'#failed a[href="#find={asset}"]')).to_have_count(1, timeout=PATIENCE)
    await overseer.button("Try all again").click()
    await expect(overseer.dialog).to_contain_text("will go behind")
    await overseer.answer("Try all again")
    await expect(page.locator("#failed [data-notice]")).to_contain_text("tried again")
    for asset in ids:
        assert await overseer.attempts(asset, 2) == 2
    overseer.clean(host)


async def test_setting_is_changed_refused_and_taken_back(overseer, host):
    page = overseer.page
    await page.get_by_label("Find a setting").fill("webhook attempt")
    row = overseer.row("settings", "webhook_attempt_days")
    await expect(page.locator("#setting-list > li")).to_have_count(1)
    await expect(row).to_contain_text("0 to 365 days")
    before = (await overseer.api.call("GET", "/settings/webhook_attempt_days"))["value"]
    await overseer.button("Change webhook_attempt_days").click()
    await overseer.dialog.get_by_label("Value").fill("400")
    await overseer.dialog.get_by_role("button", name="Change it").click()
    await expect(overseer.dialog.get_by_role("alert")).to_contain_text("expected 0 to 365 days")
    await overseer.answer("Change it", Value="9")
    await expect(row.locator(".value")).to_have_text("9 days")
    assert (await overseer.api.call("GET", "/settings/webhook_attempt_days"))["value"] == 9
    change = page.locator("#history-list > li").first
    await expect(change).to_contain_text("webhook_attempt_days")
    await expect(change).to_contain_text("→ 9")
    await change.get_by_role("button").click()
    await overseer.answer("Take it back")
    await expect(row.locator(".value")).to_have_text(f"{before} days")
    assert (await overseer.api.call("GET", "/settings/webhook_attempt_days"))["value"] == before
    overseer.clean(host, REFUSED)


async def test_keys_of_one_name_are_revoked_by_one_button(overseer, host):
    name = f"key-of-{overseer.api.id}"
    await overseer.api.call("POST", "/admin/keys", json={"name": name})
    await overseer.button("Make a key").click()
    await overseer.answer("Make it", Name=name)  # all are read anew then
    rows = overseer.row("keys", name)
    await expect(rows).to_have_count(2)
    await expect(rows.get_by_role("button")).to_have_count(1)
    await overseer.button(f"Revoke all 2 keys {name}").click()
    await overseer.answer("Revoke")
    await expect(rows.filter(has_text="revoked")).to_have_count(2)
    await expect(rows.get_by_role("button")).to_have_count(0)
    overseer.clean(host)


async def test_key_is_made_shown_once_and_revoked(overseer, stack, host):
    page, name = overseer.page, f"key-of-{overseer.api.id}"
    await overseer.button("Make a key").click()
    await overseer.answer("Make it", Name=name)
    key = await page.get_by_label(f"The key {name}").input_value()

    def status() -> int:
        return httpx.get(f"{stack.url}/projects/", headers={"Authorization": f"Bearer {key}"}).status_code

    assert await asyncio.to_thread(status) == 200
    await overseer.button("I have it").click()
    await expect(page.get_by_label(f"The key {name}")).to_have_count(0)
    assert key not in await page.content()
    await overseer.button(f"Revoke {name}").click()
    await overseer.answer("Revoke")
    await expect(overseer.row("keys", name)).to_contain_text("revoked")
    await expect(overseer.button(f"Revoke {name}")).to_be_hidden()
    # Each process of the API remembers it for a while: the first that refuses it says nothing of the others.
    await asyncio.to_thread(wait_for, lambda: {status() for _ in range(8)} == {401})
    overseer.clean(host)


@pytest.mark.long
async def test_project_is_made_and_given_limits_that_are_given_up_again(overseer, host):
    page, project = overseer.page, f"made-{uuid4().hex[:12]}"
    await overseer.button("Make a project").click()
    await overseer.dialog.get_by_label("Name").fill("Holidays")
    await overseer.dialog.get_by_label("Id", exact=True).fill("not an id")
    await overseer.dialog.get_by_role("button", name="Make it").click()
    await expect(overseer.dialog.get_by_role("alert")).to_contain_text("1 to 64 letters")
    await overseer.answer("Make it", Id=project)
    row = overseer.row("owners", project)
    await expect(page.locator("#owner-list > li")).to_have_count(1)
    await overseer.button(f"Limits … of {project}").click()
    await overseer.answer("Set", Files="12", Bytes_of_originals="5000000")
    await expect(row).to_contain_text("0 of 12")
    await expect(row).to_contain_text("0 B of 5.0 MB")
    limits = (await overseer.api.call("GET", f"/projects/{project}/usage"))["limits"]
    assert (limits["files"], limits["bytes"]) == (12, 5_000_000)
    await overseer.button(f"Limits … of {project}").click()
    await overseer.answer("Set", Files="", Bytes_of_originals="")
    await expect(row).not_to_contain_text("of 12")
    await overseer.button(f"Limits … of {project}").click()
    await overseer.dialog.get_by_label("Files").fill("many")
    await overseer.dialog.get_by_role("button", name="Set").click()
    await expect(overseer.dialog.get_by_role("alert")).not_to_be_empty()
    overseer.clean(host, REFUSED)


@pytest.mark.long
async def test_what_is_looked_up_and_is_not_there_is_said(overseer, host):
    page = overseer.page
    await page.get_by_label("Id of a file").fill("nothing-has-this-id")
    await page.keyboard.press("Enter")
    await expect(page.locator("#found")).to_contain_text("Nothing here has the id nothing-has-this-id.")
    await page.get_by_label("Id of a file").fill(overseer.api.id)
    await page.keyboard.press("Enter")
    await expect(page.locator("#found")).to_contain_text(f"Project {overseer.api.id}")
    overseer.clean(host)
