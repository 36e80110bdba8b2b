"""`/projects/{id}/usage` and `/projects/{id}/limits`: what a project takes up, and what it may."""

from typing import Any

import msgspec
from litestar import Router, get, put

from appliance.accounts.callers import Caller
from appliance.accounts.service import project
from appliance.config import Config
from appliance.quotas.limits import Limits, defaults
from appliance.quotas.service import own_limits, set_limits, usage

SCOPE = "project"


async def _shown(project_id: str, config: Config) -> dict[str, Any]:
    own, general = await own_limits(SCOPE, project_id), msgspec.to_builtins(defaults(config)[SCOPE])
    limits = general | {name: most for name, most in msgspec.to_builtins(own).items() if most is not None}
    return {**msgspec.to_builtins(await usage(SCOPE, project_id)), "limits": limits}


@get("/projects/{project_id:str}/usage", tags=["projects"], summary="What a project takes up, and what it may")
async def read_usage(project_id: str, caller: Caller, config: Config) -> dict[str, Any]:
    """`slots` are uploads that were allowed and have not come; `files` counts them too. A limit of 0 is none."""
    caller.may_see(project_id)
    await project(project_id)
    return await _shown(project_id, config)


@put("/projects/{project_id:str}/limits", tags=["projects"], summary="Give a project limits of its own")
async def put_limits(project_id: str, data: Limits, caller: Caller, config: Config) -> dict[str, Any]:
    """What is null or left out is as the settings say; 0 is no limit; `requests` are a minute's."""
    caller.must_be_server()
    await project(project_id)
    await set_limits(SCOPE, project_id, data)
    return await _shown(project_id, config)


router = Router("/", route_handlers=[read_usage, put_limits])
