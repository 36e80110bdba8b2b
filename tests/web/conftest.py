"""A browser, and a visitor who is logged in to a project of its own on the running appliance."""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright

from appliance.accounts.service import LOGIN_SECONDS, OPERATOR
from appliance.accounts.tickets import Tickets
from appliance.valkey import quick
from tests.chats.people import House
from tests.faults.behind import behind
from tests.stack import Stack
from tests.web.board import Board, board
from tests.web.client import Project
from tests.web.talking import Pair, pair
from tests.web.visitor import ARGUMENTS, EXECUTABLE, Visitor, visitor

Launch = Callable[..., Awaitable[Browser]]


# A driver and a browser take some two seconds of CPU to start: they are of all tests of a folder, which therefore run
# in one loop, and so do the fixtures that talk to them. A visitor's profile is a fresh one in any case.
in_one_loop = pytest_asyncio.fixture(loop_scope="session")


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def driver() -> AsyncIterator[Playwright]:
    async with async_playwright() as made:
        yield made


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def chromium(driver: Playwright) -> AsyncIterator[Browser]:
    made = await driver.chromium.launch(executable_path=EXECUTABLE, args=ARGUMENTS)
    yield made
    await made.close()


@in_one_loop
async def launch(driver: Playwright) -> AsyncIterator[Launch]:
    """Starts another Chromium, with further arguments."""
    browsers = []

    async def start(*arguments: str) -> Browser:
        browsers.append(await driver.chromium.launch(executable_path=EXECUTABLE, args=[*ARGUMENTS, *arguments]))
        return browsers[-1]

    yield start
    for browser in browsers:
        await browser.close()


@in_one_loop
async def browser(chromium: Browser) -> AsyncIterator[Browser]:
    """What was opened in it is closed after the test."""
    assert not chromium.contexts
    yield chromium
    for context in chromium.contexts:
        await context.close()


@pytest.fixture
def host(stack: Stack) -> str:
    return urlsplit(stack.url).netloc


@pytest.fixture
def login(stack: Stack) -> Callable[[], Awaitable[str]]:
    """Gives a fresh login address of the page: what ./ops/open prints, which takes a second of CPU to do so."""

    async def fresh() -> str:
        redis = quick(behind(stack).valkey_url)
        try:
            code = await Tickets(redis, "login").issue(OPERATOR, LOGIN_SECONDS)
        finally:
            await redis.aclose()
        return f"{stack.url}/#login={code}"

    return fresh


@pytest.fixture
def project_of(stack: Stack) -> Callable[[str], Project]:
    """The same project as another client sees it, over the API."""

    def over_api(project_id: str) -> Project:
        return Project(stack.url, project_id, stack.key)

    return over_api


@pytest.fixture
def house(stack: Stack) -> House:
    return House(stack)


@in_one_loop
async def two(browser: Browser, house: House) -> Pair:
    """Two people in a room of their own."""
    return await pair(browser, house)


@in_one_loop
async def guest(browser: Browser, login: Callable[[], Awaitable[str]]) -> Visitor:
    """A visitor in a new, empty project."""
    return await arrive(await visitor(browser), await login())


@in_one_loop
async def overseer(browser: Browser, stack: Stack) -> AsyncIterator[Board]:
    """An operator at the page of theirs, who has a project of their own."""
    made = await board(browser, stack)
    async with made.api:
        yield made


async def arrive(made: Visitor, address: str) -> Visitor:
    await made.enter(address)
    await made.new_project(f"web-{uuid4().hex[:12]}")
    return made
