"""What the server says of one object version after it has tried to heal it. Pure.

Source: HealResultItem of madmin-go, heal-commands.go. `before` and `after` tell the state of each shard: `ok`,
`missing`, `corrupt`, `offline` where its drive is away, or what kept the server from knowing.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OK, OFFLINE = "ok", "offline"
OBJECT, BUCKET = "object", "bucket"


@dataclass(frozen=True)
class Result:
    """One object version, or (`kind`) a bucket or a file of the server's own settings."""

    kind: str
    bucket: str
    key: str
    version_id: str
    """Empty where the bucket has no versions."""
    size: int
    before: Counter[str]
    after: Counter[str]
    detail: str = ""

    @property
    def unhealed(self) -> bool:
        """Whether shards are bad that should have been mended. One whose drive is away waits for that."""
        return bool(self.detail) or any(state not in (OK, OFFLINE) for state in self.after)

    @property
    def mended(self) -> bool:
        """Whether a shard was bad that is good now."""
        return not self.detail and self.after[OK] > self.before[OK]

    @property
    def waits(self) -> bool:
        """Whether a shard is on a drive that is away."""
        return self.after[OFFLINE] > 0

    @property
    def why(self) -> str:
        """What is wrong with its shards, for people."""
        bad = ", ".join(f"{count} {state}" for state, count in sorted(self.after.items()) if state != OK)
        shards = f"of {self.after.total()} shards {bad}" if bad else ""
        return "; ".join(part for part in (shards, self.detail) if part)


def result_of(item: Mapping[str, Any]) -> Result:
    """A record of the server's, as JSON gives it."""
    version = str(item.get("versionId") or "")
    return Result(
        kind=str(item.get("type")),
        bucket=str(item.get("bucket") or ""),
        key=str(item.get("object") or ""),
        version_id="" if version == "null" else version,
        size=int(item.get("objectSize") or 0),
        before=_states(item.get("before")),
        after=_states(item.get("after")),
        detail=str(item.get("detail") or ""),
    )


def _states(side: Mapping[str, Any] | None) -> Counter[str]:
    return Counter(str(drive.get("state")) for drive in (side or {}).get("drives") or ())
