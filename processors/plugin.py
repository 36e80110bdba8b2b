"""Plug-ins: profiles that other packages bring, found by the entry points of one group. README.md has a template."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processors.brought import brought
from processors.processor import Processor
from processors.profile import FOLDERS, Profile

if TYPE_CHECKING:  # which bootstrapping has to do without
    from processors.results import Developed

GROUP = "darkroom.processors"


@dataclass(frozen=True)
class Plugin:
    """profile: with Processor.PLUGIN and lane "images". develop: makes the versions of a file, in the sandbox, whose
    doors are closed: it can open nothing, and has as long and as much memory as a photo. Raises Refused.
    sample: a small file, developed before the doors close, so that all is loaded that will be needed.
    recognise: whether a file that libmagic does not know is one, by its first 4096 bytes; then it is of the profile's
    one content type.
    """

    profile: Profile
    develop: "Callable[[memoryview], Developed]"
    sample: bytes
    recognise: Callable[[bytes], bool] | None = None


_installed: dict[str, Plugin] | None = None


def installed(own: Iterable[Profile] = ()) -> Mapping[str, Plugin]:
    """Every plug-in by the name of its profile; they are looked for once. own: the profiles that there are already.

    Raises BadPlugin.
    """
    global _installed
    if _installed is None:
        there = list(own)
        found = brought(
            GROUP, Plugin, lambda one, before: _against(one, [*there, *(other.profile for other in before)])
        )
        _installed = {one.plugin.profile.name: one.plugin for one in found}
    return _installed


def recognised(head: bytes) -> str | None:
    """The content type of a file that a plug-in knows by its beginning."""
    for plugin in installed().values():
        if plugin.recognise is not None and plugin.recognise(head):
            return next(iter(plugin.profile.content_types))
    return None


def _against(plugin: Plugin, others: Iterable[Profile]) -> str:
    """What speaks against it; empty if nothing does."""
    profile = plugin.profile
    if profile.processor is not Processor.PLUGIN or profile.lane != "images":
        return "its profile needs processor=Processor.PLUGIN and lane='images'"
    if profile.folder not in FOLDERS:
        return f"its folder is {profile.folder!r}, where one of {', '.join(FOLDERS)} is needed"
    if plugin.recognise is not None and len(profile.content_types) != 1:
        return "what it recognises must be of one content type"
    for other in others:
        for what in ("content_types", "extensions"):
            if both := set(getattr(profile, what)) & set(getattr(other, what)):
                return f"its {what} {', '.join(sorted(both))} are those of {other.name} already"
        if profile.name == other.name:
            return f"there is a profile {profile.name} already"
    return ""
