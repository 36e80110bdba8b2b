"""`/admin/figures`, `/admin/samples`: figures over time, for charts. For admin keys."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.errors import BadRequest
from appliance.samples import reading
from appliance.samples.figures import FIGURES
from appliance.samples.reading import MOST_POINTS, Samples

TAGS = ["admin"]
A_DAY = timedelta(days=1)
FIRST_YEAR, LAST_YEAR = 2000, 9000


class About(msgspec.Struct, frozen=True):
    """What a figure is; `labels`: what its lines are told apart by."""

    metric: str
    unit: str
    about: str
    labels: list[str]


class Figures(msgspec.Struct, frozen=True):
    figures: list[About]


@get("/admin/figures", tags=TAGS, summary="The figures that are kept over time")
async def list_figures(caller: Caller) -> Figures:
    caller.must_be_admin()
    return Figures([About(one.metric, one.unit, one.about, list(one.labels)) for one in FIGURES.values()])


@get("/admin/samples", tags=TAGS, summary="One figure over a time, by even steps")
async def read_samples(
    caller: Caller,
    metric: str,
    since: Annotated[datetime | None, Parameter(query="from", description="a day ago, if not given")] = None,
    until: Annotated[datetime | None, Parameter(query="to", description="now, if not given")] = None,
    points: Annotated[int, Parameter(ge=1, le=MOST_POINTS)] = 240,
) -> Samples:
    """At most `points` steps. Of what is counted it is told how much came a second; null is where nothing is known."""
    caller.must_be_admin()
    ends = _moment(until, "to") or datetime.now(UTC)
    return await reading.read(metric, _moment(since, "from") or ends - A_DAY, ends, points)


def _moment(given: datetime | None, name: str) -> datetime | None:
    if given is None:
        return None
    if given.tzinfo is None:
        raise BadRequest("The time is not valid", **{name: "its zone is needed, as in 2026-01-31T12:00:00Z"})
    if not FIRST_YEAR <= given.year <= LAST_YEAR:
        raise BadRequest("The time is not valid", **{name: f"a year from {FIRST_YEAR} to {LAST_YEAR}"})
    return given


router = Router("/", route_handlers=[list_figures, read_samples])
