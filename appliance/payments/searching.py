"""Searching a chain for payments: a token's logs, or for the chain's own coin all that is in its blocks."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from appliance.payments.chain import NONSENSE, FullBlock, Log, block_at, number, read, same
from appliance.payments.erc20 import TRANSFER, topic, transfers
from appliance.payments.rpc import Call, Node, Trouble

KEPT = 256
"""Blocks whose payments are remembered, so that none is fetched again only since it is not settled yet."""


class Paid(NamedTuple):
    """Addresses and hashes in lower case."""

    tx_hash: str
    payer: str
    amount: int
    block: int


class Search(Protocol):
    most: int
    """Blocks that are searched at once."""

    async def found(
        self, recipient: str, token: str | None, payers: set[str], first: int, last: int
    ) -> list[Paid] | Trouble:
        """What `payers` paid to `recipient` in the blocks from `first` to `last`."""


class Tokens:
    """By logs, which nodes have an index of."""

    most = 1000

    def __init__(self, node: Node) -> None:
        self._node = node

    async def found(
        self, recipient: str, token: str | None, payers: set[str], first: int, last: int
    ) -> list[Paid] | Trouble:
        topics = [TRANSFER, [topic(payer) for payer in sorted(payers)], topic(recipient)]
        wanted = {"fromBlock": hex(first), "toBlock": hex(last), "address": token, "topics": topics}
        asked = await self._node.ask(Call("eth_getLogs", (wanted,)))
        if isinstance(asked, Trouble):
            return asked
        try:
            return _added(read(asked[0], list[Log]), token or "", recipient)
        except ValueError:
            return NONSENSE


def _added(logs: Iterable[Log], token: str, recipient: str) -> list[Paid]:
    """The transfers of each transaction as one: what it pays is judged as a whole later."""
    found: dict[tuple[str, str], Paid] = {}
    for log in logs:
        for one in transfers([log], token):
            if one.amount and same(one.recipient, recipient):  # anybody may move nothing of anybody's
                tx_hash, block = log.transaction_hash.lower(), number(log.block_number)
                before = found.get((tx_hash, one.payer))
                amount = one.amount + (before.amount if before else 0)
                found[tx_hash, one.payer] = Paid(tx_hash, one.payer, amount, block)
    return list(found.values())


class Coins:
    """By reading blocks. Only what a transaction itself sends is found: what a contract sends is in no block."""

    most = 50

    def __init__(self, node: Node) -> None:
        self._node = node
        self._kept: OrderedDict[tuple[str, str], list[Paid]] = OrderedDict()  # by block and recipient

    async def found(
        self, recipient: str, token: str | None, payers: set[str], first: int, last: int
    ) -> list[Paid] | Trouble:
        found: list[Paid] = []
        for height in range(first, last + 1):
            paid = await self._in_block(height, recipient)
            if isinstance(paid, Trouble):
                return paid
            found += [one for one in paid if one.payer in payers]
        return found

    async def _in_block(self, height: int, recipient: str) -> list[Paid] | Trouble:
        header = await block_at(self._node, height)
        if isinstance(header, Trouble) or header is None:
            return header if isinstance(header, Trouble) else []
        if (kept := self._kept.get((header.hash, recipient))) is not None:
            self._kept.move_to_end((header.hash, recipient))
            return kept
        asked = await self._node.ask(Call("eth_getBlockByHash", (header.hash, True)))
        if isinstance(asked, Trouble):
            return asked
        try:
            every = read(asked[0], FullBlock).transactions
            paid = [
                Paid(one.hash.lower(), one.payer.lower(), number(one.value), height)
                for one in every
                if same(one.to, recipient) and number(one.value)
            ]
        except ValueError:
            return NONSENSE
        self._kept[header.hash, recipient] = paid
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return paid
