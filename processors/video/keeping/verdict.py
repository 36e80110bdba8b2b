"""What is said of a file that was made anew: check by check, and whether it may take its source's place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bars:
    """What a result has to reach. least_vmaf: the mean (NEG) of its pictures, 0 to 100. least_second: the same for the
    mean SSIM of its worst second, 0 to 1; least_few: of its worst few pictures; least_colours: of its colours, made
    small. most_converted: by how many dB of PSNR they may be more like what a conversion would make of the source's
    than like these, unless they are as like to these as surely_like, in dB. least_alike: by how many dB sound that was
    encoded is louder than what it differs by. seconds: by how much its length, and the
    beginning of each stream against that of the pictures, may differ, where a picture does not last longer. every: each
    so many pictures VMAF is taken of, of short files more often: an odd number, since encoders take more care of each
    second, fourth or eighth picture, which others depend on.
    """

    least_vmaf: float = 90.0
    least_second: float = 0.75
    least_few: float = 0.5
    least_colours: float = 0.9
    most_converted: float = 2.0
    surely_like: float = 42.0
    least_alike: float = 1.0
    seconds: float = 0.1
    every: int = 19


@dataclass(frozen=True)
class Check:
    """One of them. detail: for people, what was found; of one that failed, what is wrong."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verdict:
    """damaged_before: the source itself has pictures or sound that can't be decoded, so it is no fault of the result's,
    which does not take its place all the same. vmaf, worst_second: None where they could not be taken.
    """

    checks: tuple[Check, ...]
    damaged_before: bool = False
    vmaf: float | None = None
    worst_second: float | None = None

    @property
    def ok(self) -> bool:
        return not self.damaged_before and all(one.ok for one in self.checks)

    @property
    def failed(self) -> list[Check]:
        """What is wrong."""
        return [one for one in self.checks if not one.ok]


def check(name: str, wrong: list[str], right: str) -> Check:
    """That nothing is `wrong`; else all of it is said."""
    return Check(name, not wrong, "; ".join(wrong) or right)
