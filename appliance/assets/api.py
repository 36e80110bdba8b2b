"""`/assets`: what became of one, step by step."""

from uuid import UUID

from litestar import Router, get

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.assets import timeline


@get("/assets/{asset_id:uuid}/timeline", tags=["assets"], summary="The whole life of one asset")
async def read_timeline(asset_id: UUID, caller: Caller) -> timeline.Timeline:
    """Link issued, signals, bytes there, attempts, versions, deliveries, errors: in the order of time."""
    found = await timeline.timeline(asset_id)
    caller.may_see(Whose(found.root, found.owner), "asset")
    return found


router = Router("/", route_handlers=[read_timeline])
