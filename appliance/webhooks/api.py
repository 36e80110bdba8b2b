"""`/projects/{id}/webhooks` and `/webhooks`: whom a project's events are sent to."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Router, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.owners import PROJECTS
from appliance.config import Config
from appliance.webhooks import service
from appliance.webhooks.addresses import Reach

MOST_A_PAGE = 200
HIGHEST = 10**18  # of an event's number


class NewWebhook(msgspec.Struct, forbid_unknown_fields=True):
    """`events`: of init uploaded processing done error deleted erased unread profile these alone. `secret`: one
    is made if missing.
    """

    url: str
    secret: str | None = None
    events: list[str] = []


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """Send what comes after this event (again); without it, go on where the webhook stands."""

    after: Annotated[int, msgspec.Meta(ge=0, le=HIGHEST)] | None = None


class ProjectWebhooks(Controller):
    path = "/projects/{project_id:str}/webhooks"
    tags = ("webhooks",)

    @post("/", summary="Have a project's events sent to an address; its secret is shown this once")
    async def create(self, project_id: str, data: NewWebhook, caller: Caller, config: Config) -> dict[str, Any]:
        caller.must_be_server()
        await PROJECTS.one(project_id)
        reach = Reach(config.webhook_allow)
        made, secret = await service.create(project_id, data.url, data.secret, data.events, reach)
        return {**await service.webhook(made), "secret": secret}

    @get("/", summary="A project's webhooks: where each stands, and why one is disabled")
    async def list(self, project_id: str, caller: Caller) -> dict[str, Any]:
        caller.must_be_server()
        await PROJECTS.one(project_id)
        return {"webhooks": await service.webhooks(project_id)}


class WebhookController(Controller):
    path = "/webhooks/{webhook_id:uuid}"
    tags = ("webhooks",)

    @get("/", summary="One webhook")
    async def read(self, webhook_id: UUID, caller: Caller) -> dict[str, Any]:
        caller.must_be_server()
        return await service.webhook(webhook_id)

    @delete("/", summary="Delete a webhook")
    async def remove(self, webhook_id: UUID, caller: Caller) -> None:
        caller.must_be_server()
        await service.delete(webhook_id)

    @post("/replay", status_code=200, summary="Send again what comes after an event; enables a disabled webhook")
    async def replay(self, webhook_id: UUID, caller: Caller, data: Replay | None = None) -> dict[str, Any]:
        caller.must_be_server()
        return await service.replay(webhook_id, data.after if data else None)

    @get("/deliveries", summary="What was sent to a webhook and what it answered, the newest first")
    async def deliveries(
        self,
        webhook_id: UUID,
        caller: Caller,
        limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 50,
        cursor: Annotated[int | None, Parameter(ge=0, le=HIGHEST)] = None,
    ) -> dict[str, Any]:
        caller.must_be_server()
        found = await service.attempts(webhook_id, limit + 1, cursor)
        more = len(found) > limit
        return {"deliveries": found[:limit], "next_cursor": found[limit - 1]["id"] if more else None}


router = Router("/", route_handlers=[ProjectWebhooks, WebhookController])
