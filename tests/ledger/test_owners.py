"""Slots of an owner that is being deleted, and what is left of it."""

import asyncio

import asyncpg
import pytest

from appliance.accounts import owners
from appliance.errors import Conflict, NotFound
from tests.ledger.book import PROJECT, Book


async def test_no_slot_is_opened_for_an_owner_that_is_unknown_or_being_deleted(book: Book) -> None:
    async def opened(owner: str) -> bool:
        return await book.ledger.open_slot("projects", owner, "images", "image", "images", "photo", "a", 9) is not None

    assert await opened(PROJECT)
    assert not await opened("unknown")
    await owners.PROJECTS.delete(PROJECT)
    assert not await opened(PROJECT)


async def test_a_slot_asked_for_in_the_moment_of_deletion_is_refused(book: Book, database_url: str) -> None:
    """The deletion has the stream's row and has not committed; a slot must wait for it, and then see it."""
    deleting = await asyncpg.connect(database_url)
    try:
        async with deleting.transaction():
            await deleting.execute("UPDATE ledger.streams SET closed = true WHERE owner = $1", PROJECT)
            asked = asyncio.create_task(
                book.ledger.open_slot("projects", PROJECT, "images", "image", "images", "photo", "a", 9)
            )
            await asyncio.sleep(0.3)
            assert not asked.done()
        assert await asked is None
    finally:
        await deleting.close()
    assert await book.events() == []


async def test_a_deleted_project_is_forgotten_when_its_last_bytes_are_gone(book: Book) -> None:
    assets = {await book.asset_in("done"), await book.asset_in("init")}
    await owners.PROJECTS.delete(PROJECT)
    with pytest.raises(NotFound):
        await owners.PROJECTS.delete(PROJECT)
    left = await owners.leaving(10)
    assert set(left) == assets
    await book.ledger.remove(left)
    assert await owners.leaving(10) == []
    assert await owners.PROJECTS.forget() == []
    with pytest.raises(Conflict):
        await owners.PROJECTS.create("again", PROJECT)
    for asset in assets:
        await book.ledger.bury(asset)
    assert await owners.PROJECTS.forget() == [PROJECT]
    assert await owners.PROJECTS.forget() == []
    head = await book.head()
    await owners.PROJECTS.create("again", PROJECT)
    await book.slot()
    assert await book.head() == head + 1  # numbers go on: a cursor from before never means another event
