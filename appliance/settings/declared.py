"""What a setting is: the makers of its row in the table of appliance/config.py, and the row as the service reads it."""

import copy
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from appliance.errors import BadConfiguration, BadRequest, NotFound
from appliance.settings.casts import Unit, cast, written

HIDDEN = "(secret)"
MANY = 1 << 53
"""The most that every reader of JSON can hold, where there is no other bound."""
# What Valkey keeps beside the values, and what the API has beside them: names that no setting may take from these.
RESERVED, KEPT = ("syncing", "generation", "history", "sync", "rollback"), "_temp"

Check = Callable[[str], object]


def setting(default: Any, why: str, secret: bool = False) -> Any:
    """A field read from `DARKROOM_<NAME>` when a process starts; lists are separated by white space."""
    return _field(default, {"why": why}, secret)


def live(
    default: Any,
    why: str,
    least: float | None = None,
    most: float | None = None,
    unit: Unit = Unit.NONE,
    secret: bool = False,
    check: Check | None = None,
) -> Any:
    """A field that may also change while the processes run: by a file, `./ops/settings set` or the API.

    least, most: bounds, both allowed. check: raises BadConfiguration or ValueError for a text that can't be.
    """
    bounds = {"least": least, "most": most, "unit": unit, "check": check}
    return _field(default, {"why": why, "live": bounds}, secret)


def _field(default: Any, metadata: dict[str, Any], secret: bool) -> Any:
    if isinstance(default, dict | list):  # which each configuration has a copy of
        return field(default_factory=lambda: copy.copy(default), metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


class UnknownSetting(NotFound):
    code = "unknown_setting"
    title = "There is no such setting"


@dataclass(frozen=True)
class Setting:
    """One row: what it is called, what it may be, and `why` there is one."""

    key: str
    kind: Any
    default: Any
    why: str
    least: float | None = None
    most: float | None = None
    unit: Unit = Unit.NONE
    check: Check | None = None
    secret: bool = False
    live: bool = True

    @property
    def variable(self) -> str:
        """Its name in the environment and in `.env`."""
        return f"DARKROOM_{self.key.upper()}"

    @property
    def bounds(self) -> str:
        """What it may be, for people; empty where that needs no word."""
        least, most = ("" if end is None else written(end) for end in (self.least, self.most))
        if most and self.most != MANY:
            return f"{least} to {most}" if least else f"up to {most}"
        return f"{least} or more" if least else ""

    def cast(self, text: str) -> Any:
        """The value that `text` is written for. Raises ValueError, which says what is expected, and never the text."""
        value = cast(self.kind, text, self.unit)
        low = self.least is not None and value < self.least
        if low or (self.most is not None and value > self.most):
            most = f", {MANY} at most" if self.most == MANY else ""
            raise ValueError(f"expected {self.bounds} {self.unit}".rstrip() + most)
        if self.check:
            self.check(text)
        return value

    def must_cast(self, text: str) -> Any:
        """The same for what a caller sent. Raises BadRequest, which names the setting."""
        try:
            if "\0" in text:
                raise ValueError("expected text without NUL")
            return self.cast(text)
        except (ValueError, BadConfiguration) as error:
            raise BadRequest(f"The value of {self.key} is not valid", value=str(error)) from None


def declared_in(table: type) -> Mapping[str, Setting]:
    """Every row of a table such as Config, by its key."""
    found = {}
    for item in fields(table):
        bounds = item.metadata.get("live")
        default = item.default_factory() if callable(item.default_factory) else item.default
        what = (item.name, item.type, default, item.metadata["why"])
        one = Setting(*what, secret=not item.repr, live=bounds is not None, **bounds or {})
        assert not one.live or not (one.key in RESERVED or one.key.endswith(KEPT)), one.key
        found[one.key] = one
    return found


def live_in(table: type) -> Mapping[str, Setting]:
    """Those of them that may change while the processes run."""
    return {key: one for key, one in declared_in(table).items() if one.live}


def find(table: type, key: str) -> Setting:
    """The setting of this key that may change. Raises UnknownSetting, which says what there is instead."""
    if one := live_in(table).get(key):
        return one
    raise unknown(table, key)


def unknown(table: type, key: str) -> UnknownSetting:
    """What to say of a key that is none, or none that may change."""
    if other := declared_in(table).get(key):
        return UnknownSetting(f"{key} is read when the appliance starts: give {other.variable} to ./ops/up")
    near = difflib.get_close_matches(key, live_in(table), 1)
    return UnknownSetting(f"There is no setting {key[:80]!r}" + (f"; did you mean {near[0]}?" if near else ""))
