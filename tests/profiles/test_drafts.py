"""Videos for a profile: small at first, in full once that is asked for, by the real worker."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
import pytest

from storage import layout
from tests.appliance import pictures
from tests.appliance.client import wait_for
from tests.appliance.storage import objects_of
from tests.chats.people import House
from tests.faults.behind import behind
from tests.processors.clips import FAST, clip
from tests.profiles.people import Author

WORKER = "worker-media-1"
PATTERN = "testsrc2=size=960x540:rate=15:duration={}"
# Ten seconds from picture to picture.
SLOW = ("-vf", "setpts=N*10/TB", "-fps_mode", "passthrough", *FAST)


def draft(anna: Author, seconds: int = 1) -> dict[str, Any]:
    """A video that has been looked at, as its owner's file."""
    path = anna.upload("video", clip(pattern=PATTERN.format(seconds)), "a.mp4")
    assert anna.ended(path)["state"] == "done"
    return file(anna, path)


def file(anna: Author, path: str) -> dict[str, Any]:
    return anna.see(f"/files/{path.rsplit('/', 1)[1]}")


def again(anna: Author, seen: dict[str, Any]) -> dict[str, Any]:
    return anna.see(f"/files/{seen['file_id']}")


def develop(house: House, seen: dict[str, Any]) -> int:
    """How many were sent to be made in full."""
    return len(behind(house.stack).sql("SELECT * FROM ledger.develop($1)", [UUID(seen["file_id"])]))


def stored(house: House, anna: Author, seen: dict[str, Any]) -> set[str]:
    """The names of the versions that storage holds, with the beginning of their digests."""
    asset = UUID(seen["file_id"])
    prefix = layout.asset_prefix(layout.USERS, anna.id, "videos", asset)
    return {stat.key.removeprefix(prefix) for stat in objects_of(house.stack).list(layout.VERSIONS, prefix)}


def known(seen: dict[str, Any]) -> set[str]:
    """The same of those that the file tells of."""
    made = {name: version for name, version in seen["versions"].items() if version and name != "original"}
    kinds = {"image/jpeg": "jpg", "video/webm": "webm", "text/vtt": "vtt"}
    return {f"{name}.{one['sha256'][:12]}.{kinds[one['content_type']]}" for name, one in made.items()}


@contextmanager
def standing_still(house: House) -> Iterator[None]:
    house.stack.kill(WORKER, signal.SIGSTOP)
    try:
        yield
    finally:
        house.stack.kill(WORKER, signal.SIGCONT)


def test_a_draft_is_small_and_its_whole_takes_its_place(house: House, anna: Author) -> None:
    small = draft(anna)
    assert small["filename"] == "video.mp4", "and so in a storyboard's links"
    video = small["versions"]["video"]
    assert (video["width"], video["height"]) == (640, 360)
    assert small["versions"].keys() >= {"poster", "shot_01", "storyboard", "preview", "video"}
    with standing_still(house):
        assert develop(house, small) == 1
        assert develop(house, small) == 0, "asking twice is asking once"
        waiting = again(anna, small)
        assert (waiting["state"], waiting["versions"]) == ("uploaded", small["versions"])
        assert httpx.get(video["url"]).status_code == 200
    whole = wait_for(lambda: (seen := again(anna, small))["state"] == "done" and seen)
    made = whole["versions"]["video"]
    assert (made["height"], made["content_type"], whole["facts"]["after"]["codec"]) == (540, "video/webm", "vp9")
    assert develop(house, whole) == 0, "it is no draft any more"
    assert wait_for(lambda: stored(house, anna, whole) == known(whole)), "nothing is left of the draft"
    told = anna.see(f"/users/{anna.id}/events?after=0")["events"]
    first, last = [event["versions"] for event in told if event.get("state") == "done"]
    assert first is None, "where it is replaced no link leads"
    assert last["video"]["sha256"] == made["sha256"]
    states = [event["state"] for event in told if event["type"] == "state"]
    assert states == ["init", "uploaded", "processing", "done", "uploaded", "processing", "done"]


@pytest.mark.long
def test_a_worker_that_is_killed_in_the_middle_leaves_the_draft(house: House, anna: Author) -> None:
    small = draft(anna, 3)
    with standing_still(house):
        assert develop(house, small) == 1
    wait_for(lambda: again(anna, small)["state"] == "processing")
    house.stack.kill(WORKER)
    seen = again(anna, small)
    assert seen["state"] == "processing", "or it was too quick for this test"
    assert seen["versions"]["video"] == small["versions"]["video"]
    # As if its lease had run out.
    behind(house.stack).sql("UPDATE ledger.assets SET lease_until = now() WHERE id = $1", UUID(small["file_id"]))
    whole = wait_for(lambda: (seen := again(anna, small))["state"] == "done" and seen, 60)
    assert whole["versions"]["video"]["height"] == 540
    assert stored(house, anna, whole) >= known(whole)


@pytest.mark.long
def test_one_that_is_taken_back_meanwhile_leaves_nothing(house: House, anna: Author) -> None:
    small = draft(anna, 3)
    with standing_still(house):
        develop(house, small)
    wait_for(lambda: again(anna, small)["state"] == "processing")
    assert anna.api.delete(f"/profiles/uploads/{small['file_id']}").status_code == 204
    assert develop(house, small) == 0
    gone = "SELECT state::text, lease_until FROM ledger.assets WHERE id = $1"
    wait_for(lambda: behind(house.stack).sql(gone, UUID(small["file_id"]))[0]["state"] == "deleted")
    wait_for(lambda: not stored(house, anna, small))


def test_what_is_no_video_or_too_long_is_refused_before_it_is_worked_on(anna: Author) -> None:
    picture = anna.ended(anna.upload("video", pictures.jpeg(300, 200), "a.mp4"))
    assert picture["error"]["code"] == "unsupported_kind"
    slow = anna.ended(anna.upload("video", clip(*SLOW, suffix="matroska"), "a.mkv"))
    assert slow["error"]["code"] == "too_long"
    assert "at most 300" in slow["error"]["message"]
    assert slow["preview"].keys() == {"original"}
