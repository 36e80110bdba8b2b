"""What the operator's page says of workers and of storage, in states that a test's appliance is seldom in."""

import pytest
from playwright.async_api import expect

from appliance.care.api import NoReport
from tests.processors.clips import clip
from tests.web.board import SECONDS
from tests.web.visitor import PATIENCE

pytestmark = pytest.mark.long
DAY = 86_400
HEALING = {
    "kind": "heal",
    "why": "drive 2 came back",
    "trouble": "",
    "looked": 4200,
    "rate": 35.0,
    "share": 0.4,
    "seconds_left": 3900.0,
}


async def test_what_a_worker_does_is_seen_while_it_does_it(overseer, host, tmp_path):
    page = overseer.page
    film = tmp_path / "a-long-film.mp4"
    film.write_bytes(clip(pattern="testsrc2=size=1280x720:rate=30:duration=20"))
    asset = await overseer.api.upload(film)
    worker = overseer.row("workers", "worker-media-1").first
    doing = worker.locator(".doing li", has_text="a-long-film.mp4")
    await expect(doing).to_be_visible(timeout=PATIENCE)
    await expect(doing.get_by_role("progressbar", name="a-long-film.mp4")).to_be_visible()
    await expect(doing).to_contain_text("%", timeout=PATIENCE)
    await expect(page.locator("#tiles li", has_text="Under way").locator("strong")).not_to_have_text("0")
    await doing.get_by_role("link", name="a-long-film.mp4").click()
    await expect(page.get_by_label("Id of a file")).to_have_value(asset)
    await overseer.api.call("DELETE", f"/files/{asset}")
    await expect(doing).to_have_count(0, timeout=PATIENCE)
    await expect(worker).to_contain_text("Nothing to do just now.", timeout=SECONDS)
    overseer.clean(host)


async def test_healing_and_the_day_on_which_it_is_full_are_told(overseer, host):
    """The answer is real but for that."""
    page = overseer.page

    async def later(route):
        answer = await route.fetch()
        report = await answer.json()
        report["drives"][1]["state"] = "away"
        report |= {"at": 20_000 * DAY, "round": HEALING, "unhealed": {"damaged": 2, "open": 0}}
        report |= {"growth": {"originals": 1e9, "versions": 1e8, "days": 7.0, "days_until_full": 12.7}}
        await route.fulfill(response=answer, json=report)

    await page.route("**/cluster", later)
    facts = page.locator("#storage-facts")
    await expect(facts).to_contain_text("In 12 days, on October 16, 2024", timeout=SECONDS)
    await expect(facts).to_contain_text("heal (drive 2 came back): 40%, 35 objects a second, about 1 h 5 min left.")
    await expect(facts).to_contain_text("2 damaged")
    await expect(facts).to_contain_text("3 of 4 well")
    await expect(page.locator("#drive-list > li[data-state=silent]")).to_have_count(1)
    await expect(page.locator("#tiles li", has_text="Full in")).to_contain_text("12 days")
    await page.unroute("**/cluster")
    await expect(facts).to_contain_text("4 of 4 well", timeout=SECONDS)
    overseer.clean(host)


async def test_storage_of_which_nobody_tells_is_said_with_what_to_do(overseer, host):
    """As where storage is of others."""
    page = overseer.page
    said = page.locator("#storage [data-notice]")
    problem = {"title": NoReport.title, "code": NoReport.code}
    await page.route("**/cluster", lambda route: route.fulfill(status=503, json=problem))
    await expect(said).to_contain_text("whether the part caretaker is well. It is tried again", timeout=SECONDS)
    await page.unroute("**/cluster")
    await expect(said).to_be_empty(timeout=SECONDS)
    overseer.clean(host, "status of 503")
