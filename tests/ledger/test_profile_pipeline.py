"""The gates, one after the other: where each sends what does not pass, and that nobody's word is lost between them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.ledger.database import fetch
from appliance.ledger.service import Failure
from appliance.payments.rpc import Node
from appliance.payments.service import Standing
from appliance.profiles import editions
from appliance.profiles.chores import ProfileChores
from appliance.profiles.editions import Edition
from appliance.profiles.form import Form
from appliance.profiles.states import State
from tests.ledger.book import Book
from tests.ledger.profile_model import FORM, World
from tests.ledger.test_profiles import picture


@pytest.fixture
async def world(book: Book) -> World:
    return await World.begun(book)


async def sent_in(world: World, form: Form = FORM) -> Edition:
    """An edition of anna's with a video that is a draft, as far as it gets."""
    assets = {"video": await picture(world.book, "anna", "video", "draft")}
    return await onward(world, await world.moves.open("anna", form, [], assets))


async def onward(world: World, edition_id: object) -> Edition:
    await world.pipeline.advance(edition_id)  # type: ignore[arg-type]
    return await editions.edition(edition_id)  # type: ignore[arg-type]


async def approved(world: World) -> Edition:
    one = await sent_in(world)
    await world.pay(0)
    await onward(world, one.id)
    await world.claim(0)
    await world.approve(0)
    return await editions.edition(one.id)


async def test_what_is_not_paid_in_time_expires_and_what_is_seen_on_the_chain_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.payments, "_node", Node("http://127.0.0.1:1"))
    one = await sent_in(world)
    assert one.state == State.AWAITING_PAYMENT
    await fetch("UPDATE profile_editions SET state_at = now() - interval '73 hours'")
    await fetch("UPDATE profile_payments SET status = 'seen', provider = 'evm', chain_id = 0")
    assert (await onward(world, one.id)).state == State.AWAITING_PAYMENT
    await fetch("UPDATE profile_payments SET status = 'due', provider = 'manual'")
    ended = await onward(world, one.id)
    assert (ended.state, ended.reason, ended.look_at) == (State.EXPIRED, "it was not paid in time", None)


async def test_who_has_not_paid_yet_is_looked_at_only_when_something_happens(world: World) -> None:
    one = await sent_in(world)
    assert one.look_at is not None
    assert 3000 < (one.look_at - datetime.now(UTC)).total_seconds() < 3700
    await fetch("UPDATE profile_editions SET state_at = now() - interval '71 hours 40 minutes'")
    one = await onward(world, one.id)
    assert one.look_at is not None
    assert 1000 < (one.look_at - datetime.now(UTC)).total_seconds() < 1300


async def test_a_form_that_is_no_longer_taken_is_turned_down_with_why(world: World) -> None:
    world.settings.now = replace(world.settings.now, profile_hashtags_most=1)
    one = await sent_in(world, Form("Anna", None, "", ["one", "two"], False))
    assert (one.state, one.reason) == (State.REJECTED, "1 at most, not 2")


async def test_a_word_that_is_forbidden_meanwhile_is_found_at_its_gate(world: World) -> None:
    await fetch("INSERT INTO forbidden_words (word, severity, language) VALUES ('gadget', 'block', 'en')")
    one = await sent_in(world, Form("Anna", None, "G4dget", [], False))
    assert one.state == State.REJECTED
    assert "gadget" in one.reason


async def test_media_are_made_in_full_only_once_it_is_approved(world: World) -> None:
    one = await sent_in(world)
    await world.pay(0)
    assert (await onward(world, one.id)).state == State.IN_REVIEW
    assert await world.book.state(one.media["video"]) == "done"
    await world.claim(0)
    await world.approve(0)
    assert (await onward(world, one.id)).state == State.PROCESSING
    assert await world.book.state(one.media["video"]) == "uploaded"
    await world.work(0)
    assert (await onward(world, one.id)).state == State.PUBLISHED


async def test_what_cannot_be_made_in_full_is_turned_down_with_why(world: World) -> None:
    one = await onward(world, (await approved(world)).id)
    await world.work_badly(0)
    ended = await onward(world, one.id)
    assert (ended.state, ended.reason) == (State.REJECTED, "This file can't be read.")


async def test_a_payment_that_is_undone_takes_it_back_and_needs_no_second_approval(world: World) -> None:
    one = await approved(world)
    await world.undo(0)
    back = await onward(world, one.id)
    assert back.state == State.AWAITING_PAYMENT
    await world.pay(0)
    assert (await onward(world, one.id)).state == State.PROCESSING
    steps = [step.target for step in await editions.history(one.id)]
    assert steps[-3:] == ["awaiting_payment", "in_review", "processing"]


async def test_a_word_said_while_the_gates_look_is_not_lost(world: World) -> None:
    """The gates note when to look again only where nobody has asked for a look since they looked."""
    one = await sent_in(world)
    before = await editions.edition(one.id)
    await fetch("UPDATE profile_editions SET look_at = now() + interval '1 microsecond' WHERE id = $1", one.id)
    await world.moves.stay(before, "nothing new", None)
    assert (await editions.edition(one.id)).look_at is not None


async def test_forty_that_take_it_on_at_once_take_each_step_once(world: World) -> None:
    one = await approved(world)
    await onward(world, one.id)
    await world.work(0)
    await asyncio.gather(*(world.pipeline.advance(one.id) for _ in range(40)))
    steps = [step.target for step in await editions.history(one.id)]
    assert steps == ["draft", "awaiting_payment", "in_review", "processing", "published"]


async def test_one_that_fails_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = await sent_in(world)
    good = await world.moves.open("ben", FORM, [], {"image": await picture(world.book, "ben")})
    await fetch("UPDATE profile_editions SET look_at = now()")
    fine = world.pipeline.advance

    async def advance(edition_id: object) -> None:
        assert edition_id != bad.id, "planted"
        await fine(edition_id)  # type: ignore[arg-type]

    monkeypatch.setattr(world.pipeline, "advance", advance)
    assert await world.pipeline.look() == 2
    assert (await editions.edition(good)).state == State.AWAITING_PAYMENT


async def test_a_payment_that_is_undone_just_behind_its_gate_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await sent_in(world)
    move = world.moves.move

    async def moved(edition: Edition, target: State, *more: object, **named: object) -> bool:
        done = await move(edition, target, *more, **named)  # type: ignore[arg-type]
        if target == State.IN_REVIEW:
            await world.undo(0)
        return done

    await world.pay(0)
    monkeypatch.setattr(world.moves, "move", moved)
    assert (await onward(world, one.id)).state == State.AWAITING_PAYMENT


async def test_a_payment_that_is_undone_before_the_step_is_no_fault(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await sent_in(world)

    async def standing(_: object) -> Standing:
        return Standing("confirmed", "")

    monkeypatch.setattr(world.payments, "standing", standing)  # as it was a moment ago
    assert (await onward(world, one.id)).state == State.AWAITING_PAYMENT


async def test_what_an_operator_can_mend_is_waited_for(world: World) -> None:
    one = await onward(world, (await approved(world)).id)
    claim = await world.book.ledger.claim(one.media["video"], 30)
    assert claim is not None
    await world.book.ledger.fail(claim, Failure("processing_failed", "It was tried several times.", "operator"))
    waits = await onward(world, one.id)
    assert (waits.state, waits.reason) == (State.PROCESSING, "It was tried several times.")
    await world.book.ledger.retry([one.media["video"]])
    await world.work(0)
    assert (await onward(world, one.id)).state == State.PUBLISHED


@pytest.mark.parametrize("status", ["seen", "confirmed"])
async def test_what_ended_long_ago_is_forgotten_but_what_was_paid_and_never_seen(world: World, status: str) -> None:
    chores = ProfileChores(world.moves, world.payments, world.book.ledger, world.settings)
    gone = await sent_in(world)
    paid = await world.moves.open("ben", FORM, [], {"image": await picture(world.book, "ben")})
    await onward(world, paid)
    await fetch("UPDATE profile_payments SET status = $2 WHERE edition = $1", paid, status)
    for profile in (gone.profile, (await editions.edition(paid)).profile):
        await world.moves.withdraw(profile)
    await fetch("UPDATE profile_editions SET dropped_at = now() - interval '364 days'")
    await chores.forget()
    assert len(await fetch("SELECT FROM profile_editions")) == 2
    await fetch("UPDATE profile_editions SET dropped_at = now() - interval '366 days'")
    await chores.forget()
    assert [row["id"] for row in await fetch("SELECT id FROM profile_editions")] == [paid]
