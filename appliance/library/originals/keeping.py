"""What is kept, read from the disk alone."""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from appliance.library.originals import places, records
from appliance.library.originals.hindrances import Hindrance, NotDone, failed
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import Damaged, Record, State


class Kept(NamedTuple):
    """An original, and how far things have got."""

    state: State
    record: Record


def kept(place: Place) -> Iterator[Kept | NotDone]:
    """All of a place, in the order of their assets. Raises OSError."""
    with suppress(FileNotFoundError), places.hidden(place, KEPT) as folder:
        for asset in places.assets(folder):
            try:
                with places.opened(str(asset), folder) as own:
                    yield Kept(*records.read(own))
            except FileNotFoundError:
                continue  # forgotten meanwhile, or never begun
            except Damaged as error:
                yield NotDone(Hindrance.DAMAGED, f"its record can't be read: {error}", asset)
            except OSError as error:
                yield failed(error, asset)
