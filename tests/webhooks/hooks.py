"""Webhooks of the book's project, made and looked at as the API does it."""

from typing import Any
from uuid import UUID

from appliance.webhooks import service
from appliance.webhooks.addresses import Reach
from tests.daemons.process import Daemon
from tests.ledger.book import PROJECT, Book
from tests.ledger.intake import until
from tests.webhooks.receiver import ALLOWED, Receiver

REACH = Reach([f"{ALLOWED}/32"])
EVERYTHING = Reach(["0.0.0.0/0", "::/0"])


async def hook(url: str, *events: str, project: str = PROJECT, reach: Reach = REACH) -> UUID:
    made, _ = await service.create(project, url, None, events, reach)
    return made


async def photos(book: Book, count: int) -> int:
    """So many photos uploaded, two events each; the stream's head after them."""
    for _ in range(count):
        await book.uploaded()
    return await book.head()


async def told(receiver: Receiver, seq: int, seconds: float = 20) -> None:
    """Waits until the receiver has come to event `seq`."""

    async def there() -> bool:
        return seq in receiver.seqs

    await until(there, seconds)


async def logged(sender: Daemon, *words: str, seconds: float = 20) -> str:
    """The sender's log once it has all of these words: it writes of what it did after the ledger knows of it."""
    log = ""

    async def there() -> bool:
        nonlocal log
        log = sender.log.read_text()
        return all(word in log for word in words)

    await until(there, seconds)
    return log


async def shown(webhook: UUID, field: str, value: Any, seconds: float = 20) -> dict[str, Any]:
    """The webhook as the API shows it, once `field` is `value`."""
    found: dict[str, Any] = {}

    async def there() -> bool:
        found.update(await service.webhook(webhook))
        return bool(found[field] == value)

    await until(there, seconds)
    return found
