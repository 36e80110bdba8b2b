"""What comes out of a processor: facts about the source and the versions made of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Facts:
    """About the source, as its decoder sees it. `width` and `height` are pixels as displayed, orientation applied;
    `frames` is over 1 for an animation or a file of several pages: the versions show the first.
    """

    format: str
    content_type: str
    width: int
    height: int
    frames: int


@dataclass(frozen=True)
class Version:
    """One version, encoded. `sha256` is that of `data`, in hex."""

    name: str
    width: int
    height: int
    content_type: str
    extension: str
    sha256: str
    data: bytes = field(repr=False)  # tasks and tracebacks would spell out a megabyte


@dataclass(frozen=True)
class Developed:
    """A source developed by a recipe. Versions stand in the order of the recipe, the largest first."""

    source: Facts
    versions: list[Version]
