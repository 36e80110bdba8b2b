"""Storage's health as figures: from the caretaker's report, nothing where there is none."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.core import Metric
from redis.asyncio import Redis

from appliance.care import report
from appliance.families import gauge

VERDICTS = ("open", "made_anew", "readable", "damaged", "missing")


async def families(redis: Redis) -> Iterable[Metric]:
    """Raises RedisError."""
    told = await report.last(redis)
    age = gauge("cluster_report_age_seconds", "How old the caretaker's report on storage is")
    if told is None:
        return [age]
    age.add_metric([], max(0.0, time.time() - told["at"]))
    act = gauge("must_act", "Whether ./ops/status says that somebody must act on storage or backups: 1 or 0")
    act.add_metric([], float(told["act"]))
    return [age, act, *_drives(told), *_sets(told), *_healing(told), *_ages(told)]


def _drives(told: Mapping[str, Any]) -> Iterable[Metric]:
    nodes = gauge("storage_nodes", "Nodes of storage by their state: online or away", "state")
    for state in ("online", "away"):
        nodes.add_metric([state], sum(node["online"] is (state == "online") for node in told["nodes"]))
    drives = gauge("storage_drives", "Drives of storage by their state: ok, healing, or what is wrong", "state")
    states = Counter({"ok": 0, "healing": 0}) + Counter(drive["state"] for drive in told["drives"])
    for state in {"ok", "healing", *states}:
        drives.add_metric([state], states[state])
    lacking = gauge("storage_drives_away", "Drives of storage that take no writes")
    lacking.add_metric([], sum(count for state, count in states.items() if state not in ("ok", "healing")))
    room = gauge("storage_bytes", "Room on the drives of storage: free and total, before parity", "of")
    for of in ("free", "total"):
        room.add_metric([of], sum(drive[of] for drive in told["drives"]))
    least = gauge("storage_least_free_ratio", "The free share of the fullest drive, of 1")
    if fullest := told["fullest"]:
        least.add_metric([], fullest["free"] / fullest["total"])
    full = gauge("storage_days_until_full", "Days until new uploads are refused, at the growth of the last days")
    if told["growth"] and told["growth"]["days_until_full"] is not None:
        full.add_metric([], told["growth"]["days_until_full"])
    return [nodes, drives, lacking, room, least, full]


def _sets(told: Mapping[str, Any]) -> Iterable[Metric]:
    margin = gauge(
        "storage_set_margin", "Drives of a set that may fail yet before it stops to write or read", "pool", "set", "of"
    )
    for one in told["sets"]:
        for of in ("writes", "reads"):
            margin.add_metric([str(one["pool"] + 1), str(one["set"] + 1), of], one[f"{of}_margin"])
    return [margin]


def _healing(told: Mapping[str, Any]) -> Iterable[Metric]:
    now = told["round"]
    share = gauge("care_share", "How far the round through storage is that is under way, of 1", "kind")
    rate = gauge("care_objects_per_second", "Object versions a second that it looks at", "kind")
    left = gauge("care_seconds_left", "How long it will take yet, at this rate", "kind")
    stuck = gauge("care_stuck", "Whether something keeps it from going on: 1 or 0")
    stuck.add_metric([], float(bool(now and now["trouble"])))
    if now:
        share.add_metric([now["kind"]], now["share"])
        rate.add_metric([now["kind"]], now["rate"])
        if now["seconds_left"] is not None:
            left.add_metric([now["kind"]], now["seconds_left"])
    unhealed = gauge("unhealed_objects", "Object versions that storage could not heal, by what that came to", "verdict")
    for verdict in VERDICTS:
        unhealed.add_metric([verdict], told["unhealed"].get(verdict, 0))
    return [share, rate, left, stuck, unhealed]


def _ages(told: Mapping[str, Any]) -> Iterable[Metric]:
    scrub, backup, drill = told["last_scrub"], told["backup"], told["drill"]
    moments = {
        "scrub": ("the last whole scrub ended", scrub and datetime.fromisoformat(scrub["ended_at"]).timestamp()),
        "backup": ("the last backup was made", backup and backup["at"]),
        "drill": ("a backup was last tried", drill and drill["at"]),
        "scrub_due": ("a scrub was due, negative before it is", told["next_scrub"]),
    }
    for name, (what, at) in moments.items():
        age = gauge(f"{name}_age_seconds", f"How long ago {what}")
        if at is not None:
            age.add_metric([], time.time() - at)
        yield age
    oldest = gauge("oldest_upload_age_seconds", "How long ago the oldest file came that the ledger knows")
    if told["oldest_upload"] is not None:
        oldest.add_metric([], time.time() - told["oldest_upload"])
    yield oldest
