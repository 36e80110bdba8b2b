"""A receiver that wants no more, or is gone for days, is left alone, and says so; nothing is lost by that."""

import asyncio

import pytest

from appliance.assets.timeline import timeline
from appliance.ledger.database import fetch
from appliance.webhooks import service
from appliance.webhooks.sender import pause
from tests.daemons.process import Daemon
from tests.ledger.book import Book
from tests.ledger.intake import until
from tests.webhooks.conftest import Start
from tests.webhooks.hooks import hook, logged, photos, shown, told
from tests.webhooks.receiver import Receiver, receiver


async def test_410_ends_it_at_once_and_replay_begins_again(book: Book, sender: Daemon, receiving: Receiver) -> None:
    receiving.answers(lambda request, _: request.say(410))
    made = await hook(receiving.url)
    head = await photos(book, 2)
    found = await shown(made, "state", "disabled")
    assert found["disabled_reason"] == "the receiver answered 410: it wants no more"
    assert found["disabled_at"] is not None
    await asyncio.sleep(1.5)
    assert receiving.seqs == [1]
    receiving.answers(lambda request, _: request.say(200))
    again = await service.replay(made, None)
    assert (again["state"], again["disabled_reason"]) == ("ok", None)
    await told(receiving, head)
    assert receiving.seqs == [1, *range(1, head + 1)]


async def test_days_of_nothing_but_failures_disable_it_with_the_last_reason(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    receiving.answers(lambda request, _: request.say(503))
    made = await hook(receiving.url)
    await photos(book, 1)
    found = await shown(made, "state", "failing")
    assert found["disabled_at"] is None
    await fetch("UPDATE webhooks SET failing_since = now() - interval '4 days 23 hours', due_at = now()")
    await asyncio.sleep(1.5)
    assert (await service.webhook(made))["state"] == "failing", "not yet"
    await fetch("UPDATE webhooks SET failing_since = now() - interval '5 days', due_at = now()")
    found = await shown(made, "state", "disabled")
    assert found["disabled_reason"] == "nothing was taken for too long; at last it answered 503"
    await logged(sender, "webhook disabled")


async def test_one_taken_in_between_begins_the_count_anew(book: Book, sender: Daemon, receiving: Receiver) -> None:
    receiving.answers(lambda request, number: request.say(500 if number == 0 else 200))
    made = await hook(receiving.url)
    head = await photos(book, 1)
    found = await shown(made, "cursor", head)
    assert (found["failing_since"], found["failures"]) == (None, 0)


async def test_a_receiver_is_left_alone_for_as_long_as_it_asked(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    receiving.answers(lambda request, _: request.say(429, Retry_After="20"))
    made = await hook(receiving.url)
    await photos(book, 1)
    await shown(made, "state", "failing")
    await asyncio.sleep(1.2)
    assert len(receiving.sent) == 1


async def test_every_attempt_is_noted_and_can_be_found_by_its_asset(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    receiving.answers(lambda request, number: request.say(500 if number == 0 else 201))
    made = await hook(receiving.url)
    first, second = await book.uploaded(), await book.uploaded()
    head = await book.head()
    await shown(made, "cursor", head)
    newest = await service.attempts(made, 50, None)
    assert [(one["seq"], one["status"], one["error"]) for one in reversed(newest)] == [
        (1, 500, "it answered 500"),
        *((seq, 201, None) for seq in range(1, head + 1)),
    ]
    assert all(one["milliseconds"] >= 0 for one in newest)
    assert [one["id"] for one in await service.attempts(made, 2, newest[2]["id"])] == [
        newest[3]["id"],
        newest[4]["id"],
    ]
    deliveries = [entry for entry in (await timeline(second)).entries if entry["what"] == "delivery"]
    assert [(one["seq"], one["status"], one["webhook"]) for one in deliveries] == [
        (3, 201, str(made)),
        (4, 201, str(made)),
    ]
    assert [entry["status"] for entry in (await timeline(first)).entries if entry["what"] == "delivery"].count(500) == 1


async def test_old_attempts_are_forgotten(book: Book, start: Start, receiving: Receiver) -> None:
    sender = start()
    made = await hook(receiving.url)
    await shown(made, "cursor", await photos(book, 2))
    await fetch("UPDATE webhook_attempts SET at = at - interval '8 days' WHERE seq < 4")
    sender.stop()
    await asyncio.to_thread(sender.start)

    async def forgotten() -> bool:
        return len(await service.attempts(made, 10, None)) <= 1

    await until(forgotten, 30)
    assert [one["seq"] for one in await service.attempts(made, 10, None)] == [4]


async def test_nothing_that_is_secret_or_private_is_logged(book: Book, start: Start, valkey_url: str) -> None:
    with receiver() as failing, receiver("127.0.0.1") as private:
        sender = start()
        failing.answers(lambda request, _: request.say(500))
        one = await hook(failing.url + "?token=a-word-in-the-address")
        made = await hook(private.url.replace("127.0.0.1", "localhost"))
        await photos(book, 1)
        found = await shown(made, "state", "failing")
        secrets = [row["secret"] for row in await fetch("SELECT secret FROM webhooks")]
        log = await logged(sender, "webhook failed", str(one), str(made))
    assert private.sent == []
    assert found["last_error"] == "its address is not public, and the operator has not allowed it"
    for word in ("a-word-in-the-address", "/hook", "whsec_", *secrets, "a-reader-secret-of-tests"):
        assert word not in log, word


async def test_a_deleted_webhook_is_told_nothing_more(book: Book, sender: Daemon, receiving: Receiver) -> None:
    made = await hook(receiving.url)
    await told(receiving, await photos(book, 1))
    await service.delete(made)
    await photos(book, 2)
    await asyncio.sleep(1.5)
    assert receiving.seqs == [1, 2]


async def test_a_webhook_goes_with_its_project_after_telling_of_its_end(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    """One of the same name that is made later has nothing to do with it."""
    from appliance.accounts import owners

    made = await hook(receiving.url)
    photo = await book.uploaded()
    await owners.PROJECTS.delete("111")
    await book.ledger.remove([photo])
    await book.ledger.bury(photo)
    await told(receiving, await book.head())
    assert [sent.event["type"] for sent in receiving.sent][-2:] == ["deleted", "erased"]
    assert await owners.PROJECTS.forget() == ["111"]
    await owners.PROJECTS.create("again", "111")
    await photos(book, 1)
    await asyncio.sleep(1.5)
    assert receiving.seqs == [1, 2, 3, 4]
    assert await fetch("SELECT FROM webhooks WHERE id = $1", made) == []


@pytest.mark.parametrize(("failures", "least", "most"), [(0, 4, 5), (1, 8, 10), (9, 2048, 2560), (10, 2880, 3600)])
def test_pauses_double_up_to_an_hour_and_are_not_in_step(failures: int, least: float, most: float) -> None:
    found = {pause(failures, 5.0) for _ in range(200)}
    assert least <= min(found) < max(found) <= most
    assert len(found) > 100
    assert pause(10**6, 5.0) <= 3600
    assert pause(0, 5.0, 100.0) == 100.0
