"""A worker that dies before any of its requests leaves the old object or the new one whole, and comes to one end."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

import pytest

from appliance.library.buckets import records
from appliance.library.originals.recovering import End, Recovered
from storage.transport import Transport
from tests.library.buckets.grounds import NEW, OLD, OTHER, UNTIL, Buckets, must_be_taken, replaced

pytestmark = pytest.mark.pure
FILM, MOVED = "film.avi", "film.mkv"
MOST = 60


class Died(BaseException):
    """As a process that is killed: nothing of what it was at is tidied up, since nothing catches it."""


@contextmanager
def dying(number: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """Ends before the so many-th request that changes something, and all after it; tells whether it came to that."""
    left, send = [number], Transport.send

    def sent(self: Transport, method: str, *words: object, **more: object) -> object:
        left[0] -= method in ("PUT", "POST", "DELETE")
        if left[0] <= 0:
            raise Died
        return send(self, method, *words, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Transport, "send", sent)
        with suppress(Died):
            yield lambda: left[0] <= 0


def is_whole(bucket: Buckets) -> bool:
    there = [data for data in (bucket.get(FILM), bucket.get(MOVED)) if data is not None]
    return bool(there) and all(data in (OLD, NEW) for data in there)


def settled(bucket: Buckets) -> list[object]:
    """What recovering says; it says nothing the second time."""
    told = list(bucket.kept().recover([]))
    assert list(bucket.kept().recover([])) == []
    return told


def must_be_old(bucket: Buckets) -> None:
    assert (bucket.get(FILM), bucket.get(MOVED)) == (OLD, None)
    assert bucket.hidden() == []


def must_be_new(bucket: Buckets, name: str | None, asset: UUID) -> None:
    """Replaced, and it can be undone."""
    assert (bucket.get(name or FILM), bucket.get(FILM)) == (NEW, None if name else NEW)
    assert bucket.hidden() == ["original", "record"]
    assert bucket.kept().settled(FILM.encode(), asset) is not None


def reset(bucket: Buckets) -> None:
    for name in (FILM, MOVED):
        bucket.gone(name)
    bucket.bucket.purge(".darkroom/")
    bucket.put(FILM, OLD)


@pytest.mark.parametrize("name", [None, MOVED])
def test_while_it_replaces(bucket: Buckets, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = set()
    for number in range(1, MOST):
        reset(bucket)
        asset = uuid4()
        with dying(number, monkeypatch) as died:
            must_be_taken(replaced(bucket, FILM, name, asset))
        assert is_whole(bucket)
        ends |= {one.end for one in settled(bucket) if isinstance(one, Recovered)}
        must_be_new(bucket, name, asset) if bucket.hidden() else must_be_old(bucket)
        if not died():
            break
    assert number > 6
    assert ends == {End.ROLLED_BACK, End.REPLACED}


@pytest.mark.parametrize("name", [None, MOVED])
def test_while_it_undoes(bucket: Buckets, name: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = set()
    for number in range(1, MOST):
        reset(bucket)
        asset = uuid4()
        must_be_taken(replaced(bucket, FILM, name, asset))
        with dying(number, monkeypatch) as died:
            bucket.kept().undo(FILM.encode(), asset)
        assert is_whole(bucket)
        ends |= {one.end for one in settled(bucket) if isinstance(one, Recovered)}
        must_be_new(bucket, name, asset) if bucket.hidden() else must_be_old(bucket)
        if not died():
            break
    assert number > 4
    assert ends == {End.REPLACED, End.UNDONE}


def test_while_it_lets_an_original_go(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, MOST):
        reset(bucket)
        asset = uuid4()
        must_be_taken(replaced(bucket, FILM, None, asset))
        with dying(number, monkeypatch) as died:
            list(bucket.kept().expire(UNTIL))
        assert settled(bucket) == []
        [*told] = bucket.kept().expire(UNTIL)
        assert len(told) == died()
        assert (bucket.get(FILM), bucket.hidden()) == (NEW, [])
        if not died():
            break
    assert number > 2


def test_what_storage_hides_is_not_forgotten(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its drives it says of each object that there is none."""
    bucket.put(FILM, OLD)
    asset = uuid4()
    with dying(6, monkeypatch):
        replaced(bucket, FILM, None, asset)
    bucket.gone(FILM)
    bucket.bucket.purge(records.original(asset))
    [told] = bucket.kept().recover([])
    assert "neither" in told.reason
    assert bucket.hidden() == ["record"]


def test_a_stranger_under_the_old_key_is_never_removed(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2, MOST):
        reset(bucket)
        asset = uuid4()
        with dying(number, monkeypatch) as died:
            replaced(bucket, FILM, MOVED, asset)
        bucket.put(FILM, OTHER)
        settled(bucket)
        assert bucket.get(FILM) == OTHER
        kept = [records.lies(bucket.bucket, records.original(asset), _thing(OLD), read=True)]
        assert any(kept) or bucket.get(MOVED) is None
        if not died():
            break


def _thing(data: bytes) -> records.Thing:
    return records.Thing(size=len(data), sha256=hashlib.sha256(data).hexdigest())
