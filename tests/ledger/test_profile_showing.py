"""Pages of published profiles: what each shows, by as many reads as one alone takes."""

from collections.abc import Sequence
from typing import Any

import pytest

from appliance.accounts import wallets
from appliance.accounts.addresses import checksummed
from appliance.files import service
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.payments.rpc import Node
from appliance.payments.service import Payments
from appliance.profiles import editions, pages
from appliance.profiles.showing import Views
from storage.links import Links
from tests.ledger.book import Book
from tests.ledger.profile_model import Settings
from tests.ledger.test_profiles import published


@pytest.fixture
def views() -> Views:
    return Views(Linker(Links("reader", "a secret", 3600), "http://here", lambda: None), Payments(Node(""), Settings()))


async def some(book: Book, *users: str) -> Sequence[editions.Edition]:
    """Published profiles of these, each with a wallet, the newest first."""
    for number, user in enumerate(users):
        await published(book, user)
        await fetch("INSERT INTO wallets (address, user_id) VALUES ($1, $2)", f"0x{number + 10:040x}", user)
    shown, _ = await editions.published(None, pages.LAST, 50)
    return shown


async def test_each_has_its_own_wallet_and_media_and_who_is_incognito_neither_name_nor_wallet(
    book: Book, views: Views
) -> None:
    await some(book, "anna", "ben")
    hide = (
        "UPDATE profile_editions e SET is_incognito = true FROM profiles p WHERE p.id = e.profile AND p.user_id = 'ben'"
    )
    await fetch(hide)
    shown, _ = await editions.published(None, pages.LAST, 50)
    ben, anna = await views.everybodys(shown)
    assert (ben["wallet"], ben["name"], ben["is_incognito"]) == (None, None, True)
    assert (anna["wallet"], anna["is_incognito"]) == (checksummed(f"0x{10:040x}"), False)
    for one, edition in zip((ben, anna), shown, strict=True):
        assert one["profile_id"] == edition.profile
        for role, asset in edition.media.items():
            assert all(str(asset) in url for url in one["media"][role].values())


async def test_a_page_takes_as_many_reads_as_one(book: Book, views: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(sql: str, *args: Any) -> Any:
        reads.append(sql)
        return fetch(sql, *args)

    shown = await some(book, *(f"user{number}" for number in range(5)))
    assert len(shown) == 5
    for module in (service, wallets):
        monkeypatch.setattr(module, "fetch", counted)
    await views.everybodys(shown[:1])
    of_one = len(reads)
    await views.everybodys(shown)
    assert len(reads) == 2 * of_one
    assert of_one
