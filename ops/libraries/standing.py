"""How libraries stand, told: as text for people, and whole for a script."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ops.libraries.names import printable
from ops.quantities import bytes_told

if TYPE_CHECKING:
    from appliance.library.standing import LastScan, Standing

NONE = "There is no library yet: ./ops/library run WORKFLOW.json begins one."


def text(standings: "Sequence[Standing]") -> str:
    """For people."""
    return "\n\n".join("\n".join(_lines(one)) for one in standings) or NONE


def data(standings: "Sequence[Standing]") -> list[dict[str, Any]]:
    """For a script: sizes in bytes, times in seconds."""
    import msgspec

    return [msgspec.to_builtins(one) for one in standings]


def _lines(one: "Standing") -> Iterator[str]:
    yield f"{printable(one.name)}  ({_where(one.source)})" + (f" on {one.host}" if one.host else "")
    if one.problem:
        yield f"    its file is no workflow: {printable(one.problem)}"
        return
    if not one.mounted:
        yield "    no worker has its workflow any more; undo and release work where its files are on a worker's host"
    yield f"    {_now(one)}"
    if one.scan is not None:
        yield f"    {_scan(one.scan)}"
    ahead, behind = one.ahead, one.behind
    if ahead.waiting or ahead.under_way:
        saving, work = bytes_told(ahead.bytes - ahead.estimated_bytes), timedelta(seconds=round(ahead.cpu_seconds))
        yield f"    to do: {ahead.waiting + ahead.under_way:,}, which will save some {saving} for {work} of CPU time"
    if ahead.failed:
        yield f"    failed: {ahead.failed:,}; ./ops/retry shows why, and tries them again"
    if behind.replaced or behind.kept or behind.undone:
        later = f", and {bytes_told(behind.saved_later_bytes)} more once originals are let go" * bool(behind.replaced)
        yield f"    done: {behind.replaced:,} replaced, {behind.kept:,} left as they were, {behind.undone:,} undone"
        yield f"    saved: {bytes_told(behind.saved_bytes)}{later}"
    if behind.held:
        kept = f"{originals(behind.held)}, {bytes_told(behind.held_bytes)}, kept beyond their time"
        yield f"    {kept}: nothing whole took their place; ./ops/library release tells which, and lets go of them"


def originals(count: int) -> str:
    """So many of them, in words."""
    return f"{count:,} original{'s' * (count != 1)}"


def _where(source: dict[str, Any]) -> str:
    bucket = f"the bucket {source['bucket']}/{source.get('prefix', '')}" if "bucket" in source else "nowhere"
    return printable(str(source.get("folder") or bucket))


def _now(one: "Standing") -> str:
    if one.scan is not None and one.scan.ended_at is None:
        return "is being looked through"
    if one.asked:
        return "will be looked through in a moment"
    if one.ahead.under_way:
        return "a file is being transcoded"
    return (
        f"waits: {printable(one.waits)}"
        if one.waits
        else "nothing to do"
        if not one.ahead.waiting
        else "begins in a moment"
    )


def _scan(scan: "LastScan") -> str:
    if scan.problem:
        return f"last look {scan.began_at:%Y-%m-%d %H:%M}: {printable(scan.problem)}"
    skips = ", ".join(f"{count:,} {why.replace('_', ' ')}" for why, count in sorted(scan.skips.items()))
    unread = f", {scan.unreadable:,} could not be read" * bool(scan.unreadable)
    seen = f"last look {scan.began_at:%Y-%m-%d %H:%M}: {scan.seen:,} seen, {scan.probed:,} opened{unread}"
    return f"{seen}; as they are stay {skips}" if skips else seen
