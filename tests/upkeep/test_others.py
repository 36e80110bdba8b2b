"""What other programs keep on the same server is none of verifying's, repairing's or cleaning's business."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, timedelta
from datetime import time as TimeOfDay
from pathlib import Path

import pytest
from minio import Minio as Client

from appliance.ledger.database import fetch
from appliance.upkeep.cleaning import Cleaning, Rule
from storage import layout
from storage.keys import Key
from storage.multiparts import Multiparts
from storage.objects import Objects
from storage.tenants import Tenants
from tests.daemons.minio import ROOT, WORKER
from tests.ledger.book import PROJECT
from tests.upkeep.house import House
from tests.upkeep.test_repair import plant, repair


@pytest.fixture
def guest(house: House) -> Iterator[Key]:
    tenants = Tenants(house.minio.url, *ROOT)
    tenants.create("films", 10**9)
    yield tenants.issue("films", read_only=False)
    tenants.delete("films")


async def test_buckets_of_others_are_left_alone(house: House, guest: Key, tmp_path: Path) -> None:
    """Even what looks as if it were the appliance's, and is older than anything it would leave."""
    asset, theirs = await plant(house), Objects(house.minio.url, *guest)
    client = Client(house.minio.url.removeprefix("http://"), *guest, secure=False, region="us-east-1")
    keys = [layout.original_key("projects", PROJECT, "images", asset), "films/one.mkv"]
    for key in keys:
        theirs.put("films", key, b"theirs", "image/jpeg")
    client._upload_part("films", "long", b"x" * 1000, None, client._create_multipart_upload("films", "long", {}), 1)
    await asyncio.sleep(1.1)

    mender = repair(house)
    assert (await house.verify(take=mender.take)).unexplained == mender.done["deleted"] == 3
    assert (await house.verify(deep=True)).clean
    await fetch("TRUNCATE ledger.cleanings")
    rule = Rule(TimeOfDay(0, 0), UTC, timedelta(seconds=1))
    await Cleaning(house.ledger, house.worker, Multiparts(house.minio.url, *WORKER), tmp_path, lambda: rule).clean()

    assert [stat.key for stat in theirs.list("films", "")] == sorted(keys)
    assert [bytes(theirs.get("films", key)) for key in keys] == [b"theirs", b"theirs"]
    assert len(Multiparts(house.minio.url, *guest).unfinished("films", "long")) == 1
