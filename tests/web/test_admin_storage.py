"""Storage on the operator's page while it is healed and while it fills: all of it told by the appliance itself."""

import asyncio
import io
import re
import shutil
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
from playwright.async_api import expect

from tests.appliance import pictures
from tests.appliance.client import Project, wait_for
from tests.faults.behind import behind
from tests.stack import Stack
from tests.web.board import SECONDS

pytestmark = pytest.mark.long
OWNERS, EACH = 40, 30
DAY = "20261101"
DAYS_AGO = 3
# The same file once more, announced at another time: ids tell when.
EARLIER = """
INSERT INTO ledger.assets SELECT (jsonb_populate_record(a, jsonb_build_object('id', $2::uuid))).*
FROM ledger.assets a WHERE a.id = $1
"""

LARGE = "UPDATE ledger.blobs SET size = 3000000000 WHERE id = (SELECT blob FROM ledger.assets WHERE id = $1)"
DATE = "at => new Date(at * 1000).toLocaleDateString(undefined, { dateStyle: 'long' })"
WORDS = "([name, value]) => import('/web/admin/words.js').then((words) => words[name](value))"
HEALING = r"heal \(an operator asked for it\): ([\d.]+)%, [\d.,]+ objects a second, about (.+) left"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One of its own, whose caretaker looks twice a second, and whose drives are harmed."""
    made = Stack(DARKROOM_LOOK_SECONDS="0.5")
    try:
        made.up()
        yield made
    finally:
        made.close()


def filled(stack: Stack) -> None:
    """Small object versions of many owners, each of which is a slice of a round."""
    storage = behind(stack).storage()

    def put(number: int) -> None:
        key = f"projects/p{number % OWNERS:03}/images/{DAY}/{uuid4()}/thumb.0123456789ab.jpg"
        storage.put_object("versions", key, io.BytesIO(b"x" * 1000), 1000)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(put, range(OWNERS * EACH)))


@contextmanager
def held(stack: Stack, part: str) -> Iterator[None]:
    """The process stands still while the block runs, so that what it told last stays so."""
    stack.kill(part, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill(part, signal.SIGCONT)


async def test_how_long_healing_will_take_is_told_while_it_goes_on(overseer, stack, host):
    page, facts = overseer.page, overseer.page.locator("#storage-facts")
    await asyncio.to_thread(filled, stack)
    shutil.rmtree(stack.data / "drives/2/versions/projects")
    verb = [str(stack.checkout / "ops/heal"), "--bucket", "versions", "--json", "--data", str(stack.data)]
    healing = await asyncio.create_subprocess_exec(*verb, stdout=asyncio.subprocess.DEVNULL)
    try:
        told = await _round(overseer)
        with held(stack, "caretaker"):
            told = (await overseer.api.call("GET", "/cluster"))["round"]
            assert told["seconds_left"] > 0
            assert 0 < told["share"] < 1
            assert told["mended"] > 0
            await expect(facts).to_contain_text("heal (an operator asked for it): ", timeout=SECONDS)
            said = await facts.inner_text()
            found = re.search(HEALING, said)
            assert found, said
            assert float(found[1]) == pytest.approx(100 * told["share"], abs=0.06)
            assert found[2] == await page.evaluate(WORDS, ["durationInWords", round(told["seconds_left"])])
            await expect(page.locator("#findings")).to_contain_text("Storage is being healed", timeout=SECONDS)
        await expect(facts).to_contain_text("Nothing is being healed.", timeout=120_000)
        assert await asyncio.wait_for(healing.wait(), 60) == 0
        kept = list((stack.data / "drives/2/versions/projects").rglob("xl.meta"))
        assert len(kept) == OWNERS * EACH
    finally:
        if healing.returncode is None:
            healing.kill()
    overseer.clean(host)


async def _round(overseer) -> dict:
    """The round that is under way, once it is known how long it will take yet."""
    for _ in range(600):
        told = (await overseer.api.call("GET", "/cluster"))["round"]
        if told and told["seconds_left"]:
            return told
        await asyncio.sleep(0.05)
    raise AssertionError("no round told how long it will take")


async def test_the_day_on_which_it_is_full_is_told_by_what_came(overseer, stack, host):
    page, facts = overseer.page, overseer.page.locator("#storage-facts")
    await expect(facts).to_contain_text("Not known yet: that takes a day of uploads.", timeout=SECONDS)
    project = Project(stack)
    asset = project.upload(pictures.jpeg(2200, 1600))
    assert project.ended(asset)["state"] == "done"
    await asyncio.to_thread(_since_days, stack, UUID(asset))
    stack.kill("caretaker")  # who begins anew measures anew

    def grown() -> float | None:
        told = project.server.get("/cluster")
        growth = told.json().get("growth") if told.status_code == 200 else None
        return growth and growth["days_until_full"]

    await asyncio.to_thread(wait_for, grown, 60)
    with held(stack, "caretaker"):  # with every look there is other room
        told = await overseer.api.call("GET", "/cluster")
        days = told["growth"]["days_until_full"]
        date = await page.evaluate(DATE, told["at"] + days * 86_400)
        full = f"In {int(days):,} days, on {date}, at the growth of the last days."
        await expect(facts).to_contain_text(full, timeout=SECONDS)
        await expect(page.locator("#tiles li", has_text="Full in")).to_contain_text(f"{int(days):,} days")
    overseer.clean(host)


def _since_days(stack: Stack, asset: UUID) -> None:
    """As if another one had come some days ago, and as if both had so many bytes that it matters."""
    before = UUID(int=asset.int - ((DAYS_AGO * 86_400_000) << 80))
    behind(stack).sql(EARLIER, asset, before)
    behind(stack).sql(LARGE, asset)
