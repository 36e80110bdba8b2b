"""For everybody: by keyboard alone, on a phone, by day and by night."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.web.conftest import arrive
from tests.web.photos import photos
from tests.web.visitor import visitor

PHONE = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
SMALLEST_TARGET = 44


async def tab_to(page, selector: str) -> None:
    """Presses Tab until it is there, as a person would."""
    for _ in range(40):
        if await page.locator(f"{selector}:focus").count():
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{selector} can't be reached by Tab")


async def test_whole_way_by_keyboard(browser, login, host, tmp_path):
    guest = await visitor(browser)
    page = guest.page
    await page.goto((await login()).split("#")[0])
    await expect(page.locator("#code")).to_be_focused()
    await page.keyboard.insert_text(await login())
    await page.keyboard.press("Enter")
    await guest.live()
    await tab_to(page, "#new-project")
    await page.keyboard.press("Enter")
    await page.keyboard.insert_text("By keyboard")
    await page.keyboard.press("Enter")
    await expect(page.locator("#ask")).to_be_hidden()
    await expect(page.locator("#project option:checked")).to_contain_text("By keyboard")
    await guest.live()

    await tab_to(page, "#files")
    outline = await page.locator('label[for="files"]').evaluate("label => getComputedStyle(label).outlineStyle")
    assert outline == "solid"
    await page.keyboard.press("Enter")
    chooser = await asyncio.wait_for(guest.choosers.get(), 30)
    await chooser.set_files(photos(tmp_path, 3))
    await guest.done(3)

    await tab_to(page, ".tile:first-child .frame")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(".tile:nth-child(2) .frame")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    second = await page.locator("#viewer-title").inner_text()
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#viewer-title")).not_to_have_text(second)
    await tab_to(page, "#viewer-remove")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(guest.tiles()).to_have_count(2)
    await expect(page.locator(".frame:focus")).to_have_count(1)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.locator(".frame:focus")).to_have_count(1)
    guest.clean(host)


@pytest.mark.parametrize("scheme", [pytest.param("dark", marks=pytest.mark.long), "light"])
async def test_phone(browser, login, host, tmp_path, scheme):
    guest = await arrive(await visitor(browser, color_scheme=scheme, **PHONE), await login())
    page = guest.page
    await guest.send(photos(tmp_path, 4))
    bad = {
        "name": "a-name-without-any-space-" * 6 + ".jpg",
        "mimeType": "image/jpeg",
        "buffer": b"\xff\xd8\xff\xe0 no photo",
    }
    await page.set_input_files("#files", bad)
    await guest.done(4)
    await expect(guest.tiles("error")).to_have_count(1)
    await no_sideways_scroll(page)
    for target in await page.locator("button:visible, select:visible, label.button:visible").all():
        box = await target.bounding_box()
        assert min(box["width"], box["height"]) >= SMALLEST_TARGET, await target.inner_text()
    await guest.tiles("done").first.locator(".frame").tap()
    await expect(page.locator("#viewer-versions a")).to_have_count(5)
    await no_sideways_scroll(page)
    await page.get_by_role("button", name="Close").tap()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    guest.clean(host)


async def no_sideways_scroll(page) -> None:
    width, seen = await page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
    assert width <= seen


@pytest.mark.long
async def test_text_stands_out_from_its_ground_by_day_and_by_night(browser, login):
    for scheme in ("dark", "light"):
        guest = await visitor(browser, color_scheme=scheme)
        await guest.enter(await login())
        colours = await guest.page.evaluate(
            """() => {
                const style = getComputedStyle(document.documentElement);
                const names = ["--ink", "--quiet", "--lamp-ink", "--ground"];
                return names.map((name) => style.getPropertyValue(name).trim());
            }"""
        )
        ground = luminance(colours.pop())
        for colour in colours:
            bright, dark = sorted((luminance(colour), ground), reverse=True)
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (scheme, colour)


def luminance(colour: str) -> float:
    """WCAG 2 relative luminance of #rrggbb, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
