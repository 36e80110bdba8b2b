"""Libraries as figures: files by what became of them, and bytes that are saved."""

from collections.abc import Iterable

from prometheus_client.core import Metric

from appliance.families import gauge
from appliance.library.standing import standings


async def families() -> Iterable[Metric]:
    """Raises Unavailable."""
    files = gauge("library_files", "Files of libraries that are to be made anew, or were", "library", "state")
    saved = gauge("library_saved_bytes", "Bytes on disks that libraries have saved", "library")
    later = gauge("library_saved_later_bytes", "The same once originals that are kept for now are gone", "library")
    spent = gauge("library_cpu_seconds", "CPU time that was spent on files of libraries", "library")
    for one in await standings():
        ahead, behind = one.ahead, one.behind
        states = {"waiting": ahead.waiting, "under_way": ahead.under_way, "failed": ahead.failed}
        states |= {"replaced": behind.replaced, "kept": behind.kept, "undone": behind.undone}
        for state, count in states.items():
            files.add_metric([one.name, state], count)
        saved.add_metric([one.name], behind.saved_bytes)
        later.add_metric([one.name], behind.saved_later_bytes)
        spent.add_metric([one.name], behind.cpu_seconds)
    return [files, saved, later, spent]
