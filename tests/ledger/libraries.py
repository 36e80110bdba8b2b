"""Libraries as workers mount them, with files that wait; none of them is on a disk."""

import json
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.library.catalogue import Catalogue, Library, Row
from appliance.library.outcomes import Found
from appliance.library.workflow import read
from tests.ledger.book import Book

_WAITING = """
SELECT a.id FROM ledger.library_files f JOIN ledger.assets a ON a.id = f.asset
WHERE f.library = $1 AND a.state = 'uploaded' ORDER BY a.worth DESC
"""


async def mounted(book: Book, name: str, host: str = "") -> Library:
    """By a worker of this host."""
    text = {"name": name, "source": {"folder": "/srv/films"}, "target": {"codec": "h265"}}
    return await Catalogue(book.ledger, host).mount(read(json.dumps(text).encode()))


async def wanted(book: Book, library: Library, count: int) -> list[UUID]:
    """So many files of it that are to be made anew, those that save the most first."""
    catalogue = Catalogue(book.ledger)
    assert await catalogue.due(library, 0)
    scan = await catalogue.begin(library, 30)
    assert scan is not None
    rows = [
        Row(path.encode(), Found(path, 1000, 1), None, "it is worth it", {}, float(count - number))
        for number, path in enumerate(f"{number}.avi" for number in range(count))
    ]
    assert len(await catalogue.keep(library, scan, rows)) == count
    return [row["id"] for row in await fetch(_WAITING, library.id)]
