"""The bar that shows how far copying has come."""

from contextlib import AbstractContextManager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn


class Bar(AbstractContextManager["Bar"]):
    """One bar of bytes on standard error, for the time of the block; quiet shows nothing."""

    def __init__(self, what: str, quiet: bool) -> None:
        columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=Console(stderr=True), disable=quiet)
        self._task = self._bars.add_task(what, total=None)

    def __enter__(self) -> "Bar":
        self._bars.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._bars.stop()

    def found(self, count: int, size: int) -> None:
        """There are so many object versions, of so many bytes, to go through."""
        self._bars.update(self._task, total=size)

    def done(self, count: int, size: int) -> None:
        """So many more have been gone through."""
        self._bars.advance(self._task, size)
