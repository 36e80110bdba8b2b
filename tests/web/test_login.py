"""The way in: one code, once, and never left in the address bar."""

import pytest
from playwright.async_api import expect

from appliance.accounts.service import LOGIN_SECONDS
from tests.web.visitor import visitor

REFUSED = r"status of 401"


async def test_code_leaves_the_address_bar_and_the_history(browser, login, host, stack):
    guest = await visitor(browser)
    await guest.enter(await login())
    assert guest.page.url == f"{stack.url}/"
    assert await guest.page.evaluate("() => history.length") == 2  # the empty page before it, and this one
    await expect(guest.page.locator("#project")).to_have_value("demo")
    await guest.page.reload()
    await guest.live()
    guest.clean(host)


async def test_code_is_refused_the_second_time_in_plain_words(browser, login, host):
    address = await login()
    await (await visitor(browser)).enter(address)
    late = await visitor(browser)
    await late.page.goto(address)
    await expect(late.page.get_by_role("alert")).to_contain_text("Each works once")
    await expect(late.page.locator("#room")).to_be_hidden()
    assert "login=" not in late.page.url
    await late.page.get_by_label("Login address or code").fill(await login())
    await late.page.get_by_role("button", name="Open").click()
    await late.live()
    late.clean(host, REFUSED)


async def test_what_is_no_login_address_is_told_without_asking_the_server(browser, host, stack):
    guest = await visitor(browser)
    await guest.page.goto(stack.url)
    await guest.page.get_by_label("Login address or code").fill("what is this?")
    await guest.page.keyboard.press("Enter")
    await expect(guest.page.get_by_role("alert")).to_contain_text("doesn't look like a login address")
    guest.clean(host)


async def test_door_says_how_long_a_login_address_is_good_for(browser, host, stack):
    guest = await visitor(browser)
    await guest.page.goto(stack.url)
    await expect(guest.page.locator("#login-help")).to_contain_text(f"within {LOGIN_SECONDS // 60} minutes")
    guest.clean(host)


@pytest.mark.long
async def test_two_presses_are_one_login(browser, login, host, stack):
    guest = await visitor(browser)
    await guest.page.goto(stack.url)
    await guest.page.get_by_label("Login address or code").fill(await login())
    await guest.page.locator("#login").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
    await guest.live()
    await guest.page.wait_for_timeout(500)
    await expect(guest.page.locator("#door")).to_be_hidden()
    guest.clean(host)


@pytest.mark.long
async def test_two_presses_make_one_project(guest, host):
    await guest.page.get_by_role("button", name="New").click()
    await guest.page.get_by_label("Name").fill("only once")
    await guest.page.locator("#ask-form").evaluate("form => { form.requestSubmit(); form.requestSubmit(); }")
    await expect(guest.page.get_by_role("dialog")).to_have_count(0)
    await guest.page.reload()
    await guest.live()
    named = await guest.page.locator("#project option").all_inner_texts()
    assert len([text for text in named if text.startswith("only once")]) == 1
    guest.clean(host)


async def test_login_that_ended_leads_back_to_the_door_from_wherever_one_was(guest, login, host):
    """A dialog left open would lie over the door and keep it from being used."""
    project = await guest.page.locator("#project").input_value()
    await guest.page.evaluate("() => sessionStorage.setItem('darkroom.operator', 'ended')")
    await guest.page.get_by_role("button", name="New").click()
    await guest.page.get_by_label("Name").fill("too late")
    await guest.page.get_by_role("button", name="Make it").click()
    await expect(guest.page.get_by_role("alert")).to_contain_text("Your login has ended")
    await expect(guest.page.get_by_role("dialog")).to_have_count(0)
    await guest.page.get_by_label("Login address or code").fill(await login())
    await guest.page.get_by_role("button", name="Open").click()
    await guest.live()
    assert await guest.page.locator("#project").input_value() == project
    guest.clean(host, REFUSED)


@pytest.mark.long
async def test_signing_out_ends_it_also_for_a_reload(browser, login, host):
    guest = await visitor(browser)
    await guest.enter(await login())
    await guest.page.get_by_role("button", name="Sign out").click()
    await expect(guest.page.locator("#door")).to_be_visible()
    await guest.page.reload()
    await expect(guest.page.locator("#door")).to_be_visible()
    guest.clean(host)


@pytest.mark.long
async def test_signing_out_while_darkroom_is_away_stays_signed_out(browser, login, host):
    guest = await visitor(browser)
    await guest.page.clock.install()
    await guest.page.route("**/projects/?*", lambda route: route.fulfill(status=503))
    await guest.page.goto(await login())
    await expect(guest.page.locator("#notice")).to_contain_text("It will be tried again.")
    await guest.page.get_by_role("button", name="Sign out").click()
    await guest.page.clock.fast_forward(10_000)
    await expect(guest.page.locator("#door")).to_be_visible()
    await expect(guest.page.locator("#room")).to_be_hidden()
    guest.clean(host, r"status of 503")


async def test_policy_allows_this_origin_alone_and_nothing_inline(guest, stack):
    response = await guest.page.request.get(stack.url)
    policy = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";") if part)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    # Some browsers take 'self' for http alone, so the websocket's address may stand beside it.
    socket = stack.url.replace("http", "ws", 1)
    assert set(policy["connect-src"].split()) <= {"'self'", socket, socket.replace("127.0.0.1", "localhost")}
    assert not any("unsafe" in source for source in policy.values())
