"""A ledger and a storage of these tests' own, both empty for each test."""

import pytest

from storage.inspection import Inspector
from storage.layout import ORIGINALS, VERSIONS
from tests.daemons.minio import ROOT, Minio
from tests.ledger.book import Book
from tests.ledger.conftest import book, database_url, minio, postgres, shared_url, valkey
from tests.upkeep.house import House

__all__ = ["book", "database_url", "minio", "postgres", "shared_url", "valkey"]

FORGET = "TRUNCATE ledger.verification, ledger.verified_days"


@pytest.fixture
async def house(book: Book, minio: Minio, monkeypatch: pytest.MonkeyPatch) -> House:
    """Its storage is whole but where a test says so, so nobody need wait to be certain of it."""
    from appliance.ledger.database import fetch

    monkeypatch.setattr("appliance.upkeep.confirm.NOTICED_SECONDS", 0.01)

    await fetch(FORGET)
    empty(Inspector(minio.url, *ROOT))
    return House(book, minio)


def empty(root: Inspector) -> None:
    for bucket in (ORIGINALS, VERSIONS):
        for folder in root.folders(bucket, ""):
            root.purge(bucket, folder)
