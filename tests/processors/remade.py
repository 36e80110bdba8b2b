"""Files made anew for tests, and what is said of them."""

import os
from dataclasses import dataclass
from pathlib import Path

from processors.sandbox.layers import Protection
from processors.sandbox.probe import probe as probe_layers
from processors.video.codec import Codec
from processors.video.keeping.inventory import Inventory
from processors.video.keeping.looking import take_inventory
from processors.video.keeping.order import Order
from processors.video.keeping.ordering import ordered
from processors.video.keeping.remaking import Remaking, remake
from processors.video.keeping.verdict import Bars, Verdict
from processors.video.keeping.verifying import verify
from processors.video.keeping.wishes import Wish
from processors.video.probe import probe
from processors.video.progress import Progress

BARS = Bars(least_vmaf=80)


@dataclass
class Remade:
    """A source, its order, and the result by its name in the same folder. told: how far it was."""

    folder: Path
    before: Inventory
    order: Order
    protection: Protection
    told: list[Progress]

    @property
    def data(self) -> bytes:
        return (self.folder / "target").read_bytes()

    async def after(self) -> Inventory:
        with (self.folder / "target").open("rb") as file:
            return await take_inventory(file.fileno(), self.protection)

    async def verdict(self, other: bytes | None = None, bars: Bars = BARS) -> Verdict:
        """Of the result, or of `other` in its place."""
        name = "target"
        if other is not None:
            name = "other"
            (self.folder / name).write_bytes(other)
        with (self.folder / "source").open("rb") as source, (self.folder / name).open("rb") as target:
            files = source.fileno(), target.fileno()
            return await verify(*files, self.before, self.order, self.protection, bars, self.told.append)


async def remade(data: bytes, wish: Wish, folder: Path) -> Remade:
    """Made anew as wished. Raises AssertionError where it is refused, and as `remake` does."""
    protection, told = await probe_layers(), list[Progress]()
    (folder / "source").write_bytes(data)
    with (folder / "source").open("rb") as source, (folder / "target").open("w+b") as target:
        before = await take_inventory(source.fileno(), protection)
        order = ordered(before, await probe(source.fileno(), protection), wish)
        assert isinstance(order, Order), order
        run = Remaking(order, before, protection, told.append)
        size = await remake(source.fileno(), target.fileno(), run, folder)
    assert size == os.stat(folder / "target").st_size
    assert sorted(os.listdir(folder)) == ["source", "target"]
    return Remade(folder, before, order, protection, told)


def wish(codec: Codec, bit_rate: int = 2_000_000, **others: object) -> Wish:
    return Wish(codec, bit_rate, nice=0, **others)  # type: ignore[arg-type]
