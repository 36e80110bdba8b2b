"""What other packages bring: objects of one kind, found by the entry points of a group, or refused with a reason."""

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import entry_points
from typing import Generic, NamedTuple, TypeVar

from processors.calls import Calls

T = TypeVar("T")


class BadPlugin(Exception):
    """A package that is installed can't be used as it is. Says which, and why."""


class Brought(NamedTuple, Generic[T]):
    """version: of the package that brings it, which is another one where it may decide otherwise. calls: by which it
    is asked, where it may be one that never comes back.
    """

    plugin: T
    version: str
    calls: Calls


def brought(group: str, kind: type[T], against: Callable[[T, Sequence[T]], str]) -> Iterator[Brought[T]]:
    """Everything of a group, in the order of names.

    against: what speaks against one, given those before it; empty if nothing does. Raises BadPlugin.
    """
    taken: list[T] = []
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        what = f"The plug-in {entry.name} ({entry.value}) can't be used"
        try:
            plugin = entry.load()
        except Exception as error:
            raise BadPlugin(f"{what}: {type(error).__name__}: {error}") from error
        if not isinstance(plugin, kind):
            raise BadPlugin(f"{what}: its entry point names no {kind.__module__}.{kind.__name__}")
        if why := against(plugin, taken):
            raise BadPlugin(f"{what}: {why}")
        taken.append(plugin)
        yield Brought(plugin, entry.dist.version if entry.dist else "", Calls())
