"""Who may see the files of a chat: seeing a file is seeing its message."""

from uuid import UUID

from appliance.accounts.callers import Caller
from appliance.errors import NotAllowed, NotFound
from appliance.files import service
from appliance.files.service import File
from appliance.ledger.database import fetch_one
from storage import layout

_ROLE = """
SELECT a.uploader = $3 AS own, EXISTS (SELECT FROM chat_attachments t WHERE t.asset = a.id) AS attached
FROM ledger.assets a JOIN chat_members m ON m.chat = a.owner AND m.user_id = $3
WHERE a.id = $1 AND a.owner = $2
"""


async def seen(
    file_id: UUID, caller: Caller, noun: str = "file", kind: str | None = None, change: bool = False
) -> File:
    """A file that this caller may know of; `change`: and may do something to. One of a chat may its members see, once a
    message has it; who sent it, at any time.

    Raises NotFound, also for what this caller may not know of, and NotAllowed for what is another member's.
    """
    found = await service.file(file_id, kind)
    if found.root != layout.CHATS or caller.owner is None:
        caller.may_see(found.whose, noun)
        return found
    person = None if caller.limited else caller.person  # a token for profiles opens no chat
    role = await fetch_one(_ROLE, file_id, found.owner, person) if person else None
    if role is None or not (role["own"] or role["attached"]):
        raise NotFound(f"There is no such {noun}")
    if change and not role["own"]:
        raise NotAllowed(f"This {noun} is another member's")
    return found
