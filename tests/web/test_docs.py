"""The API's page: drawn by Swagger UI from this machine alone, and usable with a key."""

from collections import Counter

from playwright.async_api import expect

from tests.web.visitor import visitor


async def test_api_page_shows_every_call_and_takes_a_key(browser, host, stack):
    guest = await visitor(browser)
    await guest.page.goto(f"{stack.url}/docs")
    described = await (await guest.page.request.get(f"{stack.url}/openapi.json")).json()
    groups = Counter(call["tags"][0] for path in described["paths"].values() for call in path.values())
    headings, shown = guest.page.locator("h3.opblock-tag"), guest.page.locator(".opblock")
    await expect(headings).to_have_text(list(groups))
    for place, calls in enumerate(groups.values()):
        await headings.nth(place).click()
        await expect(shown).to_have_count(calls)
        await headings.nth(place).click()
        await expect(shown).to_have_count(0)
    await guest.page.get_by_role("button", name="Authorize").first.click()
    await guest.page.get_by_label("Value").fill(stack.key)
    await (
        guest.page.get_by_role("dialog")
        .get_by_role("button", name="Apply")
        .or_(guest.page.locator(".auth-btn-wrapper button[type=submit]"))
        .first.click()
    )
    await guest.page.locator(".auth-btn-wrapper .btn-done").click()
    await headings.filter(has_text="projects").click()
    await guest.page.get_by_text("All projects, in the order of their ids").click()
    await guest.page.get_by_role("button", name="Try it out").click()
    await guest.page.get_by_role("button", name="Execute").click()
    await expect(guest.page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    guest.clean(host)
