"""What goes wrong is told in plain words, harms nothing else, and can be put right."""

import pytest
from playwright.async_api import expect

from tests.web.photos import photo
from tests.web.visitor import PATIENCE, visitor

NO_PHOTO = b"\xff\xd8\xff\xe0 and so on, as no photo does" * 50  # text would be taken, whatever it is called
MARKUP = ("{", "}", "<", "Traceback")


async def test_bad_file_among_good_ones(guest, project_of, host, tmp_path):
    bad = tmp_path / "holiday.jpg"
    bad.write_bytes(NO_PHOTO)
    await guest.send([photo(tmp_path / "one.jpg", 1), bad, photo(tmp_path / "two.jpg", 2)])
    await guest.done(2)
    await expect(guest.tiles("error")).to_have_count(1)
    words = await guest.tile("holiday.jpg").locator(".trouble p").inner_text()
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        [failed] = [file for file in await project.files() if file["state"] == "error"]
    assert words == failed["error"]["message"]
    assert not any(mark in words for mark in MARKUP)
    await expect(guest.page.locator("#batch-text")).to_have_text("2 of 3 files done, 1 failed")

    async with guest.page.expect_response("**/retry"):  # else it may be removed first, and there is nothing to retry
        await guest.page.get_by_role("button", name="Try again holiday.jpg").click()
    await expect(guest.tile("holiday.jpg").locator(".trouble p")).to_have_text(words)
    await guest.page.get_by_role("button", name="Remove holiday.jpg").click()
    await expect(guest.tiles()).to_have_count(2)
    guest.clean(host)


async def test_empty_file_and_too_long_a_name_are_told_without_sending(guest, host, tmp_path):
    (tmp_path / "empty.jpg").touch()
    await guest.send([tmp_path / "empty.jpg"])
    await expect(guest.tile("empty.jpg").locator(".trouble p")).to_have_text("This file is empty.")
    name = "ü" * 200 + ".jpg"
    await guest.page.set_input_files(
        "#files", {"name": name, "mimeType": "image/jpeg", "buffer": b"\xff\xd8 and so on"}
    )
    words = guest.tile(name).locator(".trouble p")
    await expect(words).to_contain_text("The file name is not valid")
    await expect(words).to_contain_text("255 bytes")
    guest.clean(host, r"status of 400")


@pytest.mark.long
async def test_upload_that_storage_refuses_is_tried_again_by_a_fresh_link(guest, host, tmp_path):
    refusals = []

    async def refuse_once(route):
        refusals.append(route.request.url)
        if len(refusals) == 1:
            await route.fulfill(status=503, body="<Error><Code>SlowDownWrite</Code></Error>")
        else:
            await route.continue_()

    await guest.page.route("**/originals*", refuse_once)
    await guest.send([photo(tmp_path / "again.jpg", 5)])
    await guest.done(1)
    await expect(guest.tiles()).to_have_count(1)
    assert len(refusals) == 2
    guest.clean(host, r"status of (503|409)")


async def test_reload_in_the_middle_keeps_what_arrived_and_says_what_did_not(guest, project_of, host, tmp_path):
    """The browser's own question is answered with yes; what was cut off can be sent again, or removed."""
    guest.page.on("dialog", lambda dialog: dialog.accept())
    sent = [photo(tmp_path / f"{number}.jpg", number, (900, 600)) for number in range(3)]
    await guest.send(sent[:2])
    await guest.done(2)
    await guest.page.route("**/originals*", lambda _: None)
    await guest.send(sent[2:])
    await expect(guest.tiles("sending")).to_have_count(1)
    await guest.page.reload()
    await guest.live()
    await expect(guest.tiles("done")).to_have_count(2)
    await expect(guest.tile("2.jpg").locator(".tile-note")).to_have_text("Waiting for its upload")
    await guest.page.unroute("**/originals*")
    await guest.send(sent[2:])
    await guest.done(3)
    await guest.tiles("init").locator(".frame").click()
    await guest.page.get_by_role("button", name="Delete", exact=True).click()
    await guest.page.get_by_role("button", name="Delete for good?").click()
    await expect(guest.tiles()).to_have_count(3)
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        assert [file["state"] for file in await project.files()] == ["done"] * 3
    guest.clean(host)


@pytest.mark.long
async def test_what_fails_in_the_viewer_is_said_there(guest, host, tmp_path):
    """The rest of the page lies behind it."""
    page = guest.page
    (tmp_path / "no-photo.jpg").write_bytes(NO_PHOTO)
    await guest.send([tmp_path / "no-photo.jpg"])
    await expect(guest.tiles("error")).to_have_count(1)
    await page.route("**/files/*", lambda route: route.fulfill(status=503))
    await page.route("**/files/*/retry", lambda route: route.abort())
    await guest.tile("no-photo.jpg").locator(".frame").click()
    said = page.locator("#viewer-message")
    await page.get_by_role("dialog").get_by_role("button", name="Try again").click()
    await expect(said).to_have_text("Darkroom can't be reached just now.")
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("button", name="Delete for good?").click()
    await expect(said).to_have_text("Darkroom is busy or a part of it is starting.")
    await page.unroute("**/files/*")
    await page.get_by_role("button", name="Delete for good?").click()
    await expect(guest.tiles()).to_have_count(0)
    guest.clean(host, r"status of 503|ERR_FAILED")


@pytest.mark.long
async def test_trying_again_is_offered_only_where_there_is_something_to_try(guest, project_of, host):
    """A slot that ran out holds nothing that could be developed. The answer is real but for its state."""

    async def run_out(route):
        answer = await route.fetch()
        page = await answer.json()
        for file in page.get("files", []):
            file.update(state="error", error={"code": "upload_expired", "message": "It never came."})
        await route.fulfill(response=answer, json=page)

    async with project_of(await guest.page.locator("#project").input_value()) as project:
        await project.slot("late.jpg")
    await guest.page.route("**/projects/*/files?*", run_out)
    await guest.page.reload()
    await expect(guest.tile("late.jpg").locator(".trouble p")).to_contain_text("never arrived")
    assert await guest.tile("late.jpg").get_by_role("button").all_inner_texts() == ["", "Remove"]
    await guest.page.get_by_role("button", name="Remove late.jpg").click()
    await expect(guest.tiles()).to_have_count(0)
    guest.clean(host)


async def test_page_opened_by_an_address_that_is_not_known_says_so(launch, login):
    guest = await visitor(await launch("--host-resolver-rules=MAP photos.lan 127.0.0.1"))
    await guest.page.goto((await login()).replace("127.0.0.1", "photos.lan"))
    await expect(guest.page.locator("#notice")).to_contain_text(
        "doesn't know this page by the address", timeout=PATIENCE
    )
