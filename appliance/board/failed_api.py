"""`/admin/failed`: what failed over all owners, and trying it again."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.board import failed
from appliance.board.failed import Failed, Reasons, Which, named_owner
from appliance.config import Config
from appliance.errors import BadRequest
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.profiles import pages
from appliance.public import linker
from storage.links import Links

TAGS = ["admin"]


class FailedPage(msgspec.Struct, frozen=True):
    failed: list[Failed]
    next_cursor: str | None


class RetriedFiles(msgspec.Struct, frozen=True):
    """How many were sent to be processed again, by code; how many could not be, since their file never came; and
    whether there is more to ask for.
    """

    retried: int
    by_code: dict[str, int]
    without_file: int
    more: bool


class Again(msgspec.Struct, forbid_unknown_fields=True):
    """Which to try again: one, by `asset_id` alone; else all of a code, lane, kind or `owner` (projects/ID)."""

    asset_id: UUID | None = None
    code: str | None = None
    lane: str | None = None
    kind: str | None = None
    owner: str | None = None


@get("/admin/failed", tags=TAGS, summary="What failed, over all owners; the newest failure first")
async def list_failed(
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    code: str | None = None,
    lane: str | None = None,
    kind: str | None = None,
    owner: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=200)] = 50,
    cursor: str = "",
) -> FailedPage:
    """What somebody cancelled is told of with `code=cancelled` alone. `owner`: as in projects/ID."""
    caller.must_be_admin()
    which = Which(code, lane, kind, named_owner(owner))
    rows = await failed.page(which, pages.read(cursor) if cursor else pages.LAST, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    shown = await failed.shown(rows[:limit], linker(request, config, links))
    return FailedPage(shown, pages.written(last["failed_at"], last["id"]) if last else None)


@get("/admin/failed/reasons", tags=TAGS, opt={"any_clock": True}, summary="Why files failed, and how many")
async def list_reasons(caller: Caller) -> Reasons:
    caller.must_be_admin()
    return await failed.reasons()


@post("/admin/failed/retry", tags=TAGS, status_code=200, summary="Process what failed again: one, or all of a kind")
async def retry(caller: Caller, ledger: Ledger, data: Again) -> RetriedFiles:
    """An empty object is everything but what was cancelled. At most 10,000 at once; `more`: there are others."""
    caller.must_be_admin()
    which = Which(data.code, data.lane, data.kind, named_owner(data.owner))
    if data.asset_id is None:
        done = await failed.retry_all(ledger, which)
    elif any(which):
        raise BadRequest("It can't be one and many", asset_id="alone, or not at all")
    else:
        done = await failed.retry_one(ledger, data.asset_id)
    log.info("failed files are tried again", by=caller.name, retried=done.by_code.total(), which=_named(data))
    return RetriedFiles(done.by_code.total(), dict(sorted(done.by_code.items())), done.without_file, done.more)


def _named(data: Again) -> dict[str, str]:
    return {name: value for name, value in msgspec.to_builtins(data).items() if value}


router = Router("/", route_handlers=[list_failed, list_reasons, retry])
