"""What a program of the sandbox may use up, before it is ended."""

from dataclasses import dataclass

from processors.sandbox.doors import OUTPUT_BYTES


@dataclass(frozen=True)
class Bounds:
    """seconds: by the clock on the wall. cores: how many it may keep busy all that time, in CPU seconds.

    max_bytes: resident memory. file_bytes: what it may write to each of its outputs. nice: how far it steps back behind
    others, 0 to 19; above 0 it stands still for what is urgent, too, see `stepping`. scratch_bytes: of a folder of its
    own, which is gone afterwards; 0: it has none.
    """

    seconds: float = 10.0
    cores: int = 1
    max_bytes: int = 1 << 30
    file_bytes: int = OUTPUT_BYTES
    nice: int = 0
    scratch_bytes: int = 0

    @property
    def cpu_seconds(self) -> int:
        """Whole, and one more: the wall's time is up first."""
        return round(self.seconds * self.cores) + 1
