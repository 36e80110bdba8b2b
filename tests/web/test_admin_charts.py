"""The charts by themselves, in the browser they are drawn by: round ticks, honest gaps, figures as they came."""

import re

import pytest
from playwright.async_api import expect

from tests.web.conftest import in_one_loop
from tests.web.visitor import Visitor, visitor

TICKS = "([most, count, unit]) => import('/web/admin/ticks.js').then(({ valueTicks }) => valueTicks(most, count, unit))"
TIMES = "([from, to, count]) => import('/web/admin/ticks.js').then(({ timeTicks }) => timeTicks(from, to, count))"
WORDS = "([name, value]) => import('/web/admin/words.js').then((words) => words[name](value))"
FIGURES = "([answer, how]) => import('/web/admin/figures.js').then(({ figuresOf }) => figuresOf(answer, how))"
DRAWN = """async ([title, kind, figures]) => {
    const { Chart } = await import("/web/admin/chart.js");
    document.body.replaceChildren();
    const chart = new Chart(title, { kind });
    document.body.append(chart.root);
    chart.show(figures);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
HOUR = 3600
NONE = "\N{EN DASH}"
NOON = 1_795_780_800  # 2026-11-27 12:00 UTC


@in_one_loop
async def easel(browser, stack) -> Visitor:
    """A page of ours on which nothing else is drawn."""
    made = await visitor(browser, timezone_id="Europe/Berlin", locale="en-GB")
    await made.page.goto(f"{stack.url}/web/admin/index.html")
    await made.page.add_style_tag(url="/web/admin/chart.css")
    return made


async def test_lines_lie_at_round_figures_and_moments(easel, host):
    evaluate = easel.page.evaluate
    for most, unit in [*((most, "") for most in (0, 0.004, 7, 1284, 9.9e12)), (75, "seconds"), (5000, "seconds")]:
        ticks = await evaluate(TICKS, [most, 3, unit])
        assert ticks[0] == 0
        assert ticks[-1] >= most
        assert 2 <= len(ticks) <= 6
        assert ticks[-2] < most or most == 0, "no room is lost above"
    assert await evaluate(TICKS, [75, 3, "seconds"]) == [0, 30, 60, 90]
    assert await evaluate(TICKS, [1, 3, "count"]) == [0, 1]
    assert await evaluate(TICKS, [1284, 3, ""]) == [0, 500, 1000, 1500]
    found = await evaluate(TIMES, [NOON - 24 * HOUR, NOON, 6])
    assert found["step"] == 6 * HOUR
    assert all((tick + HOUR) % (6 * HOUR) == 0 for tick in found["ticks"]), "of the day there, which is an hour ahead"


async def test_what_is_not_known_is_a_gap_and_no_zero(easel, host):
    page = easel.page
    values = [1, 2, None, None, 3, 4, None, 5]
    figures = {"from": NOON, "step": 60, "unit": "count", "series": [{"name": "Images", "values": values}]}
    await page.evaluate(DRAWN, ["Waiting", "line", figures])
    await expect(page.locator("polyline.stroke")).to_have_count(2)
    await expect(page.locator(".mark circle")).to_have_count(1)  # the last, which stands alone
    plot = page.get_by_role("slider", name="Waiting, moment")
    await plot.focus()
    assert (await plot.get_attribute("aria-valuetext")).endswith("Images 5")
    await page.keyboard.press("ArrowLeft")
    assert (await plot.get_attribute("aria-valuetext")).endswith("Images unknown")
    await page.get_by_text("As a table").click()
    cells = await page.locator("tbody td").all_inner_texts()
    assert cells == ["5", NONE, "4", "3", NONE, NONE, "2", "1"]
    await page.evaluate(DRAWN, ["Waiting", "line", {**figures, "series": [{"name": "Images", "values": [None, None]}]}])
    await expect(page.get_by_text("No figures of this time.")).to_be_visible()
    await expect(page.get_by_role("slider")).to_be_hidden()
    easel.clean(host)


@pytest.mark.parametrize("kind", [pytest.param("area", marks=pytest.mark.long), "bars"])
async def test_stacked_figures_add_up(easel, host, kind):
    page = easel.page
    series = [{"name": "Images", "values": [2, 2]}, {"name": "Media", "values": [4, 4]}]
    await page.evaluate(DRAWN, ["Done", kind, {"from": NOON, "step": 60, "unit": "count", "series": series}])
    heights = []
    for number in range(2):
        box = await page.locator(f".mark-{number} .fill").first.bounding_box()
        heights.append(box["height"])
    assert heights[1] == pytest.approx(2 * heights[0], abs=2)
    await expect(page.locator(".tick", has_text=re.compile("^6$"))).to_have_count(1)
    easel.clean(host)


@pytest.mark.long
async def test_what_is_rare_is_told_by_the_minute(easel):
    answer = {"from": "2026-11-27T12:00:00Z", "step_seconds": 60, "unit": "per_second"}
    damaged, others = {"code": "damaged", "of": "p95"}, {"labels": {}, "values": [None, 0, 0]}
    lines = [{"labels": damaged, "values": [None, 0.5, 0.25]}, others]
    figures = await easel.page.evaluate(FIGURES, [{**answer, "series": lines}, {"only": {"of": "p95"}}])
    assert (figures["from"], figures["step"], figures["unit"]) == (NOON, 60, "per_minute")
    assert figures["series"] == [{"name": "Damaged", "values": [None, 30, 15]}]
    lines[0]["values"] = [None, 2, 0.25]
    figures = await easel.page.evaluate(FIGURES, [{**answer, "series": lines}, {}])
    assert (figures["unit"], figures["series"][0]["values"]) == ("per_second", [None, 2, 0.25])
    assert [line["name"] for line in figures["series"]] == ["Damaged, P95", "All"]


@pytest.mark.long
async def test_figures_are_written_as_a_person_says_them(easel, host):
    said = [
        *[("durationInWords", seconds) for seconds in (0, 0.12, 5, 75, 3600, 100_000)],
        *[("numberInWords", number) for number in (0, 1284, 0.01234, 12.345)],
        *[("bytesInWords", size) for size in (0, 999, 4_200_000, 3e15)],
        ("labelOf", "decode_failed"),
    ]
    words = [await easel.page.evaluate(WORDS, list(one)) for one in said]
    assert words[:6] == ["0 s", "120 ms", "5 s", "1 min 15 s", "1 h", "1 d 4 h"]
    assert words[6:10] == ["0", "1,284", "0.0123", "12.3"]
    assert words[10:] == ["0 B", "999 B", "4.2 MB", "3,000 TB", "Decode failed"]
    easel.clean(host)


@pytest.mark.long
async def test_pointer_reads_a_moment_and_leaves_it_again(easel, host):
    page = easel.page
    figures = {"from": NOON, "step": 60, "unit": "count", "series": [{"name": "Images", "values": [1, 2, 3, 4, 5]}]}
    await page.evaluate(DRAWN, ["Waiting", "line", figures])
    plot = page.get_by_role("slider", name="Waiting, moment")
    box = await plot.bounding_box()
    await page.mouse.move(box["x"] + box["width"] - 10, box["y"] + 40)
    await expect(plot).to_have_attribute("aria-valuenow", "4")
    await page.mouse.move(box["x"] + 20, box["y"] + 40)
    await expect(plot).to_have_attribute("aria-valuenow", "0")
    await expect(page.locator(".cursor")).to_have_count(1)
    await expect(page.locator(".legend")).to_contain_text("1")
    await page.mouse.move(box["x"] + 20, box["y"] + box["height"] + 200)
    await expect(page.locator(".cursor")).to_have_count(0)
    await expect(page.locator(".chart-when")).to_contain_text("Latest")
    easel.clean(host)
