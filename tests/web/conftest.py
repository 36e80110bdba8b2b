"""A browser, and a visitor who is logged in to a project of its own on the running appliance."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.async_api import Browser, async_playwright

from tests.chats.people import House
from tests.stack import Stack
from tests.web.board import Board, board
from tests.web.client import Project
from tests.web.talking import Pair, pair
from tests.web.visitor import ARGUMENTS, EXECUTABLE, Visitor, visitor

Launch = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    """Starts Chromium with a fresh profile, and further arguments if there are any."""
    async with async_playwright() as driver:
        browsers = []

        async def start(*arguments: str) -> Browser:
            browsers.append(await driver.chromium.launch(executable_path=EXECUTABLE, args=[*ARGUMENTS, *arguments]))
            return browsers[-1]

        yield start
        for browser in browsers:
            await browser.close()


@pytest.fixture
async def browser(launch: Launch) -> Browser:
    return await launch()


@pytest.fixture
def host(stack: Stack) -> str:
    return urlsplit(stack.url).netloc


@pytest.fixture
def login(stack: Stack) -> Callable[[], Awaitable[str]]:
    """Gives a fresh login address of the page."""

    async def fresh() -> str:
        opened = await asyncio.to_thread(stack.verb, "open")
        assert opened.returncode == 0, opened.stderr
        return opened.stdout.strip()

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


@pytest.fixture
async def two(browser: Browser, house: House) -> Pair:
    """Two people in a room of their own."""
    return await pair(browser, house)


@pytest.fixture
async def guest(browser: Browser, login: Callable[[], Awaitable[str]]) -> Visitor:
    """A visitor in a new, empty project."""
    return await arrive(await visitor(browser), await login())


@pytest.fixture
async def overseer(browser: Browser, stack: Stack) -> AsyncIterator[Board]:
    """An operator at the page of theirs, who has a project of their own."""
    made = await board(browser, stack)
    async with made.api:
        yield made


async def arrive(made: Visitor, address: str) -> Visitor:
    await made.enter(address)
    await made.new_project(f"web-{uuid4().hex[:12]}")
    return made
