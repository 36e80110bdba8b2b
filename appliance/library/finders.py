"""Finding the files of a source: by a walk through its folder, or by a plug-in, of which nothing is taken on trust."""

import os
import stat
import time
from collections.abc import Generator, Iterator
from functools import partial

from appliance.library import finding
from appliance.library.finding import Entry, unreadable
from appliance.library.originals.places import HIDDEN
from appliance.library.outcomes import Found, PassedOver, Skip, Unreadable, Why
from appliance.library.plugins import Finder, finders, said
from appliance.library.workflow import Source
from processors.brought import BadPlugin, Brought
from processors.calls import Hangs, Stuck
from processors.named import BadSettings, NoSuchPlugin, pick, settings_of

AT_ONCE_SECONDS, MOST_AT_ONCE = 0.05, 200


class Broken(Unreadable):
    """The finder has failed: what else there is can't be known. The last entry, of the folder itself."""

    __slots__ = ()


def find(source: Source) -> Generator[Entry, None, None]:
    """What is there, as it comes. Raises OSError at once where the folder itself can't be read."""
    if source.finder is None:
        return finding.find(source)
    os.scandir(source.folder).close()
    return _brought(source, source.finder)


def _brought(source: Source, name: str) -> Generator[Entry, None, None]:
    try:
        yield from _checked(source, pick(name, finders(), "finder"))
    except (Hangs, Stuck) as error:
        yield Broken(source.folder, f"the finder {name} {error}")
    except (NoSuchPlugin, BadSettings, BadPlugin) as error:
        yield Broken(source.folder, str(error))
    except Exception as error:
        yield Broken(source.folder, f"the finder {name} failed: {said(error)}")


def _checked(source: Source, brought: Brought[Finder]) -> Generator[Entry, None, None]:
    top = os.path.realpath(source.folder)
    device = os.stat(top).st_dev
    for one in _given(source, brought):
        match one:
            case Found(path=str(path)):
                try:
                    yield _at(path, source, top, device)
                except OSError as error:
                    yield unreadable(path, error)
            case PassedOver(path=str(), skip=Skip(why=Why(), reason=str())) | Unreadable(path=str(), reason=str()):
                yield one
            case _:
                raise TypeError(f"it gives {one!r}, which is no file")


def _given(source: Source, brought: Brought[Finder]) -> Iterator[object]:
    """What it finds. Raises Hangs and Stuck, and as it does."""
    plugin, _, calls = brought
    settings = settings_of(plugin, source.settings)
    found = calls.call(plugin.seconds, lambda: iter(plugin.find(source, settings)))
    ended: Exception | None = None
    while ended is None:
        some: list[object] = []
        try:
            ended = calls.call(plugin.seconds, partial(_filled, some, found))
        except Hangs:
            yield from tuple(some)
            raise
        yield from some
    if not isinstance(ended, StopIteration):
        raise ended


def _filled(some: list[object], found: Iterator[object]) -> Exception | None:
    """Adds the next ones, as many as come at once: a thread for each would take longer than most of them do. What has
    ended it, if anything.
    """
    until = time.monotonic() + AT_ONCE_SECONDS
    try:
        while len(some) < MOST_AT_ONCE and time.monotonic() < until:
            some.append(next(found))
    except Exception as error:
        return error
    return None


def _at(path: str, source: Source, top: str, device: int) -> Entry:
    """A file by what its file system says of it now, by the way to it that has no links. Raises OSError."""
    if not path.startswith("/") or "\0" in path:
        return PassedOver(source.folder, Skip(Why.PLUGIN, f"{path!r} is no absolute path"))
    where, name = os.path.split(path)
    inside = os.path.relpath(os.path.join(os.path.realpath(where, strict=True), name), top)
    ways = inside.split("/")
    if ways[0] == ".." or name in ("", ".", "..") or HIDDEN in ways:
        return PassedOver(
            path, Skip(Why.ELSEWHERE, f"it lies in no folder of {source.folder} that films are looked for in")
        )
    here = os.path.join(source.folder, inside)
    facts = os.lstat(here)
    if not stat.S_ISREG(facts.st_mode):
        link = stat.S_ISLNK(facts.st_mode)
        return PassedOver(here, Skip(Why.LINK, "a link, not a file") if link else Skip(Why.SPECIAL, "no regular file"))
    if facts.st_dev != device and not source.other_file_systems:
        return PassedOver(here, Skip(Why.OTHER_FILE_SYSTEM, "another file system is mounted there"))
    return Found(here, facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)
