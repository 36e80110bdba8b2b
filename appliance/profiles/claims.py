"""Whether a file is good for what a profile that is sent in names it for: pure, with why not in words."""

import re
from typing import NamedTuple
from uuid import UUID

from appliance.config import Config
from appliance.files.service import File
from appliance.ledger.states import EXPIRED_ERROR, State
from appliance.profiles.roles import Role
from processors import profiles

_PATH = re.compile(r"/profiles/uploads/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class Held(NamedTuple):
    """An upload of the user's, or what an edition has: for what it came, and whether its time is over."""

    role: str
    expired: bool


def path_of(asset: UUID) -> str:
    """What an upload is named by when a profile is sent in."""
    return f"/profiles/uploads/{asset}"


def asset_of(path: str) -> UUID | None:
    """The same the other way; None for what no upload is named by."""
    found = _PATH.fullmatch(path)
    return UUID(found[1]) if found else None


def wrong(role: Role, held: Held | None, file: File | None, config: Config) -> str | None:
    """Why a file is not good for this role. held: None for what this user does not have."""
    if held is None or file is None:
        return "this is the path of no upload of yours"
    if held.expired:
        return "this upload has run out; upload it again"
    if held.role != role.name:
        return f"this was uploaded as {held.role}"
    return _unready(file) or _unfit(role, file, config)


def _unready(file: File) -> str | None:
    match file.state:
        case State.DONE:
            return None
        case State.INIT:
            return "this file has not come yet"
        case State.UPLOADED | State.PROCESSING:
            return "this file is not ready yet"
        case State.EXPIRED:
            return EXPIRED_ERROR["message"]
    return file.error_message or "this file could not be processed"


def _unfit(role: Role, file: File, config: Config) -> str | None:
    if file.kind != role.profile.name:
        return f"this is of the kind {file.kind}; {role.profile.name} is wanted"
    if file.size is not None and file.size > role.most_bytes(config):
        return f"at most {role.most_bytes(config):,} bytes are taken"
    if role.profile == profiles.VIDEO:
        seconds, most = file.facts.get("seconds"), config.profile_video_seconds
        if seconds is None:
            return "how long this video is can't be told"
        if seconds > most:
            return f"this video has {seconds:.1f} seconds; at most {most} are taken"
    return None
