"""`/library`: what there is of libraries, what waits, what came of it, and what people want of them. For admin keys."""

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Router, get, post
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.library import listing, releases, savings, standing, wishes
from appliance.library.listing import MOST_A_PAGE, Planned, Result
from appliance.library.savings import Savings
from appliance.library.standing import Standing
from appliance.library.workflow import schema

MOST_DAYS = 3650
HIGHEST = (1 << 31) - 1
Limit = Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)]
Id = Annotated[int, Parameter(ge=1, le=HIGHEST)]


class Libraries(msgspec.Struct, frozen=True):
    libraries: list[Standing]


class Plan(msgspec.Struct, frozen=True):
    """next: the cursor of the next page."""

    files: list[Planned]
    next: str | None


class Results(msgspec.Struct, frozen=True):
    """Likewise."""

    results: list[Result]
    next: str | None


class Undo(msgspec.Struct, frozen=True):
    asset: UUID
    undo: str


class Release(msgspec.Struct, frozen=True):
    asset: UUID
    release: str


class LibraryController(Controller):
    path = "/library"
    tags = ("library",)

    @get("/", summary="All libraries, and how each stands")
    async def list_all(self, caller: Caller) -> Libraries:
        caller.must_be_admin()
        return Libraries(await standing.standings())

    @get("/schema", summary="The JSON schema of workflows")
    async def workflow_schema(self, caller: Caller) -> dict[str, Any]:
        caller.must_be_admin()
        return schema()

    @get("/savings", summary="What libraries have saved, day by day and by codec")
    async def saved(self, caller: Caller, days: Annotated[int, Parameter(ge=1, le=MOST_DAYS)] = 30) -> Savings:
        caller.must_be_admin()
        return await savings.savings(days)

    @get("/{library:int}/plan", summary="What waits, what saves the most for the work first")
    async def plan(self, library: Id, caller: Caller, limit: Limit = 50, after: str | None = None) -> Plan:
        caller.must_be_admin()
        await wishes.name_of(library)
        return Plan(*await listing.planned(library, limit, after))

    @get("/{library:int}/results", summary="What came of the files that were worked on, the newest first")
    async def results(
        self,
        library: Id,
        caller: Caller,
        limit: Limit = 50,
        after: str | None = None,
        outcome: Literal["replaced", "kept"] | None = None,
    ) -> Results:
        caller.must_be_admin()
        await wishes.name_of(library)
        return Results(*await listing.results(library, limit, after, outcome))

    @post(
        "/{library:int}/pause",
        status_code=200,
        summary="Begin nothing new of a library; what is under way stands still",
    )
    async def pause(self, library: Id, caller: Caller) -> Standing:
        caller.must_be_admin()
        await wishes.pause(await wishes.name_of(library), paused=True)
        return await standing.one(library)

    @post("/{library:int}/resume", status_code=200, summary="Go on with a library")
    async def resume(self, library: Id, caller: Caller) -> Standing:
        caller.must_be_admin()
        await wishes.pause(await wishes.name_of(library), paused=False)
        return await standing.one(library)

    @post("/{library:int}/scan", status_code=200, summary="Have a library looked through now")
    async def scan(self, library: Id, caller: Caller) -> Standing:
        caller.must_be_admin()
        await wishes.scan(await wishes.name_of(library))
        return await standing.one(library)

    @post("/results/{asset:uuid}/undo", status_code=202, summary="Bring the original of a replaced file back")
    async def undo(self, asset: UUID, caller: Caller) -> Undo:
        caller.must_be_admin()
        await wishes.undo(asset)
        return Undo(asset, "asked")

    @post("/results/{asset:uuid}/release", status_code=202, summary="Let go of an original whose new file is not whole")
    async def release(self, asset: UUID, caller: Caller) -> Release:
        caller.must_be_admin()
        await releases.release(asset)
        return Release(asset, "asked")


router = Router("/", route_handlers=[LibraryController])
