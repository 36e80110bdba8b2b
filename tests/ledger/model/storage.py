"""Storage as the sweep, the API and workers see it: versions by key, in a server that may be degraded or away."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from urllib.parse import quote_plus

from storage import layout
from storage.objects import Stat, StorageUnavailable

WHOLE, DEGRADED, AWAY = "whole", "degraded", "away"
MOST_VERSIONS = 3


class Storage:
    """`mode` is how it is: degraded, it takes nothing and says of all it holds that it has none; away, it is silent."""

    def __init__(self) -> None:
        self.mode = WHOLE
        self._held: defaultdict[str, dict[str, list[Stat]]] = defaultdict(dict)
        self._numbers = count(1)

    def take(self, key: str, size: int) -> Stat | None:
        """What a form brings: the version that is acknowledged, or None where it is refused."""
        if self.mode != WHOLE or len(self.stored(layout.ORIGINALS, key)) >= MOST_VERSIONS:
            return None
        return self._store(layout.ORIGINALS, key, size)

    def put(self, bucket: str, key: str) -> None:
        if self.mode != WHOLE:
            raise StorageUnavailable("no quorum")
        self._held[bucket].pop(key, None)
        self._store(bucket, key, 1000)

    def stored(self, bucket: str, prefix: str) -> list[Stat]:
        """What there truly is, whatever the server would say."""
        return [
            stat for key in sorted(self._held[bucket]) if key.startswith(prefix) for stat in self._held[bucket][key]
        ]

    def head(self, bucket: str, key: str, version_id: str | None = None) -> Stat | None:
        found = [stat for stat in self._said(bucket, key) if version_id in (None, stat.version_id)]
        return found[0] if found else None

    def list(self, bucket: str, prefix: str, versions: bool = False) -> Iterator[Stat]:
        yield from self._said(bucket, prefix)

    def delete_version(self, bucket: str, key: str, version_id: str) -> None:
        for stat in self._said(bucket, key):
            if stat.version_id == version_id:
                self._held[bucket][key].remove(stat)

    def purge(self, bucket: str, prefix: str) -> int:
        removed = self._said(bucket, prefix)
        for stat in removed:
            self._held[bucket].pop(stat.key, None)
        return len(removed)

    def whole(self) -> bool:
        return self.mode == WHOLE

    def _said(self, bucket: str, prefix: str) -> "list[Stat]":
        if self.mode == AWAY:
            raise StorageUnavailable("away")
        return self.stored(bucket, prefix) if self.mode == WHOLE else []

    def _store(self, bucket: str, key: str, size: int) -> Stat:
        number = next(self._numbers)
        stat = Stat(key, f"version-{number}", size, f"etag-{number}", datetime.now(UTC))
        self._held[bucket].setdefault(key, []).insert(0, stat)  # the newest first
        return stat


def notification(stat: Stat) -> bytes:
    """What the server writes into the list in Valkey of an upload."""
    stored = {"key": quote_plus(stat.key), "versionId": stat.version_id, "size": stat.size, "eTag": stat.etag}
    record = {"eventName": "s3:ObjectCreated:Post", "s3": {"bucket": {"name": layout.ORIGINALS}, "object": stored}}
    return json.dumps([{"Event": [record], "EventTime": "now"}]).encode()
