"""What the API answers where handlers build it from rows: JSON schemas by name, and which operation gives which."""

from collections.abc import Iterable

from appliance.accounts.owners import EVERY, OF_PEOPLE
from appliance.files.versions import ANY, NAMES
from appliance.ledger.states import SHOWN
from appliance.profiles import shapes as profiles
from appliance.profiles.states import State
from appliance.schemas import (
    COUNT,
    ERROR,
    NUMBER,
    TEXT,
    TIME,
    UUID,
    WHOLE,
    YES_OR_NO,
    Answers,
    Schema,
    all_of,
    list_of,
    of,
    or_null,
    some,
)
from appliance.settings.tables import Action, Layer
from appliance.webhooks.service import EVENTS


def _owned(**properties: Schema) -> Schema:
    """Such an object that is a project's or a user's."""
    told = all_of(**properties)
    told["properties"] |= {owners.noun + "_id": TEXT for owners in EVERY.values()}
    return {**told, "oneOf": [{"required": [owners.noun + "_id"]} for owners in EVERY.values()]}


_IMAGE: dict[str, Schema] = {
    "file_id": UUID,
    "image_id": UUID,
    "progress_id": UUID,
    "kind": TEXT,
    "state": {"enum": list(SHOWN)},
    "filename": TEXT,
    "created_at": TIME,
    "error": ERROR,
    "facts": or_null({"type": "object"}),
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
    "failing_since": or_null(TIME),
    "last_error": or_null(TEXT),
    "next_attempt_at": or_null(TIME),
    "disabled_at": or_null(TIME),
    "disabled_reason": or_null(TEXT),
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
    "worker": or_null(TEXT),
    "outcome": or_null(TEXT),
    "webhook": UUID,
    "status": or_null(COUNT),
    "error": or_null(TEXT),
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
    **dict.fromkeys(("since", "began_at", "ended_at"), or_null(TIME)),
    "seconds_left": or_null(NUMBER),
}
_DRIVE: dict[str, Schema] = {
    **dict.fromkeys(("node", "path", "uuid", "state"), TEXT),
    **dict.fromkeys(("pool", "set"), WHOLE),
    **dict.fromkeys(("free", "total"), COUNT),
    "filling": or_null({"type": "object"}),
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
    **dict.fromkeys(("least", "most"), or_null(NUMBER)),
    "set_by": or_null(TEXT),
    "set_at": or_null(TIME),
}
_SYNCED: dict[str, Schema] = {"generation": COUNT, "changed": {"type": "array", "items": TEXT}}
_BOUNDS: dict[str, Schema] = {"seq": COUNT, "first": COUNT, "epoch": TEXT}

SCHEMAS: dict[str, Schema] = {
    **profiles.SCHEMAS,
    "Owner": all_of(id=TEXT, name=TEXT, created_at=TIME),
    "Projects": all_of(projects=list_of("Owner"), next_cursor=or_null(TEXT)),
    "Users": all_of(users=list_of("Owner"), next_cursor=or_null(TEXT)),
    "Folder": all_of(path=TEXT, created_at=TIME),
    "Folders": all_of(folders=list_of("Folder"), next_cursor=or_null(TEXT)),
    "Version": all_of(
        url=TEXT,
        width=or_null(COUNT),
        height=or_null(COUNT),
        bytes=COUNT,
        content_type=or_null(TEXT),
        sha256=or_null(TEXT),
    ),
    # None for what is not there (yet).
    "Versions": all_of(**dict.fromkeys(NAMES["image"], or_null(of("Version")))),
    "Links": all_of(**dict.fromkeys(NAMES["image"], or_null(TEXT))),
    # Which of them there can be depends on the kind.
    "FileVersions": some(**dict.fromkeys(ANY, or_null(of("Version")))),
    "FileLinks": some(**dict.fromkeys(ANY, or_null(TEXT))),
    "File": _owned(**_IMAGE, versions=of("FileVersions")),
    "ListedFile": _owned(**_IMAGE, versions={"anyOf": [of("FileLinks"), of("FileVersions")]}),
    "BundleProgress": all_of(
        file_id=UUID,
        state={"enum": ["none", "building", "done", "error"]},
        percent=NUMBER,
        error=ERROR,
        bundle=or_null(of("Version")),
    ),
    "Page": all_of(file_id=UUID, page={"type": "integer", "minimum": 1}, pages=COUNT, versions=of("FileVersions")),
    "Files": all_of(files=list_of("ListedFile"), next_cursor=or_null(TEXT)),
    "Image": _owned(**_IMAGE, versions=of("Versions")),
    "ListedImage": _owned(**_IMAGE, versions={"anyOf": [of("Links"), of("Versions")]}),
    "Images": all_of(images=list_of("ListedImage"), next_cursor=or_null(TEXT)),
    "Chat": all_of(
        chat_id=TEXT,
        title=TEXT,
        project_id=or_null(TEXT),
        created_at=TIME,
        seq=COUNT,
        read_seq=or_null(COUNT),
        unread=or_null(COUNT),
        retention_days=or_null(COUNT),
        hold=or_null(all_of(reason=TEXT, since=TIME)),
    ),
    "Chats": all_of(chats=list_of("Chat"), next_cursor=or_null(TEXT)),
    "Member": all_of(user_id=TEXT, joined_at=TIME, read_seq=COUNT),
    "Members": all_of(members=list_of("Member"), next_cursor=or_null(TEXT)),
    "Message": all_of(
        message_id=UUID,
        chat_id=TEXT,
        seq=COUNT,
        author=or_null(TEXT),
        client_id=or_null(TEXT),
        text=TEXT,
        created_at=TIME,
        deleted=YES_OR_NO,
        # What is gone has no more than its id and its state.
        attachments={"type": "array", "items": some(**_IMAGE, path=TEXT) | {"required": ["file_id", "state"]}},
    ),
    "Attachment": _owned(**_IMAGE, path=TEXT, versions=of("FileVersions")),
    "Messages": all_of(messages=list_of("Message"), next_before=or_null(UUID)),
    "Event": _owned(
        type=TEXT,
        seq={"type": "integer", "minimum": 1},
        file_id=UUID,
        image_id=UUID,
        state=or_null({"enum": [*SHOWN, *State, "deleted"]}),  # of a file, or of a profile
        profile_id=UUID,
        edition_id=UUID,
        reason=TEXT,
        payment=or_null(all_of(status=TEXT, confirmations=COUNT)),
        at=TIME,
        unread=all_of(chat_id=TEXT, user_id=TEXT, seq=COUNT, since=TIME, messages=COUNT),
    )
    | {
        "required": ["type", "seq", "at"],  # what is of no file has no more
        "description": "`done` has `versions`, null once the photo is gone; an error has `error`",
    },
    "Progress": all_of(
        **{name: _IMAGE[name] for name in ("progress_id", "file_id", "kind", "state", "error")},
        versions=of("FileVersions"),
        step=or_null(TEXT),
        percent=NUMBER,
        left_seconds=or_null(NUMBER),
    ),
    "Events": all_of(type={"const": "hello"}, **_BOUNDS, events=list_of("Event"), next=COUNT),
    "LibraryEvent": some(
        type={"enum": ["state", "step"]},
        seq={"type": "integer", "minimum": 1},
        at=TIME,
        file_id=UUID,
        filename=or_null(TEXT),
        state=or_null({"enum": list(SHOWN)}),
        step=TEXT,
        library=COUNT,
        outcome=TEXT,
        reason=TEXT,
    )
    | {"required": ["type", "seq", "at", "file_id", "state"]},
    "LibraryEvents": all_of(type={"const": "hello"}, **_BOUNDS, events=list_of("LibraryEvent"), next=COUNT),
    "WorkflowSchema": {"type": "object", "description": "A JSON schema, draft 2020-12"},
    "Notifications": all_of(notifications=list_of("Event"), cursor=TEXT, more=YES_OR_NO),
    "NotificationsBehind": all_of(type={"const": "reset"}, cursor=TEXT),
    "Reset": all_of(type={"const": "reset"}, **_BOUNDS),
    "Retried": all_of(
        retried=COUNT,
        by_code={"type": "object", "additionalProperties": COUNT},
        without_file=COUNT,
        more={"type": "boolean"},
    ),
    "Usage": all_of(
        slots=COUNT, files=COUNT, bytes=COUNT, limits=all_of(slots=COUNT, files=COUNT, bytes=COUNT, requests=COUNT)
    ),
    "Webhook": all_of(**_WEBHOOK),
    "MadeWebhook": all_of(**_WEBHOOK, secret=TEXT),
    "Webhooks": all_of(webhooks=list_of("Webhook")),
    "Delivery": all_of(
        id=COUNT,
        seq=COUNT,
        at=TIME,
        milliseconds=COUNT,
        status=or_null(COUNT),
        error=or_null(TEXT),
        message_id=TEXT,
        image_id=or_null(UUID),
    ),
    "Deliveries": all_of(deliveries=list_of("Delivery"), next_cursor=or_null(COUNT)),
    "TimelineEntry": {**some(at=TIME, what=TEXT, **_TOLD), "required": ["at", "what"], "additionalProperties": False},
    "TimelineVersion": all_of(
        name=TEXT,  # ANY, and what was made on request
        width=COUNT,
        height=COUNT,
        bytes=COUNT,
        content_type=TEXT,
        sha256=TEXT,
        source_sha256=or_null(TEXT),
        recipe_hash=or_null(TEXT),
    ),
    "Timeline": all_of(
        asset_id=UUID,
        root=TEXT,
        owner=TEXT,
        kind=TEXT,
        filename=TEXT,
        state=or_null({"enum": list(SHOWN)}),
        source=or_null(all_of(bytes=COUNT, sha256=or_null(TEXT))),
        versions=list_of("TimelineVersion"),
        entries=list_of("TimelineEntry"),
        more={"type": "boolean"},
    ),
    "StorageNode": all_of(name=TEXT, online=YES_OR_NO, uptime=NUMBER, drives=COUNT),
    "StorageDrive": all_of(**_DRIVE),
    "ErasureSet": all_of(**_SET)
    | {"description": "A margin says how many more drives may fail; it is negative by as many as are lacking"},
    "Round": all_of(**_ROUND),
    "Finding": all_of(level={"enum": ["watch", "act"]}, code=TEXT, what=TEXT, risk=TEXT, next=TEXT),
    "Lane": all_of(lane=TEXT, waiting=COUNT, oldest_seconds=NUMBER),
    "Cluster": all_of(
        at=NUMBER,
        act=YES_OR_NO,
        silence=TEXT,
        nodes=list_of("StorageNode"),
        drives=list_of("StorageDrive"),
        sets=list_of("ErasureSet"),
        nodes_margin=TEXT,
        fullest=or_null(of("StorageDrive")),
        findings=list_of("Finding"),
        round=or_null(of("Round")),
        last_heal=or_null(of("Round")),
        last_scrub=or_null(of("Round")),
        next_scrub=or_null(NUMBER),
        unhealed={"type": "object", "additionalProperties": COUNT},
        backlog=list_of("Lane"),
        growth=or_null(all_of(bytes_a_day=NUMBER, measured_days=NUMBER, days_until_full=or_null(NUMBER))),
        oldest_upload=or_null(NUMBER),
        backup=or_null({"type": "object"}),
        drill=or_null({"type": "object"}),
    ),
    "Setting": all_of(**_SETTING),
    "Settings": all_of(generation=COUNT, settings=list_of("Setting")),
    "SettingsSynced": all_of(**_SYNCED),
    "SettingsRolledBack": all_of(key=TEXT, **_SYNCED),
    "SettingsEntry": all_of(
        id=COUNT,
        at=TIME,
        who=TEXT,
        via=TEXT,
        action={"enum": list(Action)},
        generation=or_null(COUNT),
        undoes=or_null(COUNT),
        **dict.fromkeys(("layer", "key", "old", "new", "note"), or_null(TEXT)),
    ),
    "SettingsHistory": all_of(history=list_of("SettingsEntry"), next_cursor=or_null(COUNT)),
    "Health": all_of(status={"const": "ok"}),
    "Readiness": all_of(status={"enum": ["ok", "failing"]}, parts={"type": "object"}),
}


def _of_owners(method: str, path: str, answers: dict[str, str], roots: Iterable[str] = OF_PEOPLE) -> Answers:
    """The same below each of these roots."""
    return {f"{method} /{root}/{{owner_id}}{path}": answers for root in roots}


# Operation → status → what it answers.
ANSWERS: Answers = {
    **profiles.ANSWERS,
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
    "get /notifications": {"200": "Notifications", "410": "NotificationsBehind"},
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
    "get /library/events": {"200": "LibraryEvents", "410": "Reset"},
    "get /library/schema": {"200": "WorkflowSchema"},
    "get /settings": {"200": "Settings"},
    "get /settings/history": {"200": "SettingsHistory"},
    "post /settings/sync": {"200": "SettingsSynced"},
    "post /settings/rollback": {"200": "SettingsRolledBack"},
    "get /settings/{key}": {"200": "Setting"},
    "put /settings/{key}": {"200": "Setting"},
    "get /healthz": {"200": "Health"},
    "get /readyz": {"200": "Readiness", "503": "Readiness"},
}
WHY = {"410": "This cursor can't be resumed: reload, and go on from `seq`", "503": "A part does not answer"}
