"""The operator's page for everybody: by keyboard alone, read out, on a phone, by day and by night."""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect

from tests.web.board import address, board
from tests.web.test_access import PHONE, SMALLEST_TARGET, luminance, no_sideways_scroll, tab_to
from tests.web.visitor import visitor

NAMED = {
    *("button", "link", "textbox", "checkbox", "radio", "combobox", "slider", "progressbar", "meter", "spinbutton"),
    *("searchbox", "image", "region", "navigation", "dialog", "form", "search", "LabelText", "listbox"),
}
PROSE = ("form", "search", "LabelText")  # which say what they are by what is in them
TWICE = """() => {
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    return ids.filter((id, at) => ids.indexOf(id) !== at);
}"""
COLOURS = """(names) => {
    const style = getComputedStyle(document.documentElement);
    return names.map((name) => style.getPropertyValue(name).trim());
}"""
SIZES = """(targets) => targets.map((target) => {
    const { width, height } = target.getBoundingClientRect();
    return [Math.round(Math.min(width, height) * 100) / 100, target.innerText];
})"""
TEXTS, MARKS = ("--ink", "--quiet", "--lamp-ink", "--watch", "--well"), [f"--mark-{number}" for number in range(6)]


async def tree(page) -> list[dict]:
    """What Chromium tells a screen reader: role and name of all that is not left out."""
    session = await page.context.new_cdp_session(page)
    nodes = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    return [
        {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
        for node in nodes
        if not node["ignored"]
    ]


async def test_everything_one_can_use_has_a_name_of_its_own(overseer, host, tmp_path):
    page = overseer.page
    _, name = await overseer.bad_upload(tmp_path)
    await expect(overseer.row("failed", name)).to_be_visible(timeout=60_000)
    await expect(page.locator("#setting-list > li")).not_to_have_count(0)
    await expect(page.locator("#drive-list > li")).to_have_count(4)
    nodes = await tree(page)
    nameless = [node for node in nodes if node["role"] in NAMED and node["role"] not in PROSE and not node["name"]]
    assert not nameless, nameless
    buttons = [node["name"] for node in nodes if node["role"] == "button"]
    alike = [name for name, count in Counter(buttons).items() if count > 1]
    assert not alike, "buttons that are read out alike"
    assert await page.evaluate(TWICE) == []
    headings = [node["name"] for node in nodes if node["role"] == "heading"]
    assert {"Queues", "Failed files", "Workers", "Storage", "Over time", "Settings", "Owners", "Keys"} <= set(headings)
    regions = {node["name"] for node in nodes if node["role"] == "region"}
    assert {"Queues", "Failed files", "Workers", "Storage", "Over time", "Look up", "Settings"} <= regions
    overseer.clean(host)


async def test_chart_is_read_by_keyboard_and_as_a_table_and_its_range_is_chosen(overseer, host):
    page, asked = overseer.page, []
    page.on("request", lambda one: "/admin/samples?" in one.url and asked.append(one.url))
    await expect(page.locator(".chart")).not_to_have_count(0)
    await page.get_by_role("radio", name="The last day").focus()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("radio", name="The last 6 hours")).to_be_checked()
    await page.wait_for_function("() => document.querySelector('#figures').getAttribute('aria-busy') === null")
    asked_for = parse_qs(urlsplit(asked[-1]).query)
    begins, ends = (datetime.fromisoformat(asked_for[name][0]) for name in ("from", "to"))
    assert ends - begins == timedelta(hours=6)
    chart = page.locator(".chart", has=page.get_by_role("heading", name="Room on the drives"))
    plot = chart.get_by_role("slider")
    await expect(plot).to_be_visible(timeout=90_000)  # the first sample is taken within a minute
    await plot.focus()
    last = await plot.get_attribute("aria-valuetext")
    assert "Free" in last
    assert "unknown" not in last
    await page.keyboard.press("ArrowLeft")
    before = await plot.get_attribute("aria-valuetext")
    assert before != last
    await page.keyboard.press("Home")
    assert await plot.get_attribute("aria-valuenow") == "0"
    await page.keyboard.press("End")
    await chart.get_by_text("As a table").click()
    await expect(chart.get_by_role("columnheader", name="Free")).to_be_visible()
    rows = await chart.get_by_role("row").count()
    assert rows == int(await plot.get_attribute("aria-valuemax")) + 2
    overseer.clean(host)


async def test_question_that_is_asked_at_once_after_another_is_whole(overseer, host):
    """As by who is quick at the keyboard: that a dialog was closed is told to the page a moment later."""
    many = overseer.button("At once … in images")
    await many.click()
    await expect(overseer.dialog).to_be_visible()
    button = await many.element_handle()
    await overseer.page.evaluate("(button) => { document.querySelector('dialog').close(); button.click(); }", button)
    await asyncio.sleep(0.5)
    await expect(overseer.page.get_by_label("Files at once")).to_be_focused()
    await overseer.answer("Set", Files_at_once="0")
    overseer.clean(host)


async def test_whole_way_by_keyboard(browser, stack, host):
    guest = await visitor(browser)
    page = guest.page
    await page.goto(f"{stack.url}/admin")
    await expect(page.locator("#code")).to_be_focused()
    await page.keyboard.insert_text(await address(stack))
    await page.keyboard.press("Enter")
    await guest.live()
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await tab_to(page, '.index a[href="#lanes"]')
    await page.keyboard.press("Enter")
    await expect(page.locator("#lanes-title")).to_be_in_viewport()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Pause images")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()  # a key pressed twice does nothing wide
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="Pause images")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Files at once")).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text("2")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("#lanes")).to_contain_text("2 a worker")
    await expect(page.get_by_role("button", name="At once … in images")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Files at once")).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text("0")
    await page.keyboard.press("Enter")
    await expect(page.locator("#lanes")).not_to_contain_text("2 a worker")
    guest.clean(host)


@pytest.mark.parametrize("scheme", [pytest.param("dark", marks=pytest.mark.long), "light"])
async def test_phone(browser, stack, host, tmp_path, scheme):
    made = await board(browser, stack, color_scheme=scheme, **PHONE)
    page = made.page
    _, name = await made.bad_upload(tmp_path, f"{scheme}-" + "a-name-without-any-space-" * 6 + ".jpg")
    await expect(made.row("failed", name)).to_be_visible(timeout=60_000)
    await expect(page.locator("#setting-list > li")).not_to_have_count(0)
    await no_sideways_scroll(page)
    targets = page.locator("button:visible, select:visible, .button:visible, .index a:visible")
    # At one moment: a finding that goes takes its own away.
    sizes = await targets.evaluate_all(SIZES)
    assert sizes
    assert not [size for size in sizes if size[0] < SMALLEST_TARGET]
    await made.row("failed", name).first.get_by_role("link").tap()
    await expect(page.locator("#found .events li")).not_to_have_count(0)
    await no_sideways_scroll(page)
    await made.button("Make a key").tap()
    await expect(made.dialog).to_be_visible()
    await no_sideways_scroll(page)
    made.clean(host)


async def test_text_and_lines_stand_out_by_day_and_by_night(browser, stack, host):
    """4.5 for text, 3 for what is drawn: https://www.w3.org/TR/WCAG22/#contrast-minimum and #non-text-contrast."""
    guest = await visitor(browser)
    await guest.page.goto(f"{stack.url}/admin")
    for scheme in ("dark", "light"):
        await guest.page.emulate_media(color_scheme=scheme)
        grounds = await guest.page.evaluate(COLOURS, ["--ground", "--raised"])
        for names, least in ((TEXTS, 4.5), (MARKS, 3.0)):
            for name, colour in zip(names, await guest.page.evaluate(COLOURS, list(names)), strict=True):
                for ground in grounds:
                    bright, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
                    assert (bright + 0.05) / (dark + 0.05) >= least, (scheme, name, ground)
    guest.clean(host)


@pytest.mark.long
async def test_nothing_moves_for_whom_it_must_not(browser, stack):
    made = await board(browser, stack, reduced_motion="reduce")
    await asyncio.sleep(1)
    moving = await made.page.evaluate("() => document.getAnimations().length")
    assert moving == 0
