"""The advisories that come with this release, and what they say of a component."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ops.audits.components import Component

FILE = Path(__file__).with_name("advisories.json")
NOT_REACHED, KEPT_OUT, OPEN = "not reached", "kept out", "open"


@dataclass(frozen=True)
class Advisory:
    """What is known of one fault: `ids` in all databases, versions from `introduced` on and before `fixed`.

    `state` is NOT_REACHED (we have no way to that code), KEPT_OUT (we stand before it) or OPEN; `why` says what we do,
    `proof` names the tests that show it.
    """

    ids: tuple[str, ...]
    package: str
    summary: str
    state: str
    why: str
    introduced: str = ""
    fixed: str = ""
    proof: tuple[str, ...] = field(default_factory=tuple)

    def concerns(self, component: Component) -> bool:
        if f"{component.ecosystem}:{component.name}" != self.package:
            return False
        if self.introduced and _order(component.version) < _order(self.introduced):
            return False
        return not self.fixed or _order(component.version) < _order(self.fixed)


def _order(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()


@lru_cache(maxsize=1)
def _file() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(FILE.read_text())
    return content


def known_on() -> str:
    """The date of the advisories, as 2026-11-25."""
    return str(_file()["known_on"])


def advisories() -> list[Advisory]:
    rows = _file()["advisories"]
    return [Advisory(**row | {name: tuple(row[name]) for name in ("ids", "proof") if name in row}) for row in rows]


def concerning(components: Iterable[Component]) -> list[tuple[Advisory, Component]]:
    """Every advisory that concerns one of these, with that one."""
    return [(one, component) for component in components for one in advisories() if one.concerns(component)]
