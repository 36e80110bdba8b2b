"""What the API answers where handlers build it from rows: JSON schemas by name, and which operation gives which."""

from collections.abc import Iterable
from typing import Any

from appliance.accounts.owners import EVERY, OF_PEOPLE
from appliance.files.versions import ANY, NAMES
from appliance.ledger.states import SHOWN
from appliance.profiles.roles import ROLES
from appliance.profiles.states import State
from appliance.settings.tables import Action, Layer
from appliance.webhooks.service import EVENTS

Schema = dict[str, Any]
Answers = dict[str, dict[str, str]]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
UUID: Schema = {"type": "string", "format": "uuid"}


def _or_null(schema: Schema) -> Schema:
    return {"oneOf": [schema, {"type": "null"}]}


def _some(**properties: Schema) -> Schema:
    """An object that may have these."""
    return {"type": "object", "properties": properties}


def _all(**properties: Schema) -> Schema:
    """An object that has all of these."""
    return {**_some(**properties), "required": list(properties)}


def _owned(**properties: Schema) -> Schema:
    """Such an object that is a project's or a user's."""
    told = _all(**properties)
    told["properties"] |= {owners.noun + "_id": TEXT for owners in EVERY.values()}
    return {**told, "oneOf": [{"required": [owners.noun + "_id"]} for owners in EVERY.values()]}


def _of(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str) -> Schema:
    return {"type": "array", "items": _of(name)}


ERROR = _or_null(_all(code=_or_null(TEXT), message=_or_null(TEXT)))
_IMAGE: dict[str, Schema] = {
    "file_id": UUID,
    "image_id": UUID,
    "progress_id": UUID,
    "kind": TEXT,
    "state": {"enum": list(SHOWN)},
    "filename": TEXT,
    "created_at": TIME,
    "error": ERROR,
    "facts": _or_null({"type": "object"}),
}
_WEBHOOK: dict[str, Schema] = {
    "id": UUID,
    "project_id": TEXT,
    "url": TEXT,
    "events": {"type": "array", "items": {"enum": list(EVENTS)}},
    "state": {"enum": ["ok", "failing", "disabled"]},
    "created_at": TIME,
    "cursor": COUNT,
    "head": COUNT,
    "failures": COUNT,
    "failing_since": _or_null(TIME),
    "last_error": _or_null(TEXT),
    "next_attempt_at": _or_null(TIME),
    "disabled_at": _or_null(TIME),
    "disabled_reason": _or_null(TEXT),
}
# What an entry of a timeline has beside `at` and `what`, each where it belongs to that.
_TOLD: dict[str, Schema] = {
    "expires_at": TIME,
    "signal": TEXT,
    "seq": COUNT,
    "code": TEXT,
    "message": TEXT,
    "fixer": TEXT,
    "attempt": COUNT,
    "worker": _or_null(TEXT),
    "outcome": _or_null(TEXT),
    "webhook": UUID,
    "status": _or_null(COUNT),
    "error": _or_null(TEXT),
    "milliseconds": COUNT,
}
# A round through storage: a heal, or a scrub.
_ROUND: dict[str, Schema] = {
    **dict.fromkeys(
        ("id", "slices", "slices_done", "expected", "looked", "mended", "unhealed", "waiting", "bytes"), COUNT
    ),
    **dict.fromkeys(("why", "bucket", "after", "trouble"), TEXT),
    **dict.fromkeys(("worked", "rate", "share"), NUMBER),
    "doing": {"type": "array", "items": TEXT},
    "kind": {"enum": ["heal", "scrub"]},
    "deep": YES_OR_NO,
    "asked_at": TIME,
    **dict.fromkeys(("since", "began_at", "ended_at"), _or_null(TIME)),
    "seconds_left": _or_null(NUMBER),
}
_DRIVE: dict[str, Schema] = {
    **dict.fromkeys(("node", "path", "uuid", "state"), TEXT),
    **dict.fromkeys(("pool", "set"), WHOLE),
    **dict.fromkeys(("free", "total"), COUNT),
    "filling": _or_null({"type": "object"}),
}
_SET: dict[str, Schema] = {
    **dict.fromkeys(("name", "margin"), TEXT),
    **dict.fromkeys(("pool", "set", "drives", "parity", "versions_parity", "away"), COUNT),
    **dict.fromkeys(("writes_margin", "reads_margin"), WHOLE),
}
ANYTHING: Schema = {"description": "What the setting's kind is written as in JSON"}
_SETTING: dict[str, Schema] = {
    **dict.fromkeys(("key", "kind", "unit", "bounds", "changes", "variable"), TEXT),
    **dict.fromkeys(("value", "default"), ANYTHING),
    "from": {"enum": list(Layer)},
    **dict.fromkeys(("pending", "secret"), YES_OR_NO),
    **dict.fromkeys(("least", "most"), _or_null(NUMBER)),
    "set_by": _or_null(TEXT),
    "set_at": _or_null(TIME),
}
_SYNCED: dict[str, Schema] = {"generation": COUNT, "changed": {"type": "array", "items": TEXT}}
_FORM: dict[str, Schema] = {
    "name": TEXT,
    "url": _or_null(TEXT),
    "activity_hobbies": TEXT,
    "hashtags": {"type": "array", "items": TEXT},
    "is_incognito": YES_OR_NO,
}
_FLAGS: Schema = {"type": "array", "items": {"type": "object"}}
_MEDIA: Schema = {"type": "object", "description": "image, logo and video, each with its versions, those there are"}
_PAST: Schema = {"type": "array", "items": _all(at=TIME, who=TEXT, state={"enum": list(State)}, reason=TEXT)}
_CLAIMED: dict[str, Schema] = {"claimed_by": _or_null(TEXT), "claimed_until": _or_null(TIME)}
_BOUNDS: dict[str, Schema] = {"seq": COUNT, "first": COUNT, "epoch": TEXT}

SCHEMAS: dict[str, Schema] = {
    "Owner": _all(id=TEXT, name=TEXT, created_at=TIME),
    "Projects": _all(projects=_list("Owner"), next_cursor=_or_null(TEXT)),
    "Users": _all(users=_list("Owner"), next_cursor=_or_null(TEXT)),
    "Folder": _all(path=TEXT, created_at=TIME),
    "Folders": _all(folders=_list("Folder"), next_cursor=_or_null(TEXT)),
    "Version": _all(
        url=TEXT,
        width=_or_null(COUNT),
        height=_or_null(COUNT),
        bytes=COUNT,
        content_type=_or_null(TEXT),
        sha256=_or_null(TEXT),
    ),
    # None for what is not there (yet).
    "Versions": _all(**dict.fromkeys(NAMES["image"], _or_null(_of("Version")))),
    "Links": _all(**dict.fromkeys(NAMES["image"], _or_null(TEXT))),
    # Which of them there can be depends on the kind.
    "FileVersions": _some(**dict.fromkeys(ANY, _or_null(_of("Version")))),
    "FileLinks": _some(**dict.fromkeys(ANY, _or_null(TEXT))),
    "File": _owned(**_IMAGE, versions=_of("FileVersions")),
    "ListedFile": _owned(**_IMAGE, versions={"anyOf": [_of("FileLinks"), _of("FileVersions")]}),
    "BundleProgress": _all(
        file_id=UUID,
        state={"enum": ["none", "building", "done", "error"]},
        percent=NUMBER,
        error=ERROR,
        bundle=_or_null(_of("Version")),
    ),
    "Page": _all(file_id=UUID, page={"type": "integer", "minimum": 1}, pages=COUNT, versions=_of("FileVersions")),
    "Files": _all(files=_list("ListedFile"), next_cursor=_or_null(TEXT)),
    "Image": _owned(**_IMAGE, versions=_of("Versions")),
    "ListedImage": _owned(**_IMAGE, versions={"anyOf": [_of("Links"), _of("Versions")]}),
    "Images": _all(images=_list("ListedImage"), next_cursor=_or_null(TEXT)),
    "Chat": _all(
        chat_id=TEXT,
        title=TEXT,
        project_id=_or_null(TEXT),
        created_at=TIME,
        seq=COUNT,
        read_seq=_or_null(COUNT),
        unread=_or_null(COUNT),
        retention_days=_or_null(COUNT),
        hold=_or_null(_all(reason=TEXT, since=TIME)),
    ),
    "Chats": _all(chats=_list("Chat"), next_cursor=_or_null(TEXT)),
    "Member": _all(user_id=TEXT, joined_at=TIME, read_seq=COUNT),
    "Members": _all(members=_list("Member"), next_cursor=_or_null(TEXT)),
    "Message": _all(
        message_id=UUID,
        chat_id=TEXT,
        seq=COUNT,
        author=_or_null(TEXT),
        client_id=_or_null(TEXT),
        text=TEXT,
        created_at=TIME,
        deleted=YES_OR_NO,
        # What is gone has no more than its id and its state.
        attachments={"type": "array", "items": _some(**_IMAGE, path=TEXT) | {"required": ["file_id", "state"]}},
    ),
    "Attachment": _owned(**_IMAGE, path=TEXT, versions=_of("FileVersions")),
    "Messages": _all(messages=_list("Message"), next_before=_or_null(UUID)),
    "Profile": _all(
        profile_id=UUID,
        **_FORM | {"name": _or_null(TEXT)},
        wallet=_or_null(TEXT),
        published_at=TIME,
        media=_MEDIA,
    ),
    "Profiles": _all(profiles=_list("Profile"), next_cursor=_or_null(TEXT)),
    "Edition": _all(
        edition_id=UUID,
        state={"enum": list(State)},
        reason=TEXT,
        **_FORM,
        media=_MEDIA,
        payment=_or_null({"type": "object"}),
        history=_PAST,
    ),
    "OwnProfile": _all(profile_id=UUID, published=_or_null(_of("Profile")), edition=_of("Edition")),
    "Moderated": _all(
        edition_id=UUID,
        profile_id=UUID,
        state={"enum": list(State)},
        since=TIME,
        **_FORM,
        flags=_FLAGS,
        **_CLAIMED,
        media=_MEDIA,
        wallet=_or_null(TEXT),
        published=_or_null(_of("Profile")),
        payment=_or_null({"type": "object"}),
        history=_PAST,
    ),
    "Waiting": _all(edition_id=UUID, profile_id=UUID, name=TEXT, since=TIME, flags=COUNT, **_CLAIMED),
    "Queue": _all(moderator=TEXT, waiting=_list("Waiting"), next_cursor=_or_null(TEXT)),
    "Decided": _all(
        id=COUNT, at=TIME, moderator=TEXT, edition_id=UUID, profile_id=UUID, state=TEXT, reason=TEXT, name=TEXT
    ),
    "Decisions": _all(decisions=_list("Decided"), next_cursor=_or_null(COUNT)),
    "ForbiddenWords": _all(words=_list("ForbiddenWord"), next_cursor=_or_null(COUNT)),
    "Event": _owned(
        type=TEXT,
        seq={"type": "integer", "minimum": 1},
        file_id=UUID,
        image_id=UUID,
        state=_or_null({"enum": [*SHOWN, *State, "deleted"]}),  # of a file, or of a profile
        profile_id=UUID,
        edition_id=UUID,
        reason=TEXT,
        payment=_or_null(_all(status=TEXT, confirmations=COUNT)),
        at=TIME,
        unread=_all(chat_id=TEXT, user_id=TEXT, seq=COUNT, since=TIME, messages=COUNT),
    )
    | {
        "required": ["type", "seq", "at"],  # what is of no file has no more
        "description": "`done` has `versions`, null once the photo is gone; an error has `error`",
    },
    "Progress": _all(
        **{name: _IMAGE[name] for name in ("progress_id", "file_id", "kind", "state", "error")},
        versions=_of("FileVersions"),
        step=_or_null(TEXT),
        percent=NUMBER,
        left_seconds=_or_null(NUMBER),
    ),
    "Events": _all(type={"const": "hello"}, **_BOUNDS, events=_list("Event"), next=COUNT),
    "Notifications": _all(notifications=_list("Event"), cursor=TEXT, more=YES_OR_NO),
    "Behind": _all(type={"const": "reset"}, cursor=TEXT),
    "Reset": _all(type={"const": "reset"}, **_BOUNDS),
    "Retried": _all(
        retried=COUNT,
        by_code={"type": "object", "additionalProperties": COUNT},
        without_file=COUNT,
        more={"type": "boolean"},
    ),
    "Usage": _all(
        slots=COUNT, files=COUNT, bytes=COUNT, limits=_all(slots=COUNT, files=COUNT, bytes=COUNT, requests=COUNT)
    ),
    "Webhook": _all(**_WEBHOOK),
    "MadeWebhook": _all(**_WEBHOOK, secret=TEXT),
    "Webhooks": _all(webhooks=_list("Webhook")),
    "Delivery": _all(
        id=COUNT,
        seq=COUNT,
        at=TIME,
        milliseconds=COUNT,
        status=_or_null(COUNT),
        error=_or_null(TEXT),
        message_id=TEXT,
        image_id=_or_null(UUID),
    ),
    "Deliveries": _all(deliveries=_list("Delivery"), next_cursor=_or_null(COUNT)),
    "TimelineEntry": {**_some(at=TIME, what=TEXT, **_TOLD), "required": ["at", "what"], "additionalProperties": False},
    "TimelineVersion": _all(
        name=TEXT,  # ANY, and what was made on request
        width=COUNT,
        height=COUNT,
        bytes=COUNT,
        content_type=TEXT,
        sha256=TEXT,
        source_sha256=_or_null(TEXT),
        recipe_hash=_or_null(TEXT),
    ),
    "Timeline": _all(
        asset_id=UUID,
        root=TEXT,
        owner=TEXT,
        kind=TEXT,
        filename=TEXT,
        state=_or_null({"enum": list(SHOWN)}),
        source=_or_null(_all(bytes=COUNT, sha256=_or_null(TEXT))),
        versions=_list("TimelineVersion"),
        entries=_list("TimelineEntry"),
        more={"type": "boolean"},
    ),
    "StorageNode": _all(name=TEXT, online=YES_OR_NO, uptime=NUMBER, drives=COUNT),
    "StorageDrive": _all(**_DRIVE),
    "ErasureSet": _all(**_SET)
    | {"description": "A margin says how many more drives may fail; it is negative by as many as are lacking"},
    "Round": _all(**_ROUND),
    "Finding": _all(level={"enum": ["watch", "act"]}, code=TEXT, what=TEXT, risk=TEXT, next=TEXT),
    "Lane": _all(lane=TEXT, waiting=COUNT, oldest_seconds=NUMBER, waited_seconds=NUMBER),
    "Cluster": _all(
        at=NUMBER,
        act=YES_OR_NO,
        silence=TEXT,
        nodes=_list("StorageNode"),
        drives=_list("StorageDrive"),
        sets=_list("ErasureSet"),
        nodes_margin=TEXT,
        fullest=_or_null(_of("StorageDrive")),
        findings=_list("Finding"),
        round=_or_null(_of("Round")),
        last_heal=_or_null(_of("Round")),
        last_scrub=_or_null(_of("Round")),
        next_scrub=_or_null(NUMBER),
        unhealed={"type": "object", "additionalProperties": COUNT},
        backlog=_list("Lane"),
        growth=_or_null(_all(bytes_a_day=NUMBER, measured_days=NUMBER, days_until_full=_or_null(NUMBER))),
        oldest_upload=_or_null(NUMBER),
        backup=_or_null({"type": "object"}),
        drill=_or_null({"type": "object"}),
    ),
    "Setting": _all(**_SETTING),
    "Settings": _all(generation=COUNT, settings=_list("Setting")),
    "SettingsSynced": _all(**_SYNCED),
    "SettingsRolledBack": _all(key=TEXT, **_SYNCED),
    "SettingsEntry": _all(
        id=COUNT,
        at=TIME,
        who=TEXT,
        via=TEXT,
        action={"enum": list(Action)},
        generation=_or_null(COUNT),
        undoes=_or_null(COUNT),
        **dict.fromkeys(("layer", "key", "old", "new", "note"), _or_null(TEXT)),
    ),
    "SettingsHistory": _all(history=_list("SettingsEntry"), next_cursor=_or_null(COUNT)),
    "ProfileUpload": _all(
        role={"enum": list(ROLES)},
        path=TEXT,
        **{name: _IMAGE[name] for name in ("state", "error", "kind", "facts")},
        preview={"type": "object", "additionalProperties": TEXT},
        expires_at=_or_null(TIME),
    ),
    "ProfileUploads": _all(uploads=_list("ProfileUpload")),
    "Payment": _all(
        provider={"enum": ["evm", "manual", "none"]},
        status={"enum": ["due", "seen", "confirmed", "waived"]},
        **dict.fromkeys(("reason", "amount", "symbol"), TEXT),
        **dict.fromkeys(("recipient", "token", "payer", "tx_hash"), _or_null(TEXT)),
        chain_id=_or_null(COUNT),
        **dict.fromkeys(("decimals", "confirmations", "confirmations_needed"), COUNT),
    ),
    "Health": _all(status={"const": "ok"}),
    "Readiness": _all(status={"enum": ["ok", "failing"]}, parts={"type": "object"}),
}


def _of_owners(method: str, path: str, answers: dict[str, str], roots: Iterable[str] = OF_PEOPLE) -> Answers:
    """The same below each of these roots."""
    return {f"{method} /{root}/{{owner_id}}{path}": answers for root in roots}


# Operation → status → what it answers.
ANSWERS: Answers = {
    "get /projects": {"200": "Projects"},
    "get /users": {"200": "Users"},
    "post /chats": {"201": "Chat"},
    "get /chats": {"200": "Chats"},
    "get /chats/{owner_id}": {"200": "Chat"},
    "put /chats/{owner_id}/retention": {"200": "Chat"},
    "put /chats/{owner_id}/hold": {"200": "Chat"},
    "get /chats/{owner_id}/members": {"200": "Members"},
    "get /chats/{owner_id}/messages": {"200": "Messages"},
    "post /chats/{owner_id}/messages": {"200": "Message", "201": "Message"},
    "post /chats/{owner_id}/file": {"200": "Message", "201": "Message"},
    "get /chats/{owner_id}/file/{file_id}": {"200": "Attachment"},
    "put /chats/{owner_id}/file/{file_id}": {"200": "Message", "201": "Message"},
    "post /profiles": {"201": "OwnProfile"},
    "get /profiles": {"200": "Profiles"},
    "get /profiles/mine": {"200": "OwnProfile"},
    "get /profiles/{profile_id}": {"200": "Profile"},
    "put /profiles/{profile_id}": {"200": "OwnProfile"},
    "get /moderation/queue": {"200": "Queue"},
    "get /moderation/history": {"200": "Decisions"},
    "get /moderation/editions/{edition_id}": {"200": "Moderated"},
    **{
        f"post /moderation/editions/{{edition_id}}/{what}": {"200": "Moderated"}
        for what in ("claim", "release", "approve", "reject")
    },
    "get /words": {"200": "ForbiddenWords"},
    **{f"post /{root}": {"201": "Owner"} for root in OF_PEOPLE},
    **_of_owners("get", "", {"200": "Owner"}),
    **_of_owners("get", "/images", {"200": "Images"}),
    **_of_owners("get", "/files", {"200": "Files"}),
    "get /files/{file_id}": {"200": "File"},
    "post /files/{file_id}/bundle": {"202": "BundleProgress"},
    "get /files/{file_id}/bundle/progress": {"200": "BundleProgress"},
    "get /files/{file_id}/pages/{page}": {"200": "Page"},
    "post /files/{file_id}/complete": {"200": "File"},
    "post /files/{file_id}/cancel": {"200": "File"},
    "post /files/{file_id}/retry": {"200": "File"},
    "put /files/{file_id}/content": {"200": "File"},
    **_of_owners("post", "/retry", {"200": "Retried"}),
    **_of_owners("get", "/events", {"200": "Events", "410": "Reset"}),
    "get /notifications": {"200": "Notifications", "410": "Behind"},
    "get /progress/{progress_id}": {"200": "Progress"},
    **_of_owners("get", "/usage", {"200": "Usage"}, EVERY),
    **_of_owners("put", "/limits", {"200": "Usage"}, EVERY),
    "get /folders": {"200": "Folders"},
    "get /folders/{root}": {"200": "Folders"},
    "get /folders/{root}/{owner_id}": {"200": "Folders"},
    "get /folders/{root}/{owner_id}/{name}": {"200": "Files"},
    "get /images/{file_id}": {"200": "Image"},
    "post /images/{file_id}/uploaded": {"200": "Image"},
    "post /images/{file_id}/cancel": {"200": "Image"},
    "post /images/{file_id}/retry": {"200": "Image"},
    "get /projects/{project_id}/webhooks": {"200": "Webhooks"},
    "post /projects/{project_id}/webhooks": {"201": "MadeWebhook"},
    "get /webhooks/{webhook_id}": {"200": "Webhook"},
    "post /webhooks/{webhook_id}/replay": {"200": "Webhook"},
    "get /webhooks/{webhook_id}/deliveries": {"200": "Deliveries"},
    "get /assets/{asset_id}/timeline": {"200": "Timeline"},
    "get /cluster": {"200": "Cluster"},
    "get /settings": {"200": "Settings"},
    "get /settings/history": {"200": "SettingsHistory"},
    "post /settings/sync": {"200": "SettingsSynced"},
    "post /settings/rollback": {"200": "SettingsRolledBack"},
    "get /settings/{key}": {"200": "Setting"},
    "put /settings/{key}": {"200": "Setting"},
    "get /profiles/uploads": {"200": "ProfileUploads"},
    "get /profiles/uploads/{file_id}": {"200": "ProfileUpload"},
    "post /profiles/{profile_id}/payment": {"200": "Payment"},
    "post /profiles/{profile_id}/payment/mark": {"200": "Payment"},
    "get /healthz": {"200": "Health"},
    "get /readyz": {"200": "Readiness", "503": "Readiness"},
}
WHY = {"410": "This cursor can't be resumed: reload, and go on from `seq`", "503": "A part does not answer"}
