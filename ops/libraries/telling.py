"""A plan told: as a table for people, and whole for a script."""

import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from appliance.library.outcomes import Transcode
from appliance.library.report import Ranked, Report
from appliance.library.workflow import Source, Workflow
from ops.libraries.names import printable, told
from ops.libraries.standing import originals as counted
from ops.quantities import bytes_told

if TYPE_CHECKING:
    from appliance.library.releases import Releasable

HEAD = ("saves", "a CPU hour", "before", "after", "CPU time", "file")


def text(workflow: Workflow, report: Report) -> str:
    """For people: the best first, then what stays as it is and why, then what could not be read."""
    return "\n".join(_lines(workflow, report))


def _lines(workflow: Workflow, report: Report) -> Iterator[str]:
    yield _total(workflow, report)
    yield "This is a plan: nothing has been changed, and sizes and times are estimates."
    source, ranked = workflow.source, report.ranked
    if ranked:
        yield ""
        yield _row(HEAD)
        for one in ranked:
            yield _row((*_figures(one.transcode), _name(one.path, source)))
            yield f"    {printable(one.transcode.reason)}"
        yield from _rest(report.transcodes, ranked)
    if report.skipped:
        yield f"\nStay as they are: {_counts(report)}"
        yield from (f"    {_name(path, source)}: {printable(skip.reason)}" for path, skip in report.skipped)
        yield from _rest(report.skips.total(), report.skipped)
    if report.not_read:
        yield f"\nCould not be read: {report.unreadable}"
        yield from (f"    {_name(path, source)}: {reason}" for path, reason in report.not_read)
        yield from _rest(report.unreadable, report.not_read)


def _total(workflow: Workflow, report: Report) -> str:
    saved, of = bytes_told(report.before - report.after), bytes_told(report.before)
    work = _time(report.cpu_seconds)
    what = f"{workflow.name}: {report.transcodes:,} of {report.seen:,} would become {workflow.target.codec.value}"
    return f"{what}, which saves {saved} of their {of} for {work} of CPU time." if report.transcodes else f"{what}."


def _figures(one: Transcode) -> tuple[str, str, str, str, str]:
    sizes = (bytes_told(size) for size in (one.saving, one.saving_per_cpu_hour, one.before, one.after))
    saves, an_hour, before, after = sizes
    return saves, an_hour, before, after, _time(one.cpu_seconds)


def _row(cells: Sequence[str]) -> str:
    return "  ".join([*(cell.rjust(10) for cell in cells[:-1]), cells[-1]])


def _time(seconds: float) -> str:
    """As 0:00:07 or 3 days, 4:05:06; never nothing."""
    return str(timedelta(seconds=max(1, round(seconds))))


def _counts(report: Report) -> str:
    return ", ".join(f"{count:,} {why.value.replace('_', ' ')}" for why, count in report.skips.most_common())


def _rest(count: int, shown: Sequence[object]) -> Iterator[str]:
    if count > len(shown):
        yield f"    … and {count - len(shown):,} more"


def _name(path: str, source: Source) -> str:
    inside = os.path.relpath(path, source.folder) if source.folder else path.removeprefix(source.prefix)
    return printable(inside)


def releasable(originals: "Sequence[Releasable]") -> str:
    """What would be let go of, for people."""
    lines = [f"{printable(one.path)}  {bytes_told(one.bytes)}\n    {printable(_why(one))}" for one in originals]
    total = bytes_told(sum(one.bytes for one in originals))
    return "\n".join((*lines, f"{counted(len(originals))}, {total}, would be gone for good. --yes does it."))


def _why(one: "Releasable") -> str:
    until = f"kept until {one.until:%Y-%m-%d %H:%M}; " if one.until else ""
    return f"{until}{one.why or 'it goes only if what took its place is another one by now, or gone'}"


def data(workflow: Workflow, report: Report) -> dict[str, Any]:
    """For a script: sizes in bytes, times in seconds."""
    return {
        "workflow": workflow.name,
        "seen": report.seen,
        "transcodes": report.transcodes,
        "before_bytes": report.before,
        "after_bytes": report.after,
        "saving_bytes": report.before - report.after,
        "cpu_seconds": round(report.cpu_seconds, 1),
        "skips": {why.value: count for why, count in report.skips.most_common()},
        "unreadable": report.unreadable,
        "transcode": [_transcode(one) for one in report.ranked],
        "skip": [{**told(path), "why": skip.why.value, "reason": skip.reason} for path, skip in report.skipped],
        "not_read": [{**told(path), "reason": reason} for path, reason in report.not_read],
    }


def _transcode(ranked: Ranked) -> dict[str, Any]:
    one = ranked.transcode
    return {
        **told(ranked.path),
        "codec": one.codec.value,
        "container": one.container,
        "width": one.width,
        "height": one.height,
        "before_bytes": one.before,
        "after_bytes": one.after,
        "saving_bytes": one.saving,
        "cpu_seconds": round(one.cpu_seconds, 3),
        "saving_bytes_per_cpu_hour": round(one.saving_per_cpu_hour),
        "reason": one.reason,
    }
