"""`/settings`: what can be changed while the appliance runs. For admin keys."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Router, delete, get, post, put
from litestar.params import Parameter
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.config import Config
from appliance.errors import BadRequest
from appliance.settings import service
from appliance.settings.declared import find
from appliance.settings.layers import Author
from appliance.settings.reading import Reader
from appliance.settings.sources import text_of

MOST_A_PAGE = 200
HIGHEST = 10**18  # of an entry's number


class NewValue(msgspec.Struct, forbid_unknown_fields=True):
    """A text as the environment would have it (`90s`, `4M`), or the value as JSON has it."""

    value: str | bool | int | float | list[Any] | dict[str, Any]


class Rollback(msgspec.Struct, forbid_unknown_fields=True):
    """Which change of the history to take back; without it the last that stands."""

    change: Annotated[int, msgspec.Meta(ge=1, le=HIGHEST)] | None = None


def _author(caller: Caller) -> Author:
    caller.must_be_admin()
    return Author(caller.name, "api")


class SettingsController(Controller):
    path = "/settings"
    tags = ("settings",)

    @get("/", summary="Every setting that may change while the appliance runs: its value, where from, its bounds")
    async def list_all(self, caller: Caller, settings: Reader) -> dict[str, Any]:
        caller.must_be_admin()
        return {"generation": settings.generation, "settings": await service.listed()}

    @get("/history", summary="Who changed what, the newest first")
    async def history(
        self,
        caller: Caller,
        limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 50,
        cursor: Annotated[int | None, Parameter(ge=0, le=HIGHEST)] = None,
    ) -> dict[str, Any]:
        caller.must_be_admin()
        found = await service.history(limit + 1, cursor)
        return {"history": found[:limit], "next_cursor": found[limit - 1]["id"] if len(found) > limit else None}

    @post("/sync", status_code=200, summary="Put in force what file, environment and database say now")
    async def sync(self, caller: Caller, settings: Reader, redis: Redis, config: Config) -> dict[str, Any]:
        done = await service.sync_now(redis, config, _author(caller))
        await settings.look()
        return done._asdict()

    @post("/rollback", status_code=200, summary="Take back a change")
    async def rollback(
        self, caller: Caller, settings: Reader, redis: Redis, data: Rollback | None = None
    ) -> dict[str, Any]:
        key, done = await service.rollback(redis, data.change if data else None, _author(caller))
        await settings.look()
        return {"key": key, **done._asdict()}

    @get("/{key:str}", summary="One setting")
    async def read(self, key: str, caller: Caller) -> dict[str, Any]:
        caller.must_be_admin()
        return await service.one(key)

    @put("/{key:str}", summary="Change a setting, for all processes at once")
    async def change(self, key: str, data: NewValue, caller: Caller, settings: Reader, redis: Redis) -> dict[str, Any]:
        by = _author(caller)
        try:
            text = text_of(find(Config, key), data.value)
        except ValueError as error:
            raise BadRequest(f"The value of {key} is not valid", value=str(error)) from None
        await service.change(redis, key, text, by)
        await settings.look()
        return await service.one(key)

    @delete("/{key:str}", summary="Forget what was set: file, environment or default count again")
    async def reset(self, key: str, caller: Caller, settings: Reader, redis: Redis) -> None:
        await service.reset(redis, key, _author(caller))
        await settings.look()


router = Router("/", route_handlers=[SettingsController])
