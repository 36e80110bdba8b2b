"""Samples: kept, forgotten, and read by steps; what is counted as how fast it grew."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from appliance.config import Config
from appliance.errors import BadRequest, NotFound
from appliance.ledger.database import fetch
from appliance.samples import reading
from appliance.samples.sampler import Sampler
from appliance.valkey import quick
from tests.ledger.book import FAILURE, Book
from tests.ledger.intake import Intake
from tests.ledger.test_cost import check_cost

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_PUT = """
WITH line AS (
    INSERT INTO ledger.sample_series (metric, labels) VALUES ($1, $2::text::jsonb) ON CONFLICT (metric, labels)
    DO UPDATE SET metric = excluded.metric RETURNING id
)
INSERT INTO ledger.samples (series, at, value)
SELECT l.id, $3::timestamptz + make_interval(mins => g.minute), g.value
FROM line l, unnest($4::int[], $5::float[]) g (minute, value)
"""


async def _put(metric: str, values: dict[int, float], began: datetime = BEGAN, **labels: str) -> None:
    """Values by the minute after `began`."""
    await fetch(_PUT, metric, json.dumps(labels), began, list(values), list(values.values()))


async def _read(metric: str, minutes: int, points: int = 100) -> dict[str, list[float | None]]:
    told = await reading.read(metric, BEGAN, BEGAN + timedelta(minutes=minutes), points)
    return {" ".join(line.labels.values()): line.values for line in told.series}


async def test_what_is_counted_is_told_a_second_and_may_begin_anew(book: Book) -> None:
    await _put("done", {-1: 400, 0: 460, 1: 520, 2: 30, 3: 90, 4: 90}, lane="images")
    assert await _read("done", 5) == {"images": [1, 1, 0.5, 1, 0]}


async def test_where_nothing_is_known_there_is_null_and_after_it_the_mean_of_the_gap(book: Book) -> None:
    await _put("done", {0: 0, 1: 60, 5: 300}, lane="images")
    await _put("waiting", {0: 3, 1: 5, 5: 7}, lane="media")
    assert await _read("done", 6) == {"images": [None, 1, None, None, None, 1]}
    assert await _read("waiting", 6) == {"media": [3, 5, None, None, None, 7]}


async def test_longer_steps_have_the_mean_and_of_the_p95_the_worst(book: Book) -> None:
    for of in ("mean", "p95"):
        await _put("wait_seconds", {0: 1, 1: 9, 2: 2, 3: 4}, lane="images", of=of)
    told = await reading.read("wait_seconds", BEGAN, BEGAN + timedelta(minutes=4), 3)
    assert {line.labels["of"]: line.values for line in told.series} == {"mean": [5, 3], "p95": [9, 4]}
    assert told.step_seconds == 120


async def test_what_is_no_figure_and_no_time_is_refused(book: Book) -> None:
    with pytest.raises(NotFound, match="admin/figures"):
        await _read("nothing", 5)
    for minutes in (0, -5, 60 * 24 * 400):
        with pytest.raises(BadRequest):
            await _read("done", minutes)


async def test_the_sampler_keeps_what_metrics_say_and_forgets_what_is_old(intake: Intake) -> None:
    book, redis = intake.book, quick(intake.url)
    await book.uploaded()
    await book.ledger.fail(await book.claimed(), FAILURE)
    await _put("waiting", {0: 1}, datetime.now(UTC) - timedelta(days=31), lane="old")
    await _put("waiting", {0: 1}, datetime.now(UTC) - timedelta(days=29), lane="kept")
    config = Config()
    sampler = Sampler(redis, intake.objects, config)
    for lane, within, n in (("images", "0.25", 3), ("images", "10", 1)):
        intake.valkey.hset("darkroom:counts", json.dumps(["waits", [lane, within]], separators=(",", ":")), n)
    await sampler.keep()
    intake.valkey.hset("darkroom:counts", '["waits",["images","0.25"]]', 13)
    intake.valkey.hset("darkroom:counts", '["wait_seconds",["images"]]', 2)
    await sampler.keep()
    await redis.aclose()
    sql = (
        "SELECT metric || labels::text AS name, array_agg(value ORDER BY at) AS found FROM ledger.samples s "
        "JOIN ledger.sample_series l ON l.id = s.series GROUP BY 1"
    )
    found = {row["name"]: row["found"] for row in await fetch(sql)}
    assert found['waiting{"lane": "images"}'] == [1, 1]
    assert found["failed{}"] == [1, 1]
    assert found["stored{}"] == [8_000_000, 8_000_000]
    assert found['waiting{"lane": "kept"}'] == [1]
    assert 'waiting{"lane": "old"}' not in found
    assert found['findings{"severity": "act"}'][0] >= 1, "nobody looks after storage here, for one"
    # Ten came between the two, all within a quarter of a second: half of them within the half of what that bound has.
    assert found['wait_seconds{"of": "p50", "lane": "images"}'] == [pytest.approx(0.175)]
    assert found['wait_seconds{"of": "mean", "lane": "images"}'] == [pytest.approx(0.2)]


async def test_no_samples_while_they_are_paused(intake: Intake) -> None:
    redis = quick(intake.url)
    await Sampler(redis, intake.objects, Config(samples_paused=True)).keep()
    await redis.aclose()
    assert not await fetch("SELECT FROM ledger.samples")


async def test_an_hour_of_charts_reads_that_hour_alone(book: Book, database_url: str) -> None:
    """Of a hundred thousand samples, which take some 1,200 pages with their index."""
    await _month(10, 7)
    hour = "SELECT * FROM ledger.read_samples('done', now() - interval '1 hour', now(), 60, true)"
    await check_cost(database_url, 10 * 7 * 1440, {"an hour": hour})


@pytest.mark.long
async def test_a_month_of_twenty_lines_is_read_in_seconds(book: Book) -> None:
    await _month(20, 30)
    began = time.monotonic()
    now = datetime.now(UTC)
    told = await reading.read("done", now - timedelta(days=30), now, 500)
    took = time.monotonic() - began
    print(f"30 days of 20 lines: {took:.2f} s")
    assert len(told.series) == 20
    assert max(len(line.values) for line in told.series) <= 500
    assert took < 10
    sql = "SELECT pg_total_relation_size('ledger.samples')::float / count(*) AS bytes FROM ledger.samples"
    print(f"bytes a sample: {(await fetch(sql))[0]['bytes']:.0f}")


async def _month(lines: int, days: int) -> None:
    await fetch(
        "INSERT INTO ledger.sample_series (metric, labels) "
        "SELECT 'done', jsonb_build_object('lane', n::text) FROM generate_series(1, $1) n",
        lines,
    )
    await fetch(
        "INSERT INTO ledger.samples (series, at, value) "
        "SELECT l.id, now() - make_interval(mins => m), 1e6 - m FROM ledger.sample_series l, generate_series(1, $1) m",
        days * 1440,
    )
    await fetch("ANALYZE ledger.samples")
