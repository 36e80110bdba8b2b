"""Somebody with a wallet at the page, and a moderator at theirs, on an appliance that takes payments."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.daemons.anvil import Anvil
from tests.processors.clips import clip
from tests.profiles.web.author import Author, author
from tests.profiles.web.desk import Desk, desk
from tests.profiles.web.wallet import BrowserWallet
from tests.stack import Stack
from tests.web import conftest as web
from tests.web.photos import photo

driver, chromium, browser = web.driver, web.chromium, web.browser

Moderators = Callable[..., Awaitable[Desk]]


@pytest.fixture
def wallet(chain: Anvil, accounts: Iterator[str]) -> BrowserWallet:
    return BrowserWallet(chain, next(accounts))


@web.in_one_loop
async def nina(browser: Browser, paying: Stack, wallet: BrowserWallet) -> AsyncIterator[Author]:
    """Signed in, with an empty form before her; whatever comes, her chain goes on."""
    made = await author(browser, paying, wallet)
    await made.sign_in()
    yield made
    wallet.answer.set()
    await asyncio.to_thread(wallet.chain.automine, True)


@pytest.fixture
def moderator(browser: Browser, paying: Stack) -> Moderators:
    """Gives a moderator of that name at the page."""

    async def arrives(name: str, **context: Any) -> Desk:
        opened = await asyncio.to_thread(paying.verb, "open", "--moderation", "--as", name)
        assert opened.returncode == 0, opened.stderr
        return await desk(browser, opened.stdout.strip(), **context)

    return arrives


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    return photo(tmp_path / "portrait.jpg", 1, (900, 600))


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(clip())
    return path
