"""Files sent in parts: how they are cut, and what storage holds the link of a part to."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from urllib3 import PoolManager

from storage.errors import StorageError
from storage.layout import ORIGINALS, SIGNING_HOST
from storage.parts import LEAST, MIB, PartLinks, PartWriter, plan
from storage.signing import Body
from tests.daemons.minio import UPLOADER, Minio
from tests.edge.places import new_original

FULL, REST = b"f" * LEAST, b"the rest"


@pytest.mark.pure
@pytest.mark.parametrize("size", [1, LEAST - 1, LEAST, LEAST + 1, 8000 * MIB, 8000 * MIB + 1, 50 * 10**9, 5 * 1024**4])
def test_a_plan_covers_the_file_exactly_in_parts_that_storage_takes(size: int) -> None:
    made = plan(size)
    lengths = [made.length(number) for number in range(1, made.count + 1)]
    assert sum(lengths) == size
    assert made.part_size >= LEAST
    assert {*lengths[:-1]} <= {made.part_size}
    assert len(lengths) <= 10_000
    assert made.part_size <= 5 * 1024**3
    assert made.offset(made.count) + lengths[-1] == size
    for number in (0, -1, made.count + 1):
        with pytest.raises(ValueError, match="no part"):
            made.length(number)


@pytest.mark.pure
def test_parts_are_few_and_not_too_large() -> None:
    assert (plan(8000 * MIB).count, plan(8000 * MIB).part_size) == (1000, 8 * MIB)
    assert plan(50 * 10**9).part_size == 48 * MIB
    assert plan(100 * 10**9).part_size == 64 * MIB


class Sender:
    """One upload in parts, and a client of its links."""

    def __init__(self, server: Minio) -> None:
        self.key, self.url = new_original(), server.url
        self.writer = PartWriter(server.url, *UPLOADER)
        self.id = self.writer.begin(ORIGINALS, self.key)

    def link(self, number: int, data: bytes, now: datetime | None = None) -> str:
        return PartLinks(*UPLOADER).link(self.key, self.id, number, body(data), 60, now)

    def put(self, link: str, data: bytes) -> int:
        return PoolManager().request("PUT", self.url + link, body=data, headers={"Host": SIGNING_HOST}).status

    def send(self, number: int, data: bytes) -> None:
        assert self.put(self.link(number, data), data) == 200


def body(data: bytes) -> Body:
    return Body(len(data), hashlib.sha256(data).hexdigest())


@pytest.fixture
def sender(server: Minio) -> Sender:
    return Sender(server)


def test_parts_become_an_object_once(sender: Sender, server: Minio) -> None:
    sender.send(2, REST)
    assert [(part.number, part.size) for part in sender.writer.listed(ORIGINALS, sender.key, sender.id) or ()] == [
        (2, len(REST))
    ]
    sender.send(1, FULL)
    parts = sender.writer.listed(ORIGINALS, sender.key, sender.id)
    assert parts is not None
    assert sender.writer.put_together(ORIGINALS, sender.key, sender.id, parts)
    assert server.objects().get(ORIGINALS, sender.key) == FULL + REST
    assert not sender.writer.put_together(ORIGINALS, sender.key, sender.id, parts)
    assert sender.writer.listed(ORIGINALS, sender.key, sender.id) is None
    assert len(list(server.objects().list(ORIGINALS, sender.key, versions=True))) == 1


def test_what_was_not_signed_is_refused_and_not_stored(sender: Sender) -> None:
    link, late = sender.link(1, FULL), datetime.now(UTC) - timedelta(seconds=61)
    assert sender.put(link, b"g" * LEAST) == 400, "other bytes of the same length"
    assert sender.put(link, FULL[:-1]) == 403, "a shorter part"
    assert sender.put(link, FULL + b"f") == 403, "a longer part"
    assert sender.put(link.replace("partNumber=1", "partNumber=2"), FULL) == 403
    assert sender.put(link.replace(body(FULL).sha256, body(REST).sha256), REST) == 403
    assert sender.put(link.replace(sender.key, new_original()), FULL) == 403
    assert sender.put(sender.link(1, FULL, late), FULL) == 403
    assert sender.writer.listed(ORIGINALS, sender.key, sender.id) == []
    assert sender.put(link, FULL) == 200


def test_a_part_that_is_too_small_makes_no_object(sender: Sender) -> None:
    sender.send(1, REST)
    sender.send(2, REST)
    parts = sender.writer.listed(ORIGINALS, sender.key, sender.id)
    with pytest.raises(StorageError) as refused:
        sender.writer.put_together(ORIGINALS, sender.key, sender.id, parts or [])
    assert refused.value.code == "EntityTooSmall"


def test_a_listing_goes_on_behind_a_thousand_parts(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 9):
        sender.send(number, REST)
    send = sender.writer._transport.send
    monkeypatch.setattr(
        sender.writer._transport,
        "send",
        lambda method, bucket, key, query: send(method, bucket, key, {**query, "max-parts": "1"}),
    )
    assert [part.number for part in sender.writer.listed(ORIGINALS, sender.key, sender.id) or ()] == [1, 2, 9]
