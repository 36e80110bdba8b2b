"""How an appliance meets somebody else's S3: what it finds out there, and when it will not be started on it."""

import asyncio
import io
import json
import re
from dataclasses import replace

import pytest

from ops import strangers
from ops.folder import DataFolder
from ops.setup import external
from storage import probe
from storage.endpoint import Ability, Endpoint
from storage.layout import MARK, ORIGINALS
from storage.objects import ObjectReplaced, Objects
from storage.streaming import PART, Stream, Writer
from tests.daemons import formless
from tests.daemons.process import free_port
from tests.daemons.seaweed import ACCESS, SECRET, Seaweed

KEY = (ACCESS, SECRET)


@pytest.fixture
def folder(tmp_path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.make()
    return made


def environment(weed: Seaweed, bucket: str, **change: str) -> dict[str, str]:
    return external.translated(weed.settings(bucket) | change)


async def met(folder: DataFolder, environment: dict[str, str]) -> str:
    said: list[str] = []
    await strangers.meet(folder, environment, said.append)
    return "\n".join(said)


def held(weed: Seaweed, bucket: str) -> set[str]:
    return {str(one.object_name) for one in weed.client().list_objects(bucket, recursive=True, include_version=True)}


async def test_a_bucket_that_is_not_there_is_made_with_versions(weed, folder):
    said = await met(folder, environment(weed, "made-by-us"))
    assert "storage is the bucket made-by-us" in said
    assert "it keeps no versions" not in said
    assert held(weed, "made-by-us") == {MARK}, "nothing is left of the probing"
    assert set(strangers.abilities(folder)) == {"versions", "forms", "reduced"}
    before = folder.read(strangers.FILE)
    await met(folder, environment(weed, "made-by-us"))
    assert folder.read(strangers.FILE) == before
    assert ACCESS not in json.dumps(before)
    assert SECRET not in json.dumps(before)


async def test_what_it_can_not_do_is_found_out(weed, folder, tmp_path):
    weed.bucket("flat")
    proxy, url = formless.start(tmp_path / "proxy", weed.url)
    try:
        said = await met(folder, environment(weed, "flat", AWS_ENDPOINT_URL=url))
    finally:
        proxy.stop()
    assert strangers.abilities(folder) == ("reduced",)
    for missing in set(Ability) - {Ability.REDUCED}:
        assert strangers.COSTS[missing] in said


def test_the_class_that_costs_more_is_not_asked_for():
    """Without a word to Amazon, which is not there for the tests."""
    amazon = Endpoint("https://s3.eu-central-1.amazonaws.com", "eu-central-1", "photos")
    assert probe._Probe(amazon, *KEY)._reduced() is False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIDUNKNOWN"}, "does not know AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": "not-the-secret"}, "finds that AWS_SECRET_ACCESS_KEY is not the one"),
    ],
)
async def test_a_wrong_key_is_named_by_its_variable_and_never_shown(weed, folder, change, said):
    with pytest.raises(strangers.Refused, match=said) as refused:
        await met(folder, environment(weed, "never", **change))
    assert not [value for value in (*change.values(), ACCESS, SECRET) if value in str(refused.value)]
    assert not folder.read(strangers.FILE)


async def test_one_that_is_away_is_said_and_asked_again_until_it_is_there(weed, folder, monkeypatch):
    monkeypatch.setattr(strangers, "AGAIN_SECONDS", 0.1)
    port, said, spoken = free_port(), list[str](), asyncio.Event()

    def say(line: str) -> None:
        said.append(line)
        spoken.set()

    settings = environment(weed, "later", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    meeting = asyncio.create_task(strangers.meet(folder, settings, say))
    await asyncio.wait_for(spoken.wait(), 60)
    assert re.search(f"the S3 at http://127.0.0.1:{port} does not answer .*AWS_ENDPOINT_URL", said[0])
    assert not meeting.done()
    relay = await asyncio.start_server(lambda *here: piped(*here, weed.url), "127.0.0.1", port)
    async with relay:
        await asyncio.wait_for(meeting, 60)
    assert f"storage is the bucket later at http://127.0.0.1:{port}" in said[1]


async def piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, url: str) -> None:
    """One connection handed on."""
    behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))

    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            target.write(data)
            await target.drain()
        target.close()

    await asyncio.gather(pump(reader, behind_writer), pump(behind_reader, writer), return_exceptions=True)


async def test_one_that_stays_away_is_given_up(weed, folder, monkeypatch):
    monkeypatch.setattr(strangers, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(strangers, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(strangers.Refused, match="does not answer"):
        await met(folder, environment(weed, "x-y-z", AWS_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}"))


async def test_another_bucket_is_not_taken_for_ours(weed, folder):
    """An empty one would look as if all had been lost: and what is missing may be given up, or not be looked for."""
    await met(folder, environment(weed, "ours"))
    with pytest.raises(strangers.Refused, match=r"are in the bucket ours at .* not in theirs"):
        await met(folder, environment(weed, "theirs"))
    with pytest.raises(strangers.Refused, match=r"are in the bucket ours .*\n.*S3_BUCKET"):
        await met(folder, {})
    weed.client().remove_object("ours", MARK)
    with pytest.raises(strangers.Refused, match=r"is not the one that holds .* not there"):
        await met(folder, environment(weed, "ours"))
    weed.client().put_object("ours", MARK, io.BytesIO(b"another"), 7)
    with pytest.raises(strangers.Refused, match=r"is not the one that holds .* another"):
        await met(folder, environment(weed, "ours"))


async def test_a_bucket_that_went_away_is_not_made_anew(weed, folder):
    await met(folder, environment(weed, "went-away"))
    client = weed.client()
    for one in client.list_objects("went-away", recursive=True, include_version=True):
        client.remove_object("went-away", one.object_name, one.version_id)
    client.remove_bucket("went-away")
    with pytest.raises(strangers.Refused, match="no such bucket any more"):
        await met(folder, environment(weed, "went-away"))
    assert not client.bucket_exists("went-away")


async def test_a_bucket_of_another_appliance_needs_its_ledger(weed, folder, tmp_path):
    await met(folder, environment(weed, "in-use"))
    second = DataFolder(tmp_path / "second")
    second.make()
    with pytest.raises(strangers.Refused, match="holds the files of another appliance"):
        await met(second, environment(weed, "in-use"))
    # The same house on another machine: its ledger is elsewhere, too.
    database = {"DARKROOM_DATABASE_URL": "postgresql://darkroom:long-enough@db.lan/darkroom"}
    await met(second, environment(weed, "in-use") | database)
    assert second.read(strangers.FILE)["mark"] == folder.read(strangers.FILE)["mark"]


async def test_who_is_killed_before_the_mark_is_set_goes_on(weed, folder):
    await met(folder, environment(weed, "unmarked"))
    folder.write(strangers.FILE, folder.read(strangers.FILE) | {"marked": False})
    weed.client().remove_object("unmarked", MARK)
    await met(folder, environment(weed, "unmarked"))
    assert folder.read(strangers.FILE)["marked"]
    assert held(weed, "unmarked") >= {MARK}


async def test_an_appliance_with_files_of_its_own_does_not_move(weed, folder):
    (folder.drives[0] / ".minio.sys").mkdir()
    with pytest.raises(strangers.Refused, match="in its own storage"):
        await met(folder, environment(weed, "elsewhere"))


def test_whole_is_only_what_has_the_mark(weed):
    """What any other bucket does not show may be in ours."""
    endpoint = weed.endpoint(weed.bucket("whole"))
    objects = Objects(endpoint, *KEY)
    assert objects.healthy()
    assert not objects.whole()
    probe.set_mark(endpoint, *KEY, "mark")
    assert objects.whole()
    assert not Objects(weed.endpoint("no-such-bucket"), *KEY).healthy()
    assert not Objects(endpoint, ACCESS, "wrong").whole()


def test_listings_are_in_the_order_of_bytes_whatever_the_server_does(weed):
    endpoint = replace(weed.endpoint(weed.bucket("order")), abilities=frozenset({Ability.FORMS}))
    objects = Objects(endpoint, *KEY)
    names = [f"projects/{owner}/images/20261121/x" for owner in ("a", "a-b", "a.b", "a0", "b")]
    for name in (*names, "stray"):
        objects.put(ORIGINALS, name, b"x", "image/jpeg")
    assert [stat.key for stat in objects.list(ORIGINALS, "", versions=True)] == sorted((*names, "stray"))
    assert [stat.key for stat in objects.list(ORIGINALS, "projects/")] == sorted(names)
    assert objects.purge(ORIGINALS, "projects/") == 5


def test_other_bytes_are_told_by_their_etag(weed):
    objects = Objects(weed.endpoint(weed.bucket("etags")), *KEY)
    pinned = objects.put(ORIGINALS, "projects/a", b"one", "image/jpeg").etag
    assert objects.get(ORIGINALS, "projects/a", "", pinned) == b"one"
    objects.put(ORIGINALS, "projects/a", b"two", "image/jpeg")
    with pytest.raises(ObjectReplaced):
        objects.get(ORIGINALS, "projects/a", "", pinned)


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1])
def test_a_stream_is_one_object_or_none(weed, size):
    if not weed.client().bucket_exists("streams"):
        weed.bucket("streams")
    objects = Writer(weed.endpoint("streams"), *KEY)
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    for key, ends in (("kept", True), ("left", False)):
        stream = Stream(objects, ORIGINALS, f"{key}-{size}")
        if size >= PART:
            stream.part(data[:PART])
        assert objects.head(ORIGINALS, f"{key}-{size}") is None
        if ends:
            stream.end(data[PART:] if size >= PART else data)
        stream.abort()
    assert objects.get(ORIGINALS, f"kept-{size}") == data
    assert objects.head(ORIGINALS, f"left-{size}") is None


async def test_everybodys_bucket_is_refused(weed, folder):
    """One that anybody can read, or write into, with no key at all."""
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["s3:GetObject"],
                "Resource": ["arn:aws:s3:::everybodys/*"],
            }
        ],
    }
    weed.client().set_bucket_policy(weed.bucket("everybodys"), json.dumps(policy))
    with pytest.raises(strangers.Refused, match="everybody can read"):
        await met(folder, environment(weed, "everybodys"))
    assert not folder.read(strangers.FILE)
