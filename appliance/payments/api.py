"""`/profiles/{id}/payment`: who pays tells by which transaction; an operator marks what was paid otherwise."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Router, post

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.errors import BadRequest, NotFound
from appliance.ledger.database import fetch_one
from appliance.payments.service import Payments
from storage import layout

PATH = "/profiles/{profile_id:uuid}/payment"
NOTHING = "profile, or nothing of it is to be paid"
MOST_REFERENCE, MOST_NOTE = 200, 2000  # characters

_ON_ITS_WAY = """
SELECT p.user_id, e.id FROM profiles p JOIN profile_editions e ON e.profile = p.id
    AND e.state IN ('draft', 'awaiting_payment', 'in_review', 'processing')
WHERE p.id = $1
"""


class PaidBy(msgspec.Struct, forbid_unknown_fields=True):
    """The transaction's hash: 0x and 64 hexadecimal digits."""

    tx_hash: str


class Marked(msgspec.Struct, forbid_unknown_fields=True):
    """`reference`: by which the operator finds the payment again, each good once. `note`: for who pays to read."""

    reference: str
    note: str = ""


async def on_its_way(profile_id: UUID, caller: Caller) -> UUID:
    """The edition of this profile that is to be paid. Raises NotFound, also for who may not know of it."""
    found = await fetch_one(_ON_ITS_WAY, profile_id)
    if found is None:
        raise NotFound(f"There is no such {NOTHING}")
    caller.may_see(Whose(layout.USERS, found["user_id"]), NOTHING)
    edition: UUID = found["id"]
    return edition


@post(PATH, tags=["profiles"], opt={"limited": True}, status_code=200, summary="Tell by which transaction it is paid")
async def tell(profile_id: UUID, data: PaidBy, caller: Caller, payments: Payments) -> dict[str, Any]:
    """Looked at at once, if the chain answers soon. Whoever does not tell is found by the wallet, a little later."""
    return await payments.tell(await on_its_way(profile_id, caller), data.tx_hash)


@post(f"{PATH}/mark", tags=["profiles"], status_code=200, summary="Mark a payment as made that no chain knows of")
async def mark(profile_id: UUID, data: Marked, caller: Caller, payments: Payments) -> dict[str, Any]:
    caller.must_be_server()
    reference = data.reference.strip()
    if not 1 <= len(reference) <= MOST_REFERENCE:
        raise BadRequest("The reference is not valid", reference=f"1 to {MOST_REFERENCE} characters")
    if len(data.note) > MOST_NOTE:
        raise BadRequest("The note is not valid", note=f"{MOST_NOTE} characters at most")
    return await payments.mark(await on_its_way(profile_id, caller), reference, data.note, caller.name)


router = Router("/", route_handlers=[tell, mark])
