"""The drives as `./ops/drives list` shows them."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ops.disks import contents, smart
from ops.disks.devices import WHOLE, Device
from ops.disks.site import Here
from ops.disks.slots import Slot
from ops.disks.smart import Verdict
from ops.disks.system import ToolFailed
from ops.quantities import bytes_told

HEADS = ("drive", "mount", "device", "serial", "size", "UUID", "state", "SMART")


def rows(here: Here) -> tuple[list[dict[str, Any]], str]:
    """A row for each place, then one for each drive that is at none; and why the server was not asked, if so."""
    used = {slot.mount.source for slot in here.slots if slot.mount}
    others = [one for one in here.devices if one.kind in WHOLE and one.path not in used and one.size]
    # A drive that fails may take a minute to say so.
    with ThreadPoolExecutor() as at_once:
        return [*at_once.map(_placed, here.slots), *at_once.map(_other, others)], here.silence


def _placed(slot: Slot) -> dict[str, Any]:
    # A path that is no block device, as of an overlay, has no health of its own.
    health = smart.asked(slot.device.path) if slot.device else None
    missing = slot.mount is None and bool(slot.was)
    stored = slot.stored.condition if slot.stored else None
    wrong = missing or bool(slot.stored and not slot.stored.whole) or _bad(health)
    source = slot.mount.source if slot.mount else slot.was
    return {
        "drive": slot.where.name,
        "at": str(slot.where),
        "mounted": slot.mount is not None,
        "uuid": slot.uuid or None,
        "storage": "missing" if missing else stored,
        **_described(slot.device, source or None, health),
        "holds": None,
        "wrong": wrong,
    }


def _other(device: Device) -> dict[str, Any]:
    return {
        "drive": None,
        "at": None,
        "mounted": bool(device.mounted),
        "uuid": None,
        "storage": None,
        **_described(device, device.path, smart.asked(device.path)),
        "holds": _holds(device),
        "wrong": False,
    }


def _holds(device: Device) -> str:
    if device.mounted:
        return contents.in_use(device)
    if os.geteuid() != 0:
        return "not known: only root may look at it"
    try:
        return contents.in_use(device) or contents.holds(device) or "empty"
    except (ToolFailed, OSError) as error:
        return f"not known: {error}"


def _described(device: Device | None, path: str | None, health: smart.Health | None) -> dict[str, Any]:
    return {
        "device": path,
        "serial": (device.serial or None) if device else None,
        "model": (device.model or None) if device else None,
        "transport": (device.transport or None) if device else None,
        "bytes": device.size if device else None,
        "smart": str(health) if health else None,
        "celsius": health.celsius if health else None,
        "power_on_hours": health.hours if health else None,
    }


def _bad(health: smart.Health | None) -> bool:
    return health is not None and health.verdict in (Verdict.SOON, Verdict.NOW)


def table(rows: Sequence[dict[str, Any]], problem: str) -> str:
    lines = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([*shown, *([f"storage not asked: {problem}"] if problem else [])])


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    size = bytes_told(row["bytes"]) if row["bytes"] else "-"
    what = row["storage"] or row["holds"] or "-"
    return (
        row["drive"] or "-",
        (row["at"] if row["mounted"] else None) or "-",
        row["device"] or "a folder",
        row["serial"] or "-",
        size,
        row["uuid"] or "-",
        what,
        row["smart"] or "-",
    )
