"""Transfers of tokens, as their contracts log them.

Format: https://eips.ethereum.org/EIPS/eip-20.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from appliance.payments.chain import Log, number, same

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"  # Transfer(address,address,uint256)


class Transfer(NamedTuple):
    """Addresses in lower case; `amount` in the token's smallest unit."""

    payer: str
    recipient: str
    amount: int


def topic(address: str) -> str:
    """An address as logs are found by it."""
    return f"0x{address[2:].lower():0>64}"


def transfers(logs: Iterable[Log], token: str) -> Iterator[Transfer]:
    """What was transferred of `token`. Raises ValueError for what no token logs."""
    for log in logs:
        if same(log.address, token) and len(log.topics) == 3 and same(log.topics[0], TRANSFER) and not log.removed:
            payer, recipient = (_address(text) for text in log.topics[1:])
            yield Transfer(payer, recipient, number(log.data))


def _address(word: str) -> str:
    if int(word, 16) >> 160:
        raise ValueError("no address")
    return "0x" + word[-40:].lower()
