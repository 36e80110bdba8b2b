"""The gates that an edition goes through, in their order. Each looks and says what it decides; none moves anything, but
the last, which shows it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from appliance.config import Settings
from appliance.errors import BadRequest
from appliance.ledger.service import Ledger
from appliance.payments.service import Payments
from appliance.profiles import form as forms
from appliance.profiles import media
from appliance.profiles.decisions import Decision, Leave, Pass, Wait
from appliance.profiles.editions import Edition, Editions
from appliance.profiles.media import Ready, Waiting
from appliance.profiles.states import State
from appliance.profiles.words import service as words

WAIVED, UNSET = "waived", "unset"  # of a payment: not asked for; not possible as the settings are
UNPAID_SECONDS = 60.0, 3600.0  # at least and at most between two looks at what nobody has paid; what is new rings
MAKING_SECONDS = 1.0  # the same for whether the media are made
MENDING_SECONDS = 15.0  # the same for whether an operator has had them tried again


@dataclass(frozen=True)
class Ground:
    """What the gates stand on."""

    editions: Editions
    payments: Payments
    ledger: Ledger
    settings: Settings


async def form(one: Edition, ground: Ground) -> Decision:
    try:
        forms.checked(one.form.raw(), ground.settings.now.profile_hashtags_most)
    except BadRequest as error:
        return Leave(State.REJECTED, "; ".join(error.fields.values()) or error.detail)
    return Pass()


async def hashtags(one: Edition, ground: Ground) -> Decision:
    found = await words.judged(one.form)
    if found.blocked:
        return Leave(State.REJECTED, "; ".join(one.why for one in found.blocked))
    return Pass()


async def payment(one: Edition, ground: Ground) -> Decision:
    await ground.payments.quote(one.id, one.user_id)
    standing = await ground.payments.standing(one.id)
    if standing.good:
        return Pass("let through without a payment, as payment_provider says" if standing.status == WAIVED else "")
    ends = one.state_at + timedelta(hours=ground.settings.now.profile_payment_hours)
    if one.state == State.AWAITING_PAYMENT and await ground.payments.missed(one.id, ends):
        return Leave(State.EXPIRED, "it was not paid in time")
    least, most = UNPAID_SECONDS
    left = 0.0 if standing.status == UNSET else (ends - datetime.now(UTC)).total_seconds()
    return Wait(standing.reason, min(most, max(least, left)))


async def moderation(one: Edition, _: Ground) -> Decision:
    return Pass() if one.approved_by else Wait("a moderator is going to look at it")


async def process(one: Edition, ground: Ground) -> Decision:
    files = list(one.media.values())
    await media.develop(ground.ledger, files)
    match await media.readiness(files):
        case Ready():
            return Pass()
        case Waiting(reason):
            return Wait(reason, MENDING_SECONDS) if reason else Wait("its media are being made", MAKING_SECONDS)
        case failed:
            return Leave(State.REJECTED, failed.reason)


async def publish(one: Edition, ground: Ground) -> Decision:
    return Pass() if await ground.editions.publish(one) else Wait("it is looked at again", MAKING_SECONDS)


@dataclass(frozen=True)
class Gate:
    """One of them. state: in which an edition stands before it."""

    name: str
    state: State
    asks: Callable[[Edition, Ground], Awaitable[Decision]]


GATES = (
    Gate("form", State.DRAFT, form),
    Gate("hashtags", State.DRAFT, hashtags),
    Gate("payment", State.AWAITING_PAYMENT, payment),
    Gate("moderation", State.IN_REVIEW, moderation),
    Gate("process", State.PROCESSING, process),
    Gate("publish", State.PROCESSING, publish),
)
"""A payment may be undone while one waits behind it, so from there on all are asked anew, each time."""
