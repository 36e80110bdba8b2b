"""What a worker that has died had done with a file, as far as the disk knows."""

from contextlib import suppress
from uuid import UUID

from appliance.library.originals import places, records
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.originals.locks import locked
from appliance.library.originals.places import KEPT, Place
from appliance.library.originals.records import Record, State
from appliance.library.originals.recovering import settle


def settled(folder: str, path: str, asset: UUID) -> tuple[Place, Record] | NotDone | None:
    """The record of an asset that was replaced, once what was broken off is brought to its end; None where it was not.

    folder, path: of the library, and of the file as it was found. Raises OSError.
    """
    place = places.place_of(folder, path)
    if isinstance(place, NotDone):
        return None
    with suppress(FileNotFoundError), places.hidden(place, KEPT) as kept, locked(kept, asset) as free:
        if not free:
            return NotDone(Hindrance.BUSY, "other work on it is under way")
        settle(place, kept, asset)
        with places.opened(str(asset), kept) as own:
            state, record = records.read(own)
        return (place, record) if state is State.REPLACED else None
    return None
