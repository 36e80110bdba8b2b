"""Whether all drives are there, for those whose conclusions need them: more is asked than whether the server writes."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

_WELL = "ok"


def complete(told: Mapping[str, Any]) -> bool:
    """Whether every object can be read, by what the server says of its storage (StorageInfo of its admin API).

    So many drives of a set may be offline, or still be healed, as the lowest parity can do without.
    """
    backend = told["Backend"]
    spare = min(backend["StandardSCParity"], backend["RRSCParity"])
    lacking = Counter((drive["pool_index"], drive["set_index"]) for drive in told["Disks"] if not _full(drive))
    return max(lacking.values(), default=0) <= spare


def _full(drive: Mapping[str, Any]) -> bool:
    return drive.get("state") == _WELL and not drive.get("healing")
