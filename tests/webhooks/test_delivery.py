"""Every event reaches its receiver, in order, whatever the receiver does and whoever is killed."""

import asyncio
import itertools
import json
import random
import threading
import time

import pytest

from appliance.ledger.database import fetch
from appliance.webhooks import service
from tests.daemons.process import Daemon
from tests.ledger.book import Book
from tests.ledger.intake import until
from tests.webhooks.conftest import Start
from tests.webhooks.hooks import hook, photos, shown, told
from tests.webhooks.receiver import Receiver, Request, hang, receiver, trickle


async def test_events_arrive_in_order_as_the_other_readers_see_them(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    await photos(book, 1)
    await hook(receiving.url)
    claim = await book.claimed()
    await book.finish(claim)
    await told(receiving, await book.head())
    assert receiving.seqs == [3, 4, 5, 6], "what happened before the webhook was made is not told"
    assert [sent.event["state"] for sent in receiving.sent] == ["init", "uploaded", "processing", "done"]
    done = receiving.sent[-1]
    assert done.event["image_id"] == str(claim.id)
    assert done.event["versions"]["thumb"]["url"].startswith("http://127.0.0.1:8080/versions/")
    epoch = (await fetch("SELECT epoch FROM ledger.epoch"))[0]["epoch"]
    assert [sent.id for sent in receiving.sent] == [f"{epoch}:{seq}" for seq in (3, 4, 5, 6)]
    assert {sent.headers["content-type"] for sent in receiving.sent} == {"application/json"}


async def test_a_ring_is_heard_at_once(book: Book, sender: Daemon, receiving: Receiver, valkey_url: str) -> None:
    from appliance.live.doorbell import Doorbell
    from tests.live.followers import ringing, running

    await hook(receiving.url)
    doorbell = Doorbell(valkey_url)
    ringing(book, doorbell)
    async with running(doorbell):
        took = []
        for _ in range(5):
            began = time.monotonic()
            await book.slot()
            await told(receiving, await book.head())
            took.append(time.monotonic() - began)
    assert sorted(took)[2] < 0.8, took  # a look comes only every second, and each event follows the one before


async def test_only_what_was_asked_for(book: Book, sender: Daemon, receiving: Receiver) -> None:
    made = await hook(receiving.url, "done", "deleted")
    claim = await book.claimed()
    await book.finish(claim)
    await photos(book, 300)
    await book.ledger.remove([claim.id])
    head = await book.head()
    await told(receiving, head)
    assert [sent.event["type"] for sent in receiving.sent] == ["state", "deleted"]
    assert receiving.sent[0].event["state"] == "done"
    await photos(book, 2)
    await shown(made, "cursor", head + 4)


async def test_a_receiver_that_fails_gets_each_event_again_until_it_has_taken_it(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    """It fails in every way there is, over and over; none is lost, none overtakes another."""
    moods = itertools.cycle(["500", "yes", "redirect", "reset", "yes", "yes", "404", "nonsense", "yes", "yes", "yes"])

    def moody(request: Request, _: int) -> None:
        mood = next(moods)
        if mood == "yes":
            request.say(204)
        elif mood == "redirect":
            request.say(307, Location=receiving.url)
        elif mood.isdigit():
            request.say(int(mood))
        else:
            if mood == "nonsense":
                request.wfile.write(b"\x00\xff nonsense\r\n\r\n")
            request.close_connection = True
            request.connection.close()

    receiving.answers(moody)
    made = await hook(receiving.url)
    head = await photos(book, 8)
    found = await shown(made, "cursor", head, 60)
    assert receiving.unique == list(range(1, head + 1))
    assert len(receiving.sent) > head
    assert (found["state"], found["failures"], found["last_error"]) == ("ok", 0, None)
    for sent in receiving.sent:
        assert sent.event["seq"] == int(sent.id.partition(":")[2])


async def test_a_receiver_that_hangs_or_trickles_is_left_after_its_time_and_holds_up_no_other(
    book: Book, start: Start
) -> None:
    with receiver() as hanging, receiver() as trickling, receiver() as good:
        start(DARKROOM_WEBHOOK_SECONDS="6")  # longer than it takes to come to be active, and to look
        hanging.answers(hang)
        trickling.answers(trickle)
        stuck = [await hook(hanging.url), await hook(trickling.url)]
        await hook(good.url)
        began = time.monotonic()
        head = await photos(book, 5)
        await told(good, head)
        assert time.monotonic() - began < 5.9, "others wait for a receiver that hangs"
        for one in stuck:
            found = await shown(one, "state", "failing")
            assert found["cursor"] == 0
            assert found["last_error"] == "no answer within 6 s"
            assert found["next_attempt_at"] is not None
        assert set(hanging.seqs) == {1}


async def test_the_senders_death_in_the_middle_loses_nothing_and_keeps_order(
    book: Book, start: Start, receiving: Receiver
) -> None:
    """kill -9 at random moments, often between the receiver's yes and the cursor's move."""
    dice = random.Random(39)

    def slow(request: Request, _: int) -> None:
        time.sleep(0.02)
        request.say(200)

    receiving.answers(slow)
    sender = start()
    made = await hook(receiving.url)
    writing = asyncio.create_task(photos(book, 60))
    for _ in range(5):
        before = len(receiving.sent)
        await until(lambda before=before: _grown(receiving, before), 20)
        await asyncio.sleep(dice.uniform(0, 0.1))
        sender.kill()
        await asyncio.to_thread(sender.start)
    head = await writing
    await shown(made, "cursor", head, 30)
    assert receiving.unique == list(range(1, head + 1))
    bodies: dict[str, set[str]] = {}
    for sent in receiving.sent:
        bodies.setdefault(sent.id, set()).add(json.dumps(sent.event, sort_keys=True))
    assert all(len(same) == 1 for same in bodies.values()), "the same id, another event"


async def _grown(receiving: Receiver, before: int) -> bool:
    return len(receiving.sent) > before


async def test_a_killed_sender_sends_again_what_it_had_no_answer_to(
    book: Book, start: Start, receiving: Receiver
) -> None:
    sender = start(DARKROOM_WEBHOOK_SECONDS="20")
    receiving.answers(hang)
    await hook(receiving.url)
    await photos(book, 1)
    await told(receiving, 1)
    sender.kill()
    receiving.answers(lambda request, _: request.say(200))
    await asyncio.to_thread(sender.start)
    await told(receiving, 2)
    assert receiving.seqs == [1, 1, 2]
    assert receiving.sent[0].id == receiving.sent[1].id


async def test_of_two_senders_one_is_active_and_the_other_takes_over(
    book: Book, start: Start, receiving: Receiver
) -> None:
    first, second = start(), start()
    await hook(receiving.url)
    await told(receiving, await photos(book, 20))
    assert receiving.seqs == list(range(1, 41))
    active, idle = (first, second) if "are active" in first.log.read_text() else (second, first)
    assert "are active" not in idle.log.read_text()
    active.kill()
    await told(receiving, await photos(book, 5))
    assert receiving.unique == list(range(1, 51))


async def test_replay_sends_again_from_an_event_under_the_same_ids(
    book: Book, sender: Daemon, receiving: Receiver
) -> None:
    made = await hook(receiving.url)
    head = await photos(book, 5)
    await shown(made, "cursor", head)
    await service.replay(made, 4)
    await until(lambda: _grown(receiving, 2 * head - 4 - 1))
    assert receiving.seqs == [*range(1, head + 1), *range(5, head + 1)]
    first = {sent.event["seq"]: sent.id for sent in receiving.sent[:head]}
    assert all(sent.id == first[sent.event["seq"]] for sent in receiving.sent[head:])


async def test_a_replay_wins_over_what_is_under_way(book: Book, sender: Daemon, receiving: Receiver) -> None:
    asked = threading.Event()

    def slow(request: Request, number: int) -> None:
        if number == 5:
            asked.wait(10)
        request.say(200)

    receiving.answers(slow)
    made = await hook(receiving.url)
    head = await photos(book, 5)
    await told(receiving, 6)
    await service.replay(made, 0)
    asked.set()
    await shown(made, "cursor", head)
    assert receiving.seqs == [*range(1, 7), *range(1, head + 1)]


async def test_events_that_are_kept_no_longer_are_said_to_be_gone(
    book: Book, start: Start, receiving: Receiver
) -> None:
    made = await hook(receiving.url, "uploaded")
    await photos(book, 3)
    await fetch("DELETE FROM ledger.events WHERE seq <= 4")
    start()
    await told(receiving, 6)
    reset, event = receiving.sent
    assert (reset.event["type"], reset.event["seq"], reset.event["first"]) == ("reset", 4, 5)
    assert reset.id == f"{reset.event['epoch']}:4:reset"
    assert (event.event["state"], event.event["seq"]) == ("uploaded", 6)
    await fetch("DELETE FROM ledger.events")
    await service.replay(made, 0)
    await until(lambda: _grown(receiving, 2))
    assert (receiving.sent[2].event["type"], receiving.sent[2].event["seq"]) == ("reset", 6)


@pytest.mark.long
async def test_a_postgres_that_restarts_only_delays(book: Book, sender: Daemon, receiving: Receiver, postgres) -> None:
    made = await hook(receiving.url)
    await told(receiving, await photos(book, 2))
    postgres.daemon.kill()
    await asyncio.sleep(0.3)
    await asyncio.to_thread(postgres.daemon.start)
    # The lock went with its connection: that sender ends, and is started again by whoever keeps it.
    await asyncio.sleep(2.5)
    await asyncio.to_thread(sender.start)
    head = await photos(book, 2)
    await shown(made, "cursor", head)
    assert receiving.unique == list(range(1, head + 1))
