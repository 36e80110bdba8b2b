"""The main job, by the page: photos go in, develop before one's eyes, and stay."""

import re

import httpx
import pytest
from playwright.async_api import expect

from tests.processors.pictures import animation
from tests.web.photos import photo, photos

ANIMATION = "image => getComputedStyle(image).animationName"


async def test_five_photos_to_done(guest, project_of, host, tmp_path):
    sent = photos(tmp_path, 5)
    await guest.send(sent)
    await expect(guest.tiles()).to_have_count(5)
    await expect(guest.page.get_by_role("progressbar").first).to_be_attached()
    await guest.done(5)
    await expect(guest.page.locator("#batch-text")).to_have_text("5 of 5 files done")
    for path in sent:
        picture = guest.tile(path.name).locator("img.developed")
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert await picture.evaluate(ANIMATION) == "develop"
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        files = await project.files()
    assert sorted(file["filename"] for file in files) == [path.name for path in sent]
    assert {file["state"] for file in files} == {"done"}
    await guest.page.reload()
    await guest.done(5)
    assert await guest.page.locator("img.developed").first.evaluate(ANIMATION) == "none"
    guest.clean(host)


@pytest.mark.long
async def test_viewer_shows_every_version_with_its_size_and_a_link(guest, host, tmp_path):
    path = photo(tmp_path / "beach.jpg", 7)
    await guest.send([path])
    await guest.done(1)
    await guest.tile("beach.jpg").locator(".frame").click()
    rows = guest.page.locator("#viewer-versions a")
    await expect(rows).to_have_count(5)
    sizes = [re.search(r"(\d+) . (\d+)", text).groups() for text in await rows.all_inner_texts()]
    assert sizes[:4] == [("2000", "1500"), ("2000", "1500"), ("1440", "1080"), ("700", "525")]  # never enlarged
    assert sizes[4] in (("150", "112"), ("150", "113"))
    links = [await row.get_attribute("href") for row in await rows.all()]
    async with httpx.AsyncClient() as client:
        original = await client.get(links[0])
        assert original.content == path.read_bytes()
        assert [(await client.get(link)).status_code for link in links] == [200] * 5
    guest.clean(host)


@pytest.mark.long
async def test_small_photo_is_not_blown_up(guest, host, tmp_path):
    await guest.send([photo(tmp_path / "small.jpg", 1, (240, 160))])
    await guest.done(1)
    await guest.tile("small.jpg").locator(".frame").click()
    picture = guest.page.locator("#viewer-stage img")
    assert await picture.evaluate("image => image.decode().then(() => [image.clientWidth, image.clientHeight])") == [
        240,
        160,
    ]
    guest.clean(host)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("GIF", "The first of 12 frames"), pytest.param("TIFF", "The first of 12 pages", marks=pytest.mark.long)],
)
async def test_animation_is_told_to_be_one(guest, host, tmp_path, kind, said):
    path = tmp_path / f"moving.{kind.lower()}"
    path.write_bytes(animation(kind, 12, side=64))
    await guest.send([path])
    await guest.done(1)
    await guest.tile(path.name).locator(".frame").click()
    await expect(guest.page.locator("#viewer-facts")).to_contain_text(said)
    await guest.page.keyboard.press("Escape")
    await guest.page.reload()
    await guest.tile(path.name).locator(".frame").click()
    await expect(guest.page.locator("#viewer-facts")).to_contain_text(said)
    guest.clean(host)


@pytest.mark.long
async def test_two_hundred_photos_some_of_one_name(guest, project_of, host, tmp_path):
    files = []
    for number in range(200):
        path = photo(tmp_path / f"{number}.jpg", number, (90, 60))
        files.append({"name": f"name-{number % 150}.jpg", "mimeType": "image/jpeg", "buffer": path.read_bytes()})
    await guest.page.set_input_files("#files", files)
    await guest.done(200)
    await expect(guest.page.locator("#batch-text")).to_have_text("200 of 200 files done")
    assert await guest.tile("name-7.jpg").count() == 2
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        assert len(await project.files()) == 200
    guest.clean(host)


async def test_deleting_takes_the_button_twice_and_is_for_good(guest, project_of, host, tmp_path):
    await guest.send(photos(tmp_path, 2))
    await guest.done(2)
    await guest.tile("photo-00.jpg").locator(".frame").click()
    await guest.page.get_by_role("button", name="Delete", exact=True).click()
    await expect(guest.tiles()).to_have_count(2)
    await guest.page.get_by_role("button", name="Delete for good?").click()
    await expect(guest.page.get_by_role("dialog")).to_have_count(0)
    await expect(guest.tiles()).to_have_count(1)
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        assert [file["filename"] for file in await project.files()] == ["photo-01.jpg"]
    guest.clean(host)


@pytest.mark.long
async def test_folder_is_taken_whole_without_what_nobody_means_to_send(guest, stack, host, tmp_path):
    folder = tmp_path / "trip"
    for inner in ("day 2", ".hidden"):
        (folder / inner).mkdir(parents=True)
    photo(folder / "a.jpg", 1, (900, 600))
    photo(folder / "day 2" / "b.jpg", 2, (900, 600))
    for name in (".DS_Store", ".hidden/c.jpg", "setup.exe", "day 2/old.exe"):
        (folder / name).write_text("not meant, or not taken")
    await guest.page.set_input_files("#folder", folder)
    await guest.done(2)
    await expect(guest.tiles()).to_have_count(2)
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {stack.key}"}) as client:
        body = {"filename": "setup.exe", "project_id": await guest.page.locator("#project").input_value()}
        refused = (await client.post(f"{stack.url}/files/", json=body)).json()
    assert refused["code"] == "unsupported_kind"
    said = f"4 files were left out: {refused['detail']}: {refused['errors'][0]['message']}."
    await expect(guest.page.locator("#notice")).to_have_text(said)
    guest.clean(host, r"status of 400")


async def test_photos_are_taken_wherever_they_are_dropped(guest, host, tmp_path):
    content = list(photo(tmp_path / "dropped.jpg", 3, (600, 400)).read_bytes())
    await guest.page.evaluate(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
            for (const type of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(type, { dataTransfer: transfer, bubbles: true }));
        }""",
        content,
    )
    await guest.done(1)
    await expect(guest.page.locator("#veil")).to_be_hidden()
    guest.clean(host)


async def test_photos_of_others_appear_by_themselves(guest, project_of, host, tmp_path):
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        await project.upload(photo(tmp_path / "from-a-server.jpg", 4))
        await guest.done(1)
        await expect(guest.tile("from-a-server.jpg").locator("img.developed")).to_be_visible()
        [file] = await project.files()
        await project.call("DELETE", f"/files/{file['file_id']}")
    await expect(guest.tiles()).to_have_count(0)
    guest.clean(host)


@pytest.mark.long
async def test_older_photos_come_as_one_scrolls(guest, project_of, host):
    names = [f"slot-{number:03}.jpg" for number in range(130)]
    async with project_of(await guest.page.locator("#project").input_value()) as project:
        for name in names:
            await project.slot(name)
    await guest.page.reload()
    await guest.live()
    await expect(guest.tile(names[-1])).to_be_visible()
    assert await guest.tiles().count() < len(names)
    for _ in range(3):
        await guest.page.keyboard.press("End")
        await guest.page.wait_for_timeout(300)
    await expect(guest.tiles()).to_have_count(len(names))
    shown = await guest.page.locator(".tile-name").all_inner_texts()
    assert shown == names[::-1]
    guest.clean(host)
