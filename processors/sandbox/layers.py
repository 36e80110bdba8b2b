"""The layers between untrusted bytes and the machine, and what of them is in force."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from processors.sandbox.errors import SandboxWeak


class Layer(StrEnum):
    """In the order in which they are named to people."""

    FILTER = "filter"
    """Always: no new privileges, no environment, closed descriptors, resource limits, a list of system calls."""
    LANDLOCK = "landlock"
    BUBBLEWRAP = "bubblewrap"
    """Namespaces made by the program of that name, which some systems allow where they forbid them to others."""
    UNSHARE = "unshare"
    """Namespaces made by the process itself."""
    CGROUP = "cgroup"
    """A limit on memory kept by the kernel. Without, the parent looks ten times a second."""


NAMESPACES = frozenset({Layer.BUBBLEWRAP, Layer.UNSHARE})
SECOND = NAMESPACES | {Layer.LANDLOCK}
ALL = frozenset(Layer)
# No layer, but part of the filter's for those who start as root.
OWN_UID = "own uid"
STAYS_ROOT = "nobody's can't be had here, so it is root without root's rights"


@dataclass(frozen=True)
class Protection:
    """`layers` are in force; `missing` says of each other one why it isn't, and of OWN_UID where root keeps its own.

    weak: somebody has said that the filter alone is good enough.
    """

    layers: frozenset[Layer]
    missing: Mapping[str, str] = field(default_factory=dict)
    weak: bool = False

    @property
    def strong(self) -> bool:
        """Whether a hole in the filter would still meet a second wall."""
        return Layer.FILTER in self.layers and bool(self.layers & SECOND)

    def require(self) -> None:
        """Raises SandboxWeak where nothing may be decoded behind so little."""
        if not (self.strong or (self.weak and Layer.FILTER in self.layers)):
            raise SandboxWeak(f"nothing is decoded behind so little: {self}")

    def __str__(self) -> str:
        held = ", ".join(layer for layer in Layer if layer in self.layers)
        lacking = "; ".join(f"{name}: {self.missing[name]}" for name in (*Layer, OWN_UID) if name in self.missing)
        watched = "" if Layer.CGROUP in self.layers else ", memory watched"
        return f"{'strong' if self.strong else 'WEAK'} ({held}{watched}{'; not ' + lacking if lacking else ''})"
