"""Plug-ins that a workflow names, with settings of their own."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeVar

import msgspec

from processors.brought import Brought, brought

MOST_SECONDS = 3600.0
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class Named(Protocol):
    """settings: a msgspec.Struct with forbid_unknown_fields: what a workflow may set. seconds: how long it may take for
    one file; one that takes longer hangs, and is not asked any more.
    """

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> type[msgspec.Struct]: ...

    @property
    def seconds(self) -> float: ...


N = TypeVar("N", bound=Named)


class NoSuchPlugin(Exception):
    """None of this name is installed. Says which are."""


class BadSettings(Exception):
    """They are not what the plug-in takes. where: the field, as `.most` or `[0]`, empty for all of them."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(what)
        self.where, self.what = where, what


@cache
def installed(group: str, kind: type[N], against: Callable[[N], str]) -> Mapping[str, Brought[N]]:
    """Those of a group by their names; they are looked for once. Raises BadPlugin."""

    def why(one: N, before: Sequence[N]) -> str:
        taken = f"there is one called {one.name} already" if any(one.name == other.name for other in before) else ""
        return _against(one) or taken or against(one)

    return {one.plugin.name: one for one in brought(group, kind, why)}


def pick(name: str, of: Mapping[str, Brought[N]], what: str) -> Brought[N]:
    """The one of this name. what: such as `finder`, for people. Raises NoSuchPlugin."""
    if name not in of:
        there = f"there are {', '.join(of)}" if of else "none is"
        raise NoSuchPlugin(f"no {what} {name!r} is installed; {there}")
    return of[name]


def settings_of(plugin: Named, given: Mapping[str, Any]) -> msgspec.Struct:
    """What a workflow has set, as the plug-in takes it. Raises BadSettings."""
    try:
        return msgspec.convert(dict(given), plugin.settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        raise BadSettings(where.rstrip("`").removeprefix("$"), what) from None


def _against(one: Named) -> str:
    if not isinstance(one.name, str) or not NAME.fullmatch(one.name):
        return f"its name is {one.name!r}, where small letters, digits, - and _ are needed"
    kind = one.settings
    if not (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.forbid_unknown_fields
    ):
        return "its settings need a msgspec.Struct with forbid_unknown_fields=True"
    if not isinstance(one.seconds, int | float) or not 0 < one.seconds <= MOST_SECONDS:
        return f"its seconds are {one.seconds!r}, where more than 0 and at most {MOST_SECONDS:g} are needed"
    return ""
