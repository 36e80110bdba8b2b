"""What storage says when an object was stored or went."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus


class NotificationInvalid(ValueError):
    """An element of the list is not what storage writes."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event of one object version."""

    bucket: str
    key: str
    version_id: str
    """Empty where the bucket has no versions."""
    size: int
    """Bytes; 0 for a removal."""
    etag: str
    kind: str
    """The event's name, such as `s3:ObjectCreated:Post` or `s3:ObjectRemoved:Delete`."""
    sequencer: str
    """Orders the events of one key: compare as text, the later is the greater."""

    @property
    def created(self) -> bool:
        return self.kind.startswith("s3:ObjectCreated:")


def parse(element: bytes) -> list[Arrival]:
    """The events in one element of the list, as the Redis target writes it in format `access`.

    An element is `[{"Event": [record…], "EventTime": …}]`, with records as in "Event message structure" of the Amazon
    S3 user guide, in which the key is encoded as in a form. Raises NotificationInvalid, which says nothing of what is
    in the element: addresses and names of access keys are.
    """
    try:
        return [_arrival(record) for entry in _list(json.loads(element)) for record in _list(entry["Event"])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotificationInvalid(f"no notification: {type(error).__name__}, {len(element)} bytes") from None


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return value


def _arrival(record: dict[str, Any]) -> Arrival:
    stored = record["s3"]["object"]
    name = record["eventName"]
    return Arrival(
        bucket=record["s3"]["bucket"]["name"],
        key=unquote_plus(stored["key"]),
        version_id=stored.get("versionId", ""),
        size=int(stored.get("size", 0)),
        etag=stored.get("eTag", ""),
        kind=name if name.startswith("s3:") else f"s3:{name}",
        sequencer=stored.get("sequencer", ""),
    )
