"""Lists of an owner's files, by pages."""

from typing import Any
from uuid import UUID

from litestar import Request

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.errors import BadRequest
from appliance.files import service
from appliance.ledger.states import SHOWN
from appliance.live.service import bounds
from appliance.public import linker
from storage.links import Links

MOST_A_PAGE = 200


async def page(
    request: Request,
    owner: Whose,
    caller: Caller,
    config: Config,
    links: Links,
    limit: int,
    cursor: UUID | None,
    state: str | None,
    full: str | None,
    kind: str | None = None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Files as the API tells of them, newest first, and where the next page begins. Raises BadRequest and NotFound."""
    if state is not None and state not in SHOWN:
        raise BadRequest("There is no such state", state=f"one of {', '.join(SHOWN)}")
    if full not in (None, "full"):
        raise BadRequest("The query is not valid", links="full, or nothing")
    caller.may_see(owner)
    found, following = await service.page((await bounds(owner)).stream, state, cursor, limit, kind)
    made = linker(request, config, links)
    return [one.shown(made, bool(full)) for one in found], str(following) if following else None
