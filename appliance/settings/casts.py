"""From the text of a setting to its value and back. The same text is good in the environment, a file and the database.

Durations (`90s`, `1h30m`, `2d`) and sizes (`4M`, `7.3 TB`, `16TiB`) become numbers of the unit that the setting is of.
"""

import json
import math
import re
from enum import StrEnum
from typing import Any, get_origin


class Unit(StrEnum):
    """What a number counts. What is counted otherwise has none."""

    NONE = ""
    SECONDS = "seconds"
    HOURS = "hours"
    DAYS = "days"
    BYTES = "bytes"


LARGEST = (1 << 63) - 1  # what Postgres holds as a whole number

_YES, _NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
_SPANS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_FIGURES = r"([0-9]{1,18}(?:\.[0-9]{1,18})?)"
_SPAN = re.compile(_FIGURES + " ?(ms|s|min|m|h|d|w)")
_DURATION = re.compile(rf"(?:{_SPAN.pattern} ?)+")
_IN_SECONDS = {Unit.SECONDS: 1.0, Unit.HOURS: 3600.0, Unit.DAYS: 86400.0}
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
_SIZE = re.compile(_FIGURES + " ?([KMGTP]?)(i?)B?", re.IGNORECASE)


def cast(kind: Any, text: str, unit: Unit = Unit.NONE) -> Any:
    """The value of type `kind` that `text` is written for. Raises ValueError, which says what is expected."""
    if kind is bool:
        return _truth(text)
    if kind in (int, float):
        return _number(kind, text.strip(), unit)
    if (plain := get_origin(kind) or kind) in (dict, list):
        return _json(plain, text)
    if kind == tuple[str, ...]:
        return tuple(text.split())
    if kind == tuple[int, ...]:
        return tuple(_number(int, word, Unit.NONE) for word in text.split())
    try:
        return kind(text)
    except ValueError:
        choices = f": {', '.join(kind)}" if isinstance(kind, type) and issubclass(kind, StrEnum) else ""
        raise ValueError(f"expected a value of its kind{choices}") from None


def written(value: Any) -> str:
    """The text of a value, of which `cast` makes the same value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def seconds(text: str) -> float:
    """Seconds of a duration such as `90s`, `1h30m` or `2d`. Raises ValueError."""
    if not _DURATION.fullmatch(text):
        raise ValueError("expected a duration such as 90s, 1h30m or 2d")
    return sum(float(number) * _SPANS[unit] for number, unit in _SPAN.findall(text))


def size(text: str) -> int:
    """Bytes of a size such as `4M`, `7.3 TB` (of thousands) or `16TiB` (of 1024). Raises ValueError."""
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise ValueError("expected a size such as 4M, 7.3TB or 16TiB")
    return int(float(found[1]) * (1024 if found[3] else 1000) ** _POWERS[found[2].upper()])


def _truth(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES | _NO:
        raise ValueError("expected true or false")
    return word in _YES


def _number(kind: type, text: str, unit: Unit) -> Any:
    try:
        value = kind(text)
    except ValueError:
        value = _with_unit(kind, text, unit)
    if not (abs(value) <= LARGEST if kind is int else math.isfinite(value)):
        raise ValueError("expected a number that can be held")
    return value


def _with_unit(kind: type, text: str, unit: Unit) -> Any:
    """What no plain number is, where the setting's unit allows for more."""
    number = "a whole number" if kind is int else "a number"
    if unit is Unit.NONE:
        raise ValueError(f"expected {number}")
    try:
        value = size(text) if unit is Unit.BYTES else seconds(text) / _IN_SECONDS[unit]
    except ValueError as error:
        raise ValueError(f"expected {number} of {unit}, or {str(error).removeprefix('expected ')}") from None
    if kind is int and value != int(value):
        raise ValueError(f"expected {number} of {unit}")
    return kind(value)


def _json(kind: type, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise ValueError(f"expected a JSON {'object' if kind is dict else 'list'}")
    return value
