"""Files of a profile that was sent in: made in full once somebody has judged them, and who sees what of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from appliance.files import service
from appliance.files.service import DRAFT, File
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.ledger.states import State
from appliance.logs import log
from appliance.profiles.claims import path_of

_STANDING = "SELECT id, state::text AS state, recipe, error_message, error_fixer FROM ledger.assets WHERE id = ANY ($1)"
GONE = "a file of it was removed"
OPERATOR = "operator"
"""Who can mend an error that is no fault of the file."""


class For(StrEnum):
    """Who looks: its owner, who sees the original too; a moderator; everybody."""

    OWNER = "owner"
    MODERATOR = "moderator"
    PUBLIC = "public"


@dataclass(frozen=True)
class Ready:
    """All is made in full."""


@dataclass(frozen=True)
class Waiting:
    """Some of it is not, yet. `reason`: what an operator has to mend first; empty where it only takes its time."""

    reason: str = ""


@dataclass(frozen=True)
class Failed:
    """Some of it never will be, and why."""

    reason: str


Readiness = Ready | Waiting | Failed


async def develop(ledger: Ledger, assets: Sequence[UUID]) -> list[UUID]:
    """Sends those of them that are drafts to be made in full; which. Asking again is harmless."""
    sent = ledger.told(await fetch("SELECT * FROM ledger.develop($1)", list(assets)))
    if sent:
        log.info("drafts are made in full", assets=[str(asset) for asset in sent])
    return sent


async def readiness(assets: Sequence[UUID]) -> Readiness:
    """Whether all of them can be shown to everybody."""
    rows = {row["id"]: row for row in await fetch(_STANDING, list(assets))}
    found: list[Readiness] = [_standing(rows.get(asset)) for asset in assets]
    return max(found, key=_hindrance, default=Ready())


def _hindrance(one: Readiness) -> int:
    """The worst is what counts for all."""
    match one:
        case Failed():
            return 3
        case Waiting(reason):
            return 2 if reason else 1
    return 0


def _standing(row: Any) -> Readiness:
    if row is None or row["state"] in (State.DELETING, State.DELETED):
        return Failed(GONE)
    if row["state"] in (State.ERROR, State.EXPIRED):
        why = row["error_message"] or GONE
        return Waiting(why) if row["error_fixer"] == OPERATOR else Failed(why)
    return Ready() if row["state"] == State.DONE and row["recipe"] != DRAFT else Waiting()


async def drop_unreferenced(ledger: Ledger, editions: Sequence[UUID]) -> None:
    """Removes the media of editions that are not to be seen any more, and notes that. What another edition or an upload
    has stays; so does all of what is on its way, or seen.
    """
    dropped = ledger.told(await fetch("SELECT * FROM ledger.drop_profile_media($1)", list(editions)))
    log.info("media of old editions removed", editions=len(editions), assets=len(dropped))


async def shown(media: Mapping[str, UUID], whom: For, linker: Linker) -> dict[str, dict[str, Any]]:
    """Links to files by their roles, as `whom` may have them: of each the URLs by version, and for its owner also what
    it is named by, its state and its error. What is gone is left out.
    """
    return linked(media, await service.files(list(media.values())), whom, linker)


def linked(
    media: Mapping[str, UUID], files: Mapping[UUID, File], whom: For, linker: Linker
) -> dict[str, dict[str, Any]]:
    """The same of files that were read already."""
    found = {role: files[asset] for role, asset in media.items() if asset in files}
    if whom != For.OWNER:
        return {role: versions(role, file, whom, linker) for role, file in found.items()}
    return {
        role: {
            "path": path_of(file.id),
            **{name: value for name, value in file.shown(linker, full=False).items() if name in ("state", "error")},
            "preview": versions(role, file, whom, linker),
        }
        for role, file in found.items()
    }


def versions(role: str, file: File, whom: For, linker: Linker) -> dict[str, str]:
    """The URLs of what is there of a file by version. Who saves one finds it called by its role, never as it came."""
    made = linker.some(file.place, role, file.versions)
    if whom == For.OWNER and file.original is not None:
        made["original"] = linker.original(file.filename, file.original)
    return {name: version["url"] for name, version in made.items()}
