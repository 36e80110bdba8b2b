"""`./ops/drives replace` from its words to its end: which drive is meant, what is under way, what comes next."""

import dataclasses
import os
import sys
import time
from pathlib import Path

from ops.backups.bars import Bar
from ops.disks import contents, record, replace, site
from ops.disks.prepare import Refused
from ops.disks.replace import Outcome, Replacement
from ops.disks.site import Here
from ops.disks.slots import Slot
from ops.setup.say import say


def replaced(here: Here, old: str, new: str, destroy: bool, units: Path, only_tell: bool) -> Outcome | None:
    """Does it, or goes on with it; None if it was only told. Raises Refused, ToolFailed or StorageError."""
    base = here.places.base
    with replace.alone(base):
        begun = replace.begun(base)
        work = _gone_on_with(begun, here, old, new, destroy) if begun else _decided(here, old, new, destroy)
        if begun:
            say(f"Going on: {work.old} is being replaced by {new}, begun {time.time() - work.began:.0f} s ago.")
        else:
            say(f"{new} takes the place of {work.old}:")
        for step in replace.steps(work.order, work.old, units):
            say(f"  - {step}")
        if only_tell:
            return None
        if not begun:
            replace.note(base, work)
        replace.change_over(base, work, begun is not None, site.made(here), units, say)
        if here.data:
            record.write(here.data)
        outcome = _watched(here, work)
        replace.end(base)
    if here.host:
        say(f"In the inventory it is {work.order.uuid} now, in the place of the old one; then ./ops/cluster render.")
    return outcome


def meant(slots: list[Slot], name: str) -> Slot:
    """The one that is called so. Raises Refused for none, or more than one."""
    names = {name, os.path.realpath(name)}
    found = [slot for slot in slots if slot.names & names]
    if len(found) != 1:
        several = " and ".join(str(slot.where) for slot in found) or "no drive"
        raise Refused(f"{name} is {several}\n  → ./ops/drives list shows them; their number is the shortest name.")
    return found[0]


def _decided(here: Here, old: str, new: str, destroy: bool) -> Replacement:
    slot = meant(list(here.slots), old)
    if slot.mount is None and any(slot.where.iterdir()):
        raise Refused(f"{slot.where} is a folder with data, no drive of its own\n  → Back up, and restore onto drives.")
    assert here.server is not None, "it was asked for"
    order = replace.decided(slot, site.device(here, new), here.server.cluster(), destroy)
    source = slot.mount.source if slot.mount else slot.was or "nothing"
    return Replacement(order, f"drive {slot.where.name} ({source})", time.time())


def _gone_on_with(begun: Replacement, here: Here, old: str, new: str, destroy: bool) -> Replacement:
    """What was begun, if it is what is asked for again. OLD may have no name left but its place by now, and NEW another
    one. Raises Refused.
    """
    device, where = site.device(here, new), begun.order.where
    named = {where.name, str(where)} | {name for slot in here.slots if slot.where == where for name in slot.names}
    if old not in named and f"({os.path.realpath(old)})" not in begun.old:
        command = f"./ops/drives replace {where.name} {begun.order.device}"
        raise Refused(f"{begun.old} is being replaced by {begun.order.device}\n  → Go on with that one: {command}")
    holds = contents.holds(device)
    if not replace.same_drive(begun, device, holds, destroy):
        what = f"{begun.order.serial or begun.order.device}, of which {begun.order.uuid} is to be the UUID"
        raise Refused(
            f"{begun.old} is being replaced by {what}; on {new} is {holds or 'nothing'}\n"
            f"  → Name that one. To begin anew with another, remove {here.places.base / replace.FILE} first."
        )
    return dataclasses.replace(begun, order=dataclasses.replace(begun.order, device=device.path))


def _watched(here: Here, work: Replacement) -> Outcome:
    server = here.server
    assert server is not None, "it was asked for"
    done = 0
    with Bar("on the new drive", quiet=not sys.stderr.isatty()) as bar:

        def told(now: int, of: int) -> None:
            nonlocal done
            bar.found(0, max(now, of))
            bar.done(0, now - done)
            done = now

        try:
            return replace.healed(work, lambda: server.drive(work.order.where), say, told)
        except KeyboardInterrupt:
            say("The server goes on by itself; the same command watches again.")
            raise
