"""How long things took, from counts by bounds: of the time between two looks at them. Pure."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from prometheus_client.core import Metric

from appliance.families import PREFIX
from appliance.metrics import BOUNDS
from appliance.samples.figures import Sampled, named

Buckets = Mapping[str, float]  # the label of a bound → how many stayed within it, and not within the one before
LABELS = [*(f"{bound:g}" for bound in BOUNDS), "inf"]
QUANTILES = {"p50": 0.5, "p95": 0.95}


class Sums(NamedTuple):
    """The sums so far of one lane: by bound, and of all seconds."""

    buckets: Buckets
    seconds: float

    def since(self, before: "Sums | None") -> "Sums":
        """What came after `before`; all of it where the counts began anew."""
        if before is None or any(self.buckets.get(label, 0) < n for label, n in before.buckets.items()):
            return self
        grown = {label: n - before.buckets.get(label, 0) for label, n in self.buckets.items()}
        return Sums(grown, max(0.0, self.seconds - before.seconds))


Known = dict[tuple[str, str], Sums]  # (figure, lane) → its sums


def known(families: Iterable[Metric]) -> Known:
    """What /metrics has of how long files waited, and how long the work on them took."""
    by_name = {family.name.removeprefix(PREFIX): family.samples for family in families}
    sums: Known = {}
    for figure, counts, seconds in (
        ("wait_seconds", "waits", "wait_seconds"),
        ("work_seconds", "works", "attempt_seconds"),
    ):
        for lane in {sample.labels["lane"] for sample in by_name.get(counts, ())}:
            buckets = {s.labels["up_to"]: s.value for s in by_name[counts] if s.labels["lane"] == lane}
            took = sum(
                s.value
                for s in by_name.get(seconds, ())
                if s.labels["lane"] == lane and s.labels.get("outcome", "done") == "done"
            )
            sums[figure, lane] = Sums(buckets, took)
    return sums


def of(now: Known, before: Known) -> Sampled:
    """Mean and quantiles of what came between two looks; nothing of a lane where nothing came, or was not known
    before.
    """
    found: Sampled = {}
    for (figure, lane), sums in now.items():
        grown = sums.since(before.get((figure, lane)))
        count = sum(grown.buckets.values())
        if not before or count <= 0:
            continue
        times = {"mean": grown.seconds / count} | {name: quantile(grown.buckets, q) for name, q in QUANTILES.items()}
        for name, seconds in times.items():
            found[named(figure, {"lane": lane, "of": name})] = seconds
    return found


def quantile(buckets: Buckets, share: float) -> float:
    """Seconds that this share of all stayed within, as if they lay evenly between two bounds; beyond the last bound it
    is that one.
    """
    wanted = share * sum(buckets.values())
    below = 0.0
    for (_, low), (label, high) in pairwise([("", 0.0), *zip(LABELS, [*BOUNDS, BOUNDS[-1]], strict=True)]):
        within = buckets.get(label, 0.0)
        if within and below + within >= wanted:
            return low + (high - low) * (wanted - below) / within
        below += within
    return float(BOUNDS[-1])
