"""How a room is told to its members: to all of them the same."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from appliance.chats import messages
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.live.following import Page
from appliance.live.frames import Frame, OfOwner
from appliance.live.presenting import present, present_progress
from appliance.live.progress import Progress
from appliance.live.service import Event

_MEMBERS = """
SELECT m.user_id FROM chat_members m JOIN chats c ON c.id = m.chat AND c.deleted_at IS NULL
WHERE m.chat = $1 AND m.user_id = ANY ($2)
"""

Shown = Mapping[str, dict[str, Any]]  # messages by their ids


class OfRoom:
    """The stream of a chat: messages are told with what they say, and of files those that a message has."""

    def __init__(self, chat: str, made: Linker) -> None:
        self.key: Hashable = ("room", made.prefix)
        self._chat, self._made = chat, made

    async def frames(self, page: Page) -> list[Frame]:
        assets = {*(event.asset for event in page.events if event.asset), *page.progress}
        attached = await messages.attached(assets) if assets else {}
        said = await self._said(page.events)
        told = [
            Frame(partial(self._event, event, said), event.seq, event.asset)
            for event in page.events
            if event.asset is None or event.asset in attached
        ]
        for asset, word in page.progress.items():
            if asset in attached:
                told.append(Frame(partial(_progress, asset, word, attached[asset]), asset=asset))
        return told + [Frame(partial(_typing, person), by=person) for person in page.typing]

    async def staying(self, people: Collection[str]) -> Collection[str]:
        return await _members(self._chat, people)

    async def _said(self, events: Sequence[Event]) -> Shown:
        """The messages that events tell of."""
        ids = [UUID(event.facts["message_id"]) for event in events if event.type == "message"]
        shown = await messages.shown(await messages.some(self._chat, ids), self._made)
        return {one["message_id"]: one for one in shown}

    def _event(self, event: Event, said: Shown) -> dict[str, Any]:
        told = present(event, self._made)
        return told | {"message": said.get(told["message_id"])} if event.type == "message" else told


class OfMembers(OfOwner):
    """The stream of a chat as it is, for who is in it: what may be told of it was asked before."""

    def __init__(self, chat: str, made: Linker) -> None:
        super().__init__(made)
        self.key = ("members", made.prefix)
        self._chat = chat

    async def staying(self, people: Collection[str]) -> Collection[str]:
        return await _members(self._chat, people)


async def _members(chat: str, people: Collection[str]) -> Collection[str]:
    return {row["user_id"] for row in await fetch(_MEMBERS, chat, list(people))}


def _progress(asset: UUID, word: Progress, message: UUID) -> dict[str, Any]:
    return {**present_progress(asset, word), "message_id": str(message)}


def _typing(person: str) -> dict[str, Any]:
    return {"type": "typing", "user_id": person}
