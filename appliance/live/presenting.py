"""Events as a reader gets them: facts from the log, links made for that reader, now."""

from typing import Any
from uuid import UUID

import msgspec

from appliance.accounts.whose import Whose
from appliance.files.service import DRAFT
from appliance.files.versions import Home, Linker, Original
from appliance.ledger import states
from appliance.live.cursor import Bounds
from appliance.live.progress import Progress
from appliance.live.service import Event
from storage import layout

PREVIEW = "preview"
"""The type of an event that tells of versions which are there before the rest."""
UNREAD = "unread"
"""The type of an event of a project that tells who has not read something, in which of its chats."""
PROFILE = "profile"
"""The type of an event that tells where a user's profile is; in a project's stream it is of many users."""


def present(event: Event, linker: Linker, for_server: bool = False) -> dict[str, Any]:
    """One event of an owner's stream. `done` carries the versions, `preview` those that are there before the rest; None
    once they are gone. What is of no file has its facts; who is in which chat is for servers alone.
    """
    told: dict[str, Any] = {
        "type": event.type,
        "seq": event.seq,
        **Whose(event.root, event.owner).told(),
        "at": event.at,
    }
    if event.type == UNREAD:
        return told | ({UNREAD: event.facts} if for_server else {})
    if event.type == PROFILE and event.root == layout.PROJECTS and not for_server:
        return told
    if event.asset is None:
        return told | event.facts
    told |= {"file_id": str(event.asset), "image_id": str(event.asset), "state": states.shown(event.state)}
    if event.state == states.State.DONE or event.type == PREVIEW:
        told["versions"] = _versions(event, linker)
    elif event.state == states.State.ERROR:
        told["error"] = {"code": event.facts.get("code"), "message": event.facts.get("message")}
    elif event.state == states.State.EXPIRED:
        told["error"] = states.EXPIRED_ERROR
    return told


def present_progress(asset: UUID, progress: Progress) -> dict[str, Any]:
    """How far the work on a file is. It has no `seq`: nobody needs it again who missed it."""
    told = {"type": "progress", "file_id": str(asset), "image_id": str(asset), "step": progress.step}
    return {**told, "percent": progress.percent, "left_seconds": progress.left}


def _versions(event: Event, linker: Linker) -> dict[str, Any] | None:
    if event.now is None or event.now in states.GONE or _replaced(event):
        return None
    assert event.asset is not None
    assert event.folder is not None
    if event.type == PREVIEW:
        place = Home(event.root, event.owner, event.folder, event.asset)
        return linker.some(place, event.filename or "", event.facts["versions"])
    original = None
    if event.key is not None and event.version_id is not None and event.size is not None:
        original = Original(event.key, event.version_id, event.size, event.sha256, event.facts["source"])
    place = Home(event.root, event.owner, event.folder, event.asset)
    return linker.all(place, event.kind or "", event.filename or "", original, event.facts["versions"])


def _replaced(event: Event) -> bool:
    """Whether it tells of a draft that was made in full since, of which a later event tells."""
    return bool(event.facts.get("draft")) and event.recipe != DRAFT and event.now == states.State.DONE


def hello(bounds: Bounds) -> dict[str, Any]:
    """The first message of a connection: where the stream stands."""
    return {"type": "hello", "seq": bounds.head, "first": bounds.first, "epoch": bounds.epoch}


def reset(bounds: Bounds) -> dict[str, Any]:
    """Told to a reader whose cursor can't be resumed: read the list, then go on from `seq`."""
    return {"type": "reset", "seq": bounds.head, "first": bounds.first, "epoch": bounds.epoch}


encode = msgspec.json.encode
