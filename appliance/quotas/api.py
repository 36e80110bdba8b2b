"""`/projects/{id}/usage` and `/limits`, and those of users and chats: what an owner takes up, and what it may."""

from typing import Any

import msgspec
from litestar import Router, get, put

from appliance.accounts.callers import Caller
from appliance.accounts.owners import CHATS, PROJECTS, USERS, Owners
from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.quotas.limits import Limits, defaults
from appliance.quotas.service import own_limits, set_limits, usage
from storage import layout


async def _shown(owner: Whose, config: Config) -> dict[str, Any]:
    own, general = await own_limits(owner.noun, owner.id), msgspec.to_builtins(defaults(config)[owner.noun])
    limits = general | {name: most for name, most in msgspec.to_builtins(own).items() if most is not None}
    return {**msgspec.to_builtins(await usage(owner.noun, owner.id)), "limits": limits}


def _routes(owners: Owners) -> list[Any]:
    """The same for the owners below each root."""
    roots, tags = (owners.root, layout.CHAT) if owners is CHATS else (owners.root,), [owners.root]

    def paths(rest: str) -> list[str]:
        return [f"/{root}/{{owner_id:str}}/{rest}" for root in roots]

    @get(paths("usage"), tags=tags, summary=f"What a {owners.noun} takes up, and what it may")
    async def read_usage(owner_id: str, caller: Caller, config: Config) -> dict[str, Any]:
        """`slots` are uploads that were allowed and have not come; `files` counts them too. A limit of 0 is none."""
        owner = Whose(owners.root, owner_id)
        caller.may_see(owner)
        await owners.one(owner_id)
        return await _shown(owner, config)

    @put(paths("limits"), tags=tags, summary=f"Give a {owners.noun} limits of its own")
    async def put_limits(owner_id: str, data: Limits, caller: Caller, config: Config) -> dict[str, Any]:
        """What is null or left out is as the settings say; 0 is no limit; `requests` are a minute's."""
        caller.must_be_server()
        await owners.one(owner_id)
        await set_limits(owners.noun, owner_id, data)
        return await _shown(Whose(owners.root, owner_id), config)

    return [read_usage, put_limits]


router = Router("/", route_handlers=[*_routes(PROJECTS), *_routes(USERS), *_routes(CHATS)])
