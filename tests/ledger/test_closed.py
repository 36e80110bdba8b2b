"""A project being deleted is out of view at once, with all that is in it, however long its bytes take to go."""

from uuid import UUID

import pytest

from appliance.accounts import owners
from appliance.assets.timeline import timeline
from appliance.errors import NotFound
from appliance.files import service as images
from tests.ledger.book import PROJECT, Book


@pytest.fixture
async def photo(book: Book) -> UUID:
    """One that could be looked at until now."""
    made = await book.asset_in("done")
    assert (await images.file(made)).state == (await timeline(made)).state == "done"
    await owners.PROJECTS.delete(PROJECT)
    return made


async def test_its_photos_are_not_found(photo: UUID) -> None:
    with pytest.raises(NotFound):
        await images.file(photo)


async def test_nor_is_their_life(photo: UUID) -> None:
    with pytest.raises(NotFound):
        await timeline(photo)
