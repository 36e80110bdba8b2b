"""Videos, documents and spreadsheets, by the page: seen early, played, read, and to be had in every version."""

import base64
import re

import pytest
from playwright.async_api import expect

from tests.processors import letters
from tests.processors.clips import FAST, clip
from tests.web.visitor import PATIENCE

MOVING = "video => [video.currentTime, video.videoWidth, video.readyState]"
PLAYED = """video => new Promise((resolve) => {
    video.addEventListener("timeupdate", () => video.currentTime > 0.3 && resolve());
})"""
DROP = """([bytes, name]) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt())], name));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
}"""


async def drop(guest, name: str, content: bytes) -> None:
    """Drops a file on the page, which is told nothing of its type."""
    await guest.page.evaluate(DROP, [base64.b64encode(content).decode(), name])


async def test_a_video_is_seen_while_it_is_made_and_then_plays(guest, host):
    page = guest.page
    # Long enough for what is seen meanwhile to be seen on a quick machine.
    await drop(guest, "waves.mp4", clip(*FAST, pattern="testsrc2=size=854x480:rate=30:duration=16"))
    tile = guest.tile("waves.mp4")
    worked_on = page.locator('.tile.is-worked-on[data-state="processing"]')
    await expect(worked_on.locator(".plate-under img")).to_be_visible(timeout=PATIENCE)
    bar = worked_on.get_by_role("progressbar")
    await expect(bar).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]\d$"))
    await expect(bar).to_have_attribute("aria-label", "waves.mp4: Developing")
    await expect(worked_on.locator(".tile-note")).to_contain_text("%")
    await tile.locator(".frame").focus()
    await page.keyboard.press("Enter")
    preview = page.locator("#viewer-stage figure video")
    await expect(preview).to_be_visible(timeout=PATIENCE)
    await expect(page.locator("#viewer-stage figcaption")).to_contain_text("The whole video is being developed")
    await expect(page.locator("#viewer-facts")).to_contain_text(re.compile(r"Developing, \d+ %"))

    await guest.done(1)
    await expect(page.locator("#viewer-stage > video")).to_be_visible()
    await expect(tile.locator(".mark")).to_have_text("0:16")
    await expect(page.locator("#viewer-facts")).to_contain_text("0:16")
    video = page.locator("#viewer-stage video")
    await page.keyboard.press("k")
    await expect(video).to_have_js_property("paused", False)
    await video.evaluate(PLAYED)
    at, width, ready = await video.evaluate(MOVING)
    assert (width, ready >= 2) == (854, True)
    await page.keyboard.press("k")
    await expect(video).to_have_js_property("paused", True)
    await page.keyboard.press("l")
    assert (await video.evaluate(MOVING))[0] > at + 8
    assert await video.evaluate("video => video.error") is None
    names = await page.locator("#viewer-versions strong").all_inner_texts()
    assert names[:2] == ["Original", "Video"]
    assert {"Preview", "Poster", "Storyboard", "Shot 1"} <= set(names)
    await page.keyboard.press("Escape")
    await expect(tile.locator(".frame")).to_be_focused()
    guest.clean(host)


async def test_a_document_shows_its_first_page_and_gives_pdf_and_text(guest, host, tmp_path):
    page = guest.page
    await drop(guest, "letter.docx", letters.docx(letters.paragraph("Hello Gr\u00fc\u00dfe")))
    await guest.done(1)
    await guest.tile("letter.docx").locator(".frame").click()
    picture = page.locator("#viewer-stage img")
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    names = await page.locator("#viewer-versions strong").all_inner_texts()
    assert names[:3] == ["Original", "PDF", "Text"]
    async with page.expect_download() as saving:
        await page.locator("#viewer-versions a", has_text="PDF").click()
    saved = await saving.value
    assert saved.suggested_filename == "letter.pdf.pdf"
    assert (await saved.path()).read_bytes().startswith(b"%PDF-")
    guest.clean(host)


@pytest.mark.long
async def test_a_spreadsheet_is_a_table_that_markup_stays_text_in(guest, host):
    page = guest.page
    rows = [["Fruit", "Price"], ["<img src=x onerror=alert(1)>", 1.5], ["Pear", 22]]
    await drop(guest, "prices.xlsx", letters.xlsx({"Prices": rows, "Empty": []}))
    await guest.done(1)
    await guest.tile("prices.xlsx").locator(".frame").click()
    table = page.get_by_role("region", name="Prices").get_by_role("table")
    await expect(table.get_by_role("columnheader")).to_have_text(["A", "B"])
    await expect(table.get_by_role("rowheader")).to_have_text(["1", "2", "3"])
    await expect(table.locator("tbody td")).to_have_text([str(cell) for row in rows for cell in row])
    await expect(page.get_by_text("Empty.")).to_be_visible()
    assert await page.locator("#viewer-stage img").count() == 0
    await page.get_by_role("region", name="Prices").focus()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#viewer-title")).to_have_text("prices.xlsx")
    guest.clean(host)


@pytest.mark.long
async def test_a_document_that_could_not_be_drawn_says_why(guest, host):
    """As on a server without the program for it. The answers are real but for that."""
    page = guest.page
    await drop(guest, "notes.txt", b"Nothing but text.")
    await guest.done(1)

    async def undrawn(route):
        answer = await route.fetch()
        told = await answer.json()
        for file in told.get("files", [told]):
            file["facts"] = {"previews": "unavailable"}
            file["versions"] = {name: file["versions"][name] for name in ("original", "text")}
        await route.fulfill(response=answer, json=told)

    await page.route(re.compile(r"/files[?/]"), undrawn)
    await page.reload()
    await guest.tile("notes.txt").locator(".frame").click()
    await expect(page.locator("#viewer-stage")).to_have_text(
        "The server has no program that draws documents: there is no picture of it."
    )
    assert await page.locator("#viewer-versions strong").all_inner_texts() == ["Original", "Text"]
    guest.clean(host)
