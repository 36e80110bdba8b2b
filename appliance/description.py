"""The API's description of itself: what Litestar makes of the routes, with every error that each can answer.

Format: OpenAPI 3.1; errors are problem details (RFC 9457), as `appliance.problems` makes them.
"""

from typing import Any

from litestar import Litestar

from appliance import shapes
from appliance.problems import MEDIA_TYPE
from storage import layout

METHODS = frozenset({"get", "post", "put", "patch", "delete"})
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "stable, for programs"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
WHY = {
    400: "The request does not fit its description",
    401: "A valid key or token is needed",
    403: "This key or token may not do that",
    404: "There is no such thing, or this caller may not know of it",
    409: "Not possible in the present state",
    411: "Content-Length must say how much is sent",
    413: "The body is too large",
    415: "The file is of no kind that is taken",
    429: "More than is allowed; Retry-After says when to come back",
    500: "A fault of ours; it was logged",
    503: "A part of the appliance is away; Retry-After says when to come back",
    507: "Storage is nearly full; Retry-After says when to come back",
}
COME_BACK = frozenset({"429", "503", "507"})
RETRY_AFTER = {
    "description": "Seconds after which it is worth while to ask again",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
MADE_ON_REQUEST = frozenset({"get /images/{file_id}/render", "get /files/{file_id}/pages/{page}"})
LEGALLY_HELD = (  # and so not deleted
    *("delete /chats/{owner_id}", "delete /chats/{owner_id}/messages/{message_id}"),
    "delete /chats/{owner_id}/file/{file_id}",
    *("delete /files/{file_id}", "delete /images/{file_id}"),
)
# What can't be told from an operation's form: conflicts, what takes up room, and whose credential is in the body.
CONFLICTS = frozenset(
    {
        "post /projects",
        "post /users",
        "post /chats",
        "post /chats/{owner_id}/messages",
        *LEGALLY_HELD,
        "post /chats/{owner_id}/file",
        "put /chats/{owner_id}/file/{file_id}",
        *("post /profiles", "put /profiles/{profile_id}"),
        *(f"post /moderation/editions/{{edition_id}}/{what}" for what in ("claim", "approve", "reject")),
        *("post /words", "put /words/{word_id}"),
        "post /files/{file_id}/complete",
        "post /files/{file_id}/cancel",
        "post /files/{file_id}/retry",
        "post /files/{file_id}/upload/parts",
        "put /files/{file_id}/content",
        "post /images/{file_id}/uploaded",
        "post /images/{file_id}/cancel",
        "post /images/{file_id}/retry",
        "post /projects/{project_id}/webhooks",
        "post /settings/rollback",
        *("post /admin/failed/retry", "post /admin/keys/revoke"),
        *("post /profiles/{profile_id}/payment", "post /profiles/{profile_id}/payment/mark"),
        *MADE_ON_REQUEST,
        "get /files/{file_id}/bundle",
        "post /files/{file_id}/bundle",
        "get /files/{file_id}/bundle/progress",
        "get /notifications",
    }
)
FILLS_STORAGE = frozenset(
    {
        *("post /images", "post /files", "post /files/{file_id}/upload/parts", "put /files/{file_id}/content"),
        "post /files/{file_id}/bundle",
        *("post /chats/{owner_id}/files", "post /chats/{owner_id}/file"),
        "post /profiles/uploads",
        *MADE_ON_REQUEST,
    }
)
FORM = {
    "type": "object",
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "text": {"type": "string"},
        "client_id": {"type": "string"},
    },
    "required": ["file"],
    "additionalProperties": False,
}
# Whose body is a file, or has one in it.
STREAMED = {
    "put /files/{file_id}/content": ("application/octet-stream", {"type": "string", "format": "binary"}),
    "post /chats/{owner_id}/file": ("multipart/form-data", FORM),
}
LOOKED_AT = frozenset({"post /chats/{owner_id}/file"})  # before it is taken
LETS_IN = frozenset({"post /login", "post /wallet/login"})
NAMES_AN_OWNER = frozenset(  # in its body, or its query
    {
        "post /profiles/uploads",
        "post /images",
        "post /files",
        "post /chats",
        "post /tokens",
        "post /tickets",
        "get /notifications",
    }
)
NAMES_A_CHANGE = frozenset({"post /settings/rollback"})
NAMES_SOMETHING = frozenset({"post /admin/failed/retry", "post /admin/keys/revoke", "get /admin/samples"})
READS_A_FILE = frozenset({"post /settings/sync"})


def described(app: Litestar) -> dict[str, Any]:
    """The whole description, as JSON would hold it."""
    schema: dict[str, Any] = app.openapi_schema.to_schema()
    public = _public(app)
    schema.setdefault("components", {}).setdefault("schemas", {}).update(shapes.SCHEMAS, Problem=PROBLEM)
    for path, item in schema["paths"].items():
        for method in METHODS & item.keys():
            _complete(item[method], f"{method} {_usual(path)}", f"{method} {path}" in public)
    return schema


def _usual(path: str) -> str:
    """The path itself, of the two that lead into a chat."""
    return path.replace(f"/{layout.CHAT}/", f"/{layout.CHATS}/", 1) if path.startswith(f"/{layout.CHAT}/") else path


def _public(app: Litestar) -> set[str]:
    """The operations that need no caller, as "method path"."""
    found = set()
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.opt.get("public"):
                found |= {f"{method.lower()} {route.path_format}" for method in handler.http_methods}
    return found


def _complete(operation: dict[str, Any], name: str, public: bool) -> None:
    """Names what this operation may answer beside what it is for."""
    if public:
        operation["security"] = []
    if name in STREAMED:
        media_type, schema = STREAMED[name]
        operation["requestBody"] = {"required": True, "content": {media_type: {"schema": schema}}}
    responses = operation["responses"]
    for error in sorted(_errors(operation, name, public)):
        responses[str(error)] = {
            "description": WHY[error],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    for status, schema in shapes.ANSWERS.get(name, {}).items():
        told = responses.setdefault(status, {"description": shapes.WHY.get(status, "")})
        told["content"] = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    for status in COME_BACK & responses.keys():
        responses[status]["headers"] = {"Retry-After": RETRY_AFTER}


def _errors(operation: dict[str, Any], name: str, public: bool) -> set[int]:
    errors = {429, 500}  # a stranger is counted too, by address
    if name not in ("get /healthz", "get /readyz"):
        errors |= {503}
    if not public or name in LETS_IN:
        errors |= {401}
    if not public:
        errors |= {403}
    if operation.get("parameters") or "requestBody" in operation or name in READS_A_FILE:
        errors |= {400}
    if "requestBody" in operation:
        errors |= {413}
    if "{" in name or name in NAMES_AN_OWNER | NAMES_A_CHANGE | NAMES_SOMETHING:
        errors |= {404}
    if name in CONFLICTS:
        errors |= {409}
    if name in STREAMED:
        errors |= {411}
    if name in LOOKED_AT:
        errors |= {415}
    if name in FILLS_STORAGE:
        errors |= {507}
    return errors
