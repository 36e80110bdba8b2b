"""What is sampled: each figure once, with its unit and where it is taken from. Pure.

Most are families of /metrics, with fewer labels. To chart another one it takes a row here.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from prometheus_client.core import Metric

from appliance.families import PREFIX

Labels = Mapping[str, str]
Sampled = dict[tuple[str, tuple[tuple[str, str], ...]], float]
"""(metric, its labels in order) → value."""


class Unit(StrEnum):
    """What a point of a chart is a number of."""

    PER_SECOND = "per_second"
    SECONDS = "seconds"
    BYTES = "bytes"
    COUNT = "count"


class Figure(NamedTuple):
    """A figure by its name. family: in /metrics, None where it is made otherwise. pick: what becomes of the labels that
    it has there; None leaves a line out, and lines that become the same are added up.
    """

    metric: str
    unit: Unit
    about: str
    labels: tuple[str, ...] = ()
    family: str | None = None
    pick: Callable[[Labels], Labels | None] = lambda labels: {}

    @property
    def counted(self) -> bool:
        """Whether it is a sum so far, of which is shown how fast it grows."""
        return self.unit is Unit.PER_SECOND


NO_END = frozenset({"done", "put_off", "rerouted", "lease_lost", "unreadable"})
"""Outcomes of attempts that are no failure."""
OF = ("mean", "p50", "p95")


def _only(*names: str) -> Callable[[Labels], Labels]:
    return lambda labels: {name: labels[name] for name in names}


def _done(labels: Labels) -> Labels | None:
    return {"lane": labels["lane"]} if labels["outcome"] == "done" else None


def _error(labels: Labels) -> Labels | None:
    return None if labels["outcome"] in NO_END else {"code": labels["outcome"]}


def _failed(labels: Labels) -> Labels | None:
    return None if labels["code"] == "cancelled" else {}


def _status(labels: Labels) -> Labels:
    return {"status": f"{labels['status'][:1]}xx"}


def _wanted(labels: Labels) -> Labels | None:
    return None if labels["state"] == "disabled" else {}


RATE, SECONDS, BYTES, COUNT = Unit.PER_SECOND, Unit.SECONDS, Unit.BYTES, Unit.COUNT
_TIMES = "mean, and what half and 95 of 100 stay within; of steps longer than a minute the p95 of the worst minute"
FIGURES = {
    one.metric: one
    for one in (
        Figure("done", RATE, "Files done, by lane", ("lane",), "attempts", _done),
        Figure("errors", RATE, "Attempts that failed, by code", ("code",), "attempts", _error),
        Figure("requests", RATE, "Answers of the API, by class of status", ("status",), "requests", _status),
        Figure("uploads", RATE, "Uploads taken in, by who told first", ("signal",), "uploads", _only("signal")),
        Figure("wait_seconds", SECONDS, f"How long files waited for their turn: {_TIMES}", ("lane", "of")),
        Figure("work_seconds", SECONDS, f"How long the work on a file took: {_TIMES}", ("lane", "of")),
        Figure("waiting", COUNT, "Files that wait to be processed", ("lane",), "waiting_jobs", _only("lane")),
        Figure(
            *("oldest_waiting", SECONDS, "How long the oldest has waited", ("lane",)),
            *("oldest_waiting_seconds", _only("lane")),
        ),
        Figure("under_way", COUNT, "Jobs under way in the workers", (), "jobs_under_way"),
        Figure("readers", COUNT, "Open streams of events", (), "readers"),
        Figure("failed", COUNT, "Files that failed and are still so", (), "failed_assets", _failed),
        Figure(
            "webhooks_behind", COUNT, "Events that webhooks have not taken yet", (), "webhook_events_behind", _wanted
        ),
        Figure("storage_bytes", BYTES, "Room on the drives, before parity", ("of",), "storage_bytes", _only("of")),
        Figure("stored", BYTES, "Bytes of originals that owners have"),
        Figure(
            "library_saved",
            BYTES,
            "Bytes on disks that libraries have saved",
            ("library",),
            *("library_saved_bytes", _only("library")),
        ),
        Figure("findings", COUNT, "What GET /admin/glance has found", ("severity",)),
    )
}


def of_families(families: Iterable[Metric]) -> Sampled:
    """The figures that /metrics has."""
    by_name = {family.name.removeprefix(PREFIX): family for family in families}
    found: Sampled = {}
    for figure in FIGURES.values():
        for sample in by_name[figure.family].samples if figure.family in by_name else ():
            if (labels := figure.pick(sample.labels)) is not None:
                key = named(figure.metric, labels)
                found[key] = found.get(key, 0.0) + sample.value
    return found


def named(metric: str, labels: Labels) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The key of a line."""
    return metric, tuple(sorted(labels.items()))
