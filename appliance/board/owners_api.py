"""`/admin/projects`, `/admin/users`, `/admin/chats`: who has how much. To make or limit one: /projects."""

from typing import Annotated, Any

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import EVERY, Owners
from appliance.board.owners import ShownOwner, page
from appliance.config import Config


class OwnersPage(msgspec.Struct, frozen=True):
    owners: list[ShownOwner]
    next_cursor: str | None


def _route(owners: Owners) -> Any:
    @get(f"/admin/{owners.root}", tags=["admin"], summary=f"All {owners.root} with what they take up")
    async def list_owners(
        caller: Caller,
        config: Config,
        q: Annotated[str, Parameter(max_length=200, description="how the id or the name begins")] = "",
        limit: Annotated[int, Parameter(ge=1, le=500)] = 50,
        cursor: str = "",
    ) -> OwnersPage:
        """In the order of their ids."""
        caller.must_be_admin()
        found = await page(owners, q, cursor, limit + 1, config)
        return OwnersPage(found[:limit], found[limit - 1].id if len(found) > limit else None)

    return list_owners


router = Router("/", route_handlers=[_route(owners) for owners in EVERY.values()])
