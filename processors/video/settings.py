"""What an operator decides about videos."""

import hashlib
from dataclasses import dataclass, field, replace

from processors.video.codec import Codec
from processors.video.orders import Show

MEGABIT = 1_000_000


@dataclass(frozen=True)
class Settings:
    """bit_rates: bits a second by the number of lines (the shorter side) up to which each holds, in rising order.

    max_lines: a result has no more. threads: of one encoder. nice: how far videos step back behind photos. show: the
    screenshots and the sprite; its `preview` is the length of the preview in seconds, 0 for none. ladder: lines of each
    rung of an HLS ladder; none, no ladder. seconds: what all of it may take, by the clock; see `choose`. longest: how
    many seconds a source may last; 0: any number.
    """

    codec: Codec = Codec.VP9
    bit_rates: tuple[tuple[int, int], ...] = ((1080, 2 * MEGABIT), (1440, 3 * MEGABIT), (2160, 4_500_000))
    max_lines: int = 2160
    threads: int = 2
    nice: int = 10
    preview_lines: int = 360
    preview_bit_rate: int = 800_000
    show: Show = field(default_factory=Show)
    ladder: tuple[int, ...] = ()
    seconds: float = 6 * 3600
    longest: float = field(default=0, repr=False)  # it decides about none of the looks

    @property
    def hash(self) -> str:
        """12 hex digits over everything that decides how the results look."""
        looks = replace(self, threads=1, nice=0, seconds=0)
        return hashlib.sha256(repr(looks).encode()).hexdigest()[:12]

    def bit_rate(self, lines: int) -> int:
        """What is asked for, in bits a second, for a picture of so many lines."""
        return next((rate for most, rate in self.bit_rates if lines <= most), self.bit_rates[-1][1])
