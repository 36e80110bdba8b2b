"""Quantities in a workflow, written as people write them."""

import re
from collections.abc import Callable

from appliance.settings import casts

LEAST_ASKED = 100_000
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})? ?[kKM]?")


def bits(text: str) -> int:
    """Bits a second of `800k` or `2.5M`. Raises ValueError."""
    if not _RATE.fullmatch(text):
        raise ValueError("expected bits a second such as 800k or 2.5M")
    return casts.size(text)


def asked(text: str) -> int:
    """The same, of which no video of less use is made. Raises ValueError."""
    if (rate := bits(text)) < LEAST_ASKED:
        raise ValueError("expected 100k bits a second, or more")
    return rate


def absolute(text: str) -> str:
    """The same path. Raises ValueError."""
    if not text.startswith("/") or "\0" in text:
        raise ValueError("expected an absolute path")
    return text


def must_be(field: str, read_as: Callable[[str], object], text: str) -> None:
    """Raises ValueError, which names the field."""
    try:
        read_as(text)
    except ValueError as error:
        raise ValueError(f"{field}: {error}, got {text!r}") from None
