"""The clients' own book of what they did and what they were told: what the appliance is held against in the end."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

ENDED = ("done", "error")


@dataclass
class Sent:
    """One upload that storage acknowledged. Times as of time.monotonic()."""

    kind: str
    good: bool | None
    """Whether it has to be done in the end; None: two files were sent by one form, and either may be taken in."""
    acknowledged: float
    ended: float | None = None
    deleting: bool = False
    """Its deletion was asked for; as long as the answer is not there, it may be done or not."""
    deleted: bool = False
    """The answer said so."""


@dataclass
class Book:
    sent: dict[str, Sent] = field(default_factory=dict)
    """By the image's id."""
    links: list[tuple[float, float]] = field(default_factory=list)
    """When each link was asked for, and the seconds it took."""
    did: Counter[str] = field(default_factory=Counter)
    """What else clients did, and what failed them."""
    forms: Counter[str] = field(default_factory=Counter)
    """How often the form of each image was sent: again by a client that got no answer, or on purpose."""
    ended_early: dict[str, float] = field(default_factory=dict)
    """When images ended whose acknowledgement has not come yet: an event may overtake it."""

    def acknowledged(self, image: str, kind: str, good: bool) -> None:
        now = time.monotonic()
        self.sent[image] = Sent(kind, good, now, self.ended_early.pop(image, None))

    def told(self, event: dict[str, Any]) -> None:
        """A listener heard this."""
        if event.get("state") not in ENDED:
            return
        sent, now = self.sent.get(event["image_id"]), time.monotonic()
        if sent is None:
            self.ended_early.setdefault(event["image_id"], now)
        elif sent.ended is None:
            sent.ended = now


@dataclass
class Heard:
    """What one listener was told: every number of the stream once, in order, and what was wrong about it."""

    seq: int = 0
    events: int = 0
    wrong: int = 0

    def take(self, seq: int) -> None:
        self.wrong += seq != self.seq + 1
        self.seq = seq
        self.events += 1
