"""What a byte takes up on drives: the raw room that is saved includes what erasure coding adds."""

from collections.abc import Mapping
from typing import Any


def overhead(told: Mapping[str, Any] | None) -> float:
    """Bytes on drives for each byte that is stored with the parity of originals, on average over the sets of a report
    on storage (care/report.py); 1 where there is none. A set of n drives, p of them for parity, takes n / (n - p).
    """
    sets = [(one["drives"], one["parity"]) for one in (told or {}).get("sets") or () if one["drives"] > one["parity"]]
    drives = sum(size for size, _ in sets)
    return sum(size * size / (size - parity) for size, parity in sets) / drives if drives else 1.0
