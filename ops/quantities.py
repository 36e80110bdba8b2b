"""Sizes as people write and read them: `8T`, `7.3 TB`. Drives and photos are counted in thousands, as they are sold."""

import argparse

from appliance.settings import casts

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}


def size(text: str) -> int:
    """Bytes of `4M`, `7.3 TB` or `16TiB`. Raises argparse.ArgumentTypeError, as a type of arguments does."""
    try:
        found = casts.size(text)
    except ValueError:
        found = 0
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 4M, 7.3TB or 16TiB")
    return found


def bytes_told(count: float) -> str:
    """A number of bytes to three figures: `7.30 TB`."""
    for unit, of in reversed(_UNITS.items()):
        if count >= of:
            value = count / of
            return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {unit}B"
    return f"{count:.1f} B"
