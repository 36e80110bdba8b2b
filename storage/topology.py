"""How the drives of some hosts form erasure sets, and what of them may fail. Pure.

The rule is the server's own for `http://host{1...H}/drive{1...D}` (minio, cmd/endpoint-ellipses.go): the largest set of
2 to 16 drives that divides all of them, and the hosts into it or it into the hosts.
"""

from dataclasses import dataclass

SMALLEST_SET, LARGEST_SET = 2, 16


class Impossible(ValueError):
    """Drives can't be laid out like this; the message says why, and what would do."""


@dataclass(frozen=True)
class Margin:
    """How many of a set's drives, and of the hosts, may fail at any one time without a file being lost from view."""

    drives: int
    hosts: int


@dataclass(frozen=True)
class Layout:
    """`hosts` with `drives` each, in `sets` of `set_drives`; `parity` drives of a set are for the originals' parity and
    `reduced` for the versions'.
    """

    hosts: int
    drives: int
    set_drives: int
    sets: int
    parity: int
    reduced: int

    @property
    def of_a_host(self) -> int:
        """How many drives of one set a host has at most: what its failure costs."""
        return max(1, self.set_drives // self.hosts)

    def reads(self, parity: int) -> Margin:
        """What may fail while objects of that parity can be read."""
        return self._margin(parity)

    def writes(self, parity: int) -> Margin:
        """What may fail while objects of that parity are taken: with as much parity as data, one more has to be there,
        so that two halves never both say yes.
        """
        return self._margin(parity - (2 * parity == self.set_drives))

    def _margin(self, drives: int) -> Margin:
        return Margin(drives, 0 if self.hosts == 1 else min(drives // self.of_a_host, self.hosts - 1))


def default_parity(set_drives: int) -> int:
    """The server's own choice for a set of so many drives."""
    return 1 if set_drives < 4 else 2 if set_drives < 6 else 3 if set_drives < 8 else 4


def set_size(hosts: int, drives: int) -> int:
    """Drives in each erasure set of `hosts` with `drives` each. Raises Impossible."""
    total = hosts * drives
    if hosts < 1 or drives < 1:
        raise Impossible("There has to be a host, and it has to have a drive.")
    if total < SMALLEST_SET:
        raise Impossible("One drive has nothing to spread a file over: take two at least, better four.")
    spread = hosts if hosts > 1 else drives
    fits = [
        size
        for size in range(SMALLEST_SET, LARGEST_SET + 1)
        if total % size == 0 and (spread % size == 0 or size % spread == 0)
    ]
    if not fits:
        raise Impossible(
            f"{hosts * drives} drives in {hosts} hosts can't form equal sets of {SMALLEST_SET} to {LARGEST_SET} drives "
            "that each host has the same share of: take a number of hosts that has divisors, such as 4, 6, 8, 12 or 16."
        )
    return max(fits)


def laid_out(hosts: int, drives: int, parity: int | None = None, reduced: int | None = None) -> Layout:
    """The layout of `hosts` with `drives` each; the server's own parity where none is given.

    Versions can be made again, so less parity does for them; but what one host has of a set should do no harm to them
    either, or they would be out of reach as often as one is restarted. Raises Impossible.
    """
    size = set_size(hosts, drives)
    if parity is None:
        parity = default_parity(size)
    if not 1 <= parity <= size // 2:
        raise Impossible(f"A set of {size} drives can have a parity of 1 to {size // 2}, not {parity}.")
    if reduced is None:
        share = max(1, size // hosts) if hosts > 1 else 1
        reduced = min(parity, share)
    if not 1 <= reduced <= parity:
        raise Impossible(f"The parity of versions is from 1 to that of originals, {parity}; not {reduced}.")
    return Layout(hosts, drives, size, hosts * drives // size, parity, reduced)
