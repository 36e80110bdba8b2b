"""Which files a look has seen, in memory that is small next to their names."""

LEAST_BYTES = 4096


class Numbers:
    """A set of numbers from 0 on: one bit for each up to the highest, 125 kB for a million."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        place, bit = divmod(number, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(max(LEAST_BYTES, place + 1 - len(self._bits))))
        self._bits[place] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        place, bit = divmod(number, 8)
        return place < len(self._bits) and bool(self._bits[place] >> bit & 1)
