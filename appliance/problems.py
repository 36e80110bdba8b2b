"""Every error of the API as problem details (RFC 9457), with a code for programs and a sentence for people."""

import re
from http import HTTPStatus
from typing import Any

import asyncpg
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from redis.exceptions import RedisError

from appliance.errors import BadRequest, DomainError, Unavailable
from appliance.ledger.database import LOST
from appliance.logs import log
from storage.objects import StorageUnavailable

_NAMED = re.compile(r"field `([^`]+)`")
BODY = "data"  # the framework's name for the body of a request
MEDIA_TYPE = "application/problem+json"


def _answer(
    status: int, code: str, title: str, detail: str, headers: dict[str, str], **more: Any
) -> Response[dict[str, Any]]:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **more}
    return Response(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def domain(_: Request, error: DomainError) -> Response[dict[str, Any]]:
    """An error of ours owns all that is said of it."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    fields = [{"field": name, "message": message} for name, message in error.fields.items()]
    return _answer(
        error.status, error.code, error.title, error.detail, headers, **({"errors": fields} if fields else {})
    )


def lost(request: Request, error: Exception) -> Response[dict[str, Any]]:
    """A part is away: say so, and when to come back."""
    log.warning("a part is away", path=request.url.path, error=type(error).__name__)
    return domain(request, Unavailable())


def unstorable(request: Request, _: Exception) -> Response[dict[str, Any]]:
    """Text that Postgres does not hold: NUL, or what is no UTF-8."""
    return domain(request, BadRequest("The request holds text with a NUL or another character that can't be stored"))


def too_deep(request: Request, _: Exception) -> Response[dict[str, Any]]:
    """A body of brackets in brackets. Nothing else here calls itself."""
    return domain(request, BadRequest("The request is nested too deeply"))


def invalid(_: Request, error: ValidationException) -> Response[dict[str, Any]]:
    """The request does not fit its description: every field that doesn't is named."""
    found = error.extra if isinstance(error.extra, list) else []
    fields = [_field(item) for item in found]
    detail = "; ".join(f"{f['field']}: {f['message']}" for f in fields) or "The request is not valid"
    return _answer(400, "bad_request", "The request is not valid", detail, {}, errors=fields)


def _field(item: dict[str, Any]) -> dict[str, str]:
    """What is wrong with which field. A field that is missing or unknown is named in msgspec's message alone."""
    message, key = str(item.get("message", "")), item.get("key") or BODY
    if key == BODY:
        key, message = "body", "is needed, as JSON" if message == repr(BODY) else message
    named = _NAMED.search(message)
    return {"field": named[1] if named else key, "message": message}


def http(_: Request, error: HTTPException) -> Response[dict[str, Any]]:
    """What the framework refuses: unknown paths, wrong methods, bodies that are no JSON."""
    status = HTTPStatus(error.status_code)
    detail = error.detail if status < 500 else "Something went wrong on our side"
    headers = dict(error.headers or {})
    return _answer(status.value, status.name.lower(), status.phrase, detail or status.phrase, headers)


def unexpected(request: Request, error: Exception) -> Response[dict[str, Any]]:
    """A fault of ours: logged whole, told without a word of its inside."""
    log.error("unexpected error", path=request.url.path, method=request.method, exc_info=error)
    return _answer(500, "internal", "Something went wrong on our side", "This was logged; please try again", {})


HANDLERS: dict[type[Exception] | int, Any] = {
    DomainError: domain,
    ValidationException: invalid,
    HTTPException: http,
    StorageUnavailable: lost,
    RedisError: lost,
    asyncpg.CharacterNotInRepertoireError: unstorable,
    UnicodeEncodeError: unstorable,
    RecursionError: too_deep,
    **dict.fromkeys(LOST, lost),
    Exception: unexpected,
}
