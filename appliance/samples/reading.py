"""A figure over a time, by even steps."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from appliance.errors import BadRequest, NotFound
from appliance.ledger.database import fetch
from appliance.samples.figures import FIGURES, Figure

STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)  # seconds
MOST_POINTS = 500
LONGEST = timedelta(days=366)
_READ = "SELECT labels::text, step, mean, worst FROM ledger.read_samples($1, $2, $3, $4, $5) ORDER BY 1, 2"


class Line(msgspec.Struct, frozen=True):
    """`values`: one a step, null where nothing is known."""

    labels: dict[str, str]
    values: list[float | None]


class Samples(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """A figure from `from` to `to`; the value at index i is of the `step_seconds` from `from` + i times that on."""

    metric: str
    unit: str
    about: str
    since: datetime
    until: datetime
    step_seconds: int
    series: list[Line]


async def read(metric: str, since: datetime, until: datetime, points: int) -> Samples:
    """At most `points` steps, of a whole number of minutes. Raises NotFound, BadRequest and Unavailable."""
    figure = FIGURES.get(metric)
    if figure is None:
        raise NotFound(f"There is no figure {metric[:80]!r}; GET /admin/figures lists them")
    if not timedelta(0) < until - since <= LONGEST:
        raise BadRequest("The time is not valid", **{"from": "before `to`, by a year at most"})
    step = step_for((until - since).total_seconds(), points)
    began = math.floor(since.timestamp() / step) * step
    count = math.ceil((until.timestamp() - began) / step)
    start = datetime.fromtimestamp(began, UTC)
    rows = await fetch(_READ, metric, start, until, step, figure.counted)
    lines = _lines(rows, figure, began, step, count)
    return Samples(metric, figure.unit, figure.about, start, until, step, lines)


def step_for(seconds: float, points: int) -> int:
    """The least step that so much time has at most `points` of, one for what is cut off at the beginning left out."""
    whole = max(1, points - 1)
    fitting = (step for step in STEPS if seconds / step <= whole)
    return next(fitting, STEPS[-1] * math.ceil(seconds / whole / STEPS[-1]))


def _lines(rows: list[Any], figure: Figure, began: float, step: int, count: int) -> list[Line]:
    found: dict[str, list[float | None]] = {}
    for row in rows:
        values = found.setdefault(row["labels"], [None] * count)
        worst = '"p95"' in row["labels"]
        index = round((row["step"].timestamp() - began) / step)
        if 0 <= index < count:
            values[index] = row["worst"] if worst else row["mean"]
    return [Line(msgspec.json.decode(labels), values) for labels, values in found.items()]
