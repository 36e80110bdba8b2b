"""What became of everything: the clients' book held against what the appliance says in the end."""

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ops.soaking.book import Book
from ops.soaking.harm import Kill
from ops.soaking.memory import Growth

OPEN = ("init", "uploaded", "processing")
LATE = "upload_expired"  # what was acknowledged must never end so
LEFT_OVER = "left over"  # verify's word for an object version that an asset does not refer to
MEMORY_MINUTES = 10  # of a shorter run most is warming up


@dataclass
class Outcome:
    minutes: float
    seed: int
    cores: int
    at_once: int
    """Clients that upload."""
    book: Book
    kills: list[Kill]
    growth: dict[str, Growth]
    events: int
    """The head of the stream: so many events there were."""
    heard_wrong: int = 0
    """Events that a websocket's listener got twice, not at all, or out of order."""
    webhook_missing: int = 0
    webhook_repeated: int = 0
    drained: float = 0.0
    """Seconds from the end of the load until nothing was under way."""
    states: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Files that are no photos and are done, or photos that are an error, each with its code."""
    unexplained: int = 0
    """Object versions that nothing referred to once all had come to rest."""
    examples: list[dict[str, str]] = field(default_factory=list)
    """What verify said of some of these."""
    verified: dict[str, Any] = field(default_factory=dict)
    """What ./ops/verify --deep --json said after these were deleted; with `error` where it could not run."""

    def judge(self, images: dict[str, dict[str, Any]]) -> None:
        """Compares every acknowledged upload with what `images`, as the API lists them by id, say of it."""
        for identity, sent in self.book.sent.items():
            image = images.get(identity)
            if image is None and (sent.deleted or sent.deleting):
                self.states["deleted"] += 1
                continue
            if sent.deleted:
                self.wrong.append(f"{identity} ({sent.kind}) was deleted and is still there")
                continue
            code = ((image or {}).get("error") or {}).get("code", "")
            if image is None or code == LATE:
                self.lost.append(identity)
                continue
            self.states[image["state"]] += 1
            if image["state"] in OPEN:
                self.stuck.append(identity)
            if image["state"] == "error":
                self.errors[code] += 1
            if sent.good not in (None, image["state"] == "done"):
                self.wrong.append(f"{identity} ({sent.kind}) is {image['state']} {code}".rstrip())

    @property
    def verified_clean(self) -> bool:
        return bool(self.verified.get("clean")) and not self.verified.get("unexplained")

    @property
    def holds(self) -> bool:
        """Whether the promise was kept: nothing lost, stuck, wrong, unexplained or untold, and no part falls short."""
        unkept = (self.lost, self.stuck, self.wrong, self.heard_wrong, self.webhook_missing)
        return not any(unkept) and self.verified_clean and not self.astray and not self.shortfalls()

    @property
    def astray(self) -> list[str]:
        """The keys that are left over without a reason.

        A storage that is killed may have stored a form and told nobody, and its client sends it again: so one version
        of each form that was under way.
        """
        most = self.at_once * sum(kill.part == "storage" for kill in self.kills)
        if self.unexplained > most:
            return [one["key"] for one in self.examples]
        return [one["key"] for one in self.examples if not self._sent_again(one)]

    def _sent_again(self, example: dict[str, str]) -> bool:
        return example["kind"] == LEFT_OVER and self.book.forms[example["key"].rpartition("/")[2]] > 1

    def shortfalls(self) -> list[str]:
        """What parts did not do, or was not done to them: not healed, not flat in memory, not killed often enough."""
        short = [f"{kill.part} was not well again after a kill" for kill in self.kills if kill.well is None]
        if len(self.kills) < (due := int(2 * self.minutes) - 2):
            short.append(f"{len(self.kills)} kills, where {due} were due")
        if self.minutes >= MEMORY_MINUTES:
            short += [f"{part} grew by {g.last - g.first:.0f} MB" for part, g in self.growth.items() if not g.flat]
        return short

    def latencies(self, in_peace: bool) -> list[float]:
        """Seconds from a form's acknowledgement until its image ended; in peace: of those that no kill came near."""
        ended = [(sent.acknowledged, sent.ended) for sent in self.book.sent.values() if sent.ended is not None]
        return sorted(max(0.0, end - at) for at, end in ended if not (in_peace and self._disturbed(at, end)))

    def link_seconds(self, in_peace: bool) -> list[float]:
        """Seconds that a link took."""
        taken = ((at, at + seconds) for at, seconds in self.book.links)
        return sorted(end - at for at, end in taken if not (in_peace and self._disturbed(at, end)))

    def _disturbed(self, begin: float, end: float) -> bool:
        return any(kill.at <= end and begin <= (kill.well or float("inf")) + 5 for kill in self.kills)

    def heal_seconds(self) -> list[float]:
        return sorted(kill.well - kill.at for kill in self.kills if kill.well is not None)

    def told(self) -> dict[str, Any]:
        """All of it for a script."""
        return {
            "holds": self.holds,
            "minutes": self.minutes,
            "seed": self.seed,
            "cores": self.cores,
            "acknowledged": len(self.book.sent),
            "states": dict(self.states),
            "errors": dict(self.errors),
            "lost": self.lost,
            "stuck": self.stuck,
            "wrong": self.wrong,
            "clients": dict(self.book.did),
            "events": self.events,
            "heard_wrong": self.heard_wrong,
            "webhook": {"missing": self.webhook_missing, "repeated": self.webhook_repeated},
            "drained_seconds": round(self.drained, 1),
            "shortfalls": self.shortfalls(),
            "kills": [{"part": k.part, "healed_seconds": k.well and round(k.well - k.at, 1)} for k in self.kills],
            "latency_seconds": {"all": figures(self.latencies(False)), "in_peace": figures(self.latencies(True))},
            "link_seconds": {"all": figures(self.link_seconds(False)), "in_peace": figures(self.link_seconds(True))},
            "memory_mb": {part: growth._asdict() for part, growth in self.growth.items()},
            "unexplained": self.unexplained,
            "astray": self.astray,
            "verified": self.verified,
        }


def figures(values: list[float]) -> dict[str, float]:
    """Of sorted values: how many, the median, two quantiles and the worst."""
    if not values:
        return {"n": 0}
    at = {f"p{part}": values[min(len(values) - 1, len(values) * part // 100)] for part in (95, 99)}
    return {"n": len(values), "p50": statistics.median(values), **at, "worst": values[-1]}
