"""What a node says of a chain, as far as it counts here. Whatever does not fit is no answer."""

from typing import Annotated, Any, TypeVar

import msgspec

from appliance.payments.rpc import Call, Node, Trouble

NONSENSE = Trouble("its answer makes no sense")
T = TypeVar("T")

Quantity = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-f]{1,64}\Z")]
Address = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{40}\Z")]
Hash = Annotated[str, msgspec.Meta(pattern=r"^0x[0-9a-fA-F]{64}\Z")]
"""A hash, or a word of 32 bytes."""


class Transaction(msgspec.Struct, rename="camel"):
    hash: Hash
    value: Quantity
    payer: Address = msgspec.field(name="from")
    to: Address | None = None
    block_hash: Hash | None = None


class Log(msgspec.Struct, rename="camel"):
    address: Address
    topics: list[Hash]
    data: str
    block_number: Quantity
    transaction_hash: Hash
    removed: bool = False


class Receipt(msgspec.Struct, rename="camel"):
    transaction_hash: Hash
    block_hash: Hash
    block_number: Quantity
    status: Quantity
    logs: list[Log]


class Block(msgspec.Struct, rename="camel"):
    hash: Hash
    number: Quantity
    timestamp: Quantity


class FullBlock(Block, rename="camel"):
    transactions: list[Transaction]


def number(text: Any) -> int:
    """Of a quantity as nodes write it. Raises ValueError."""
    return int(read(text, Quantity), 16)


def read(answer: Any, kind: type[T]) -> T:
    """Raises ValueError."""
    try:
        return msgspec.convert(answer, kind)
    except msgspec.ValidationError as error:
        raise ValueError("not what was asked for") from error


def same(one: str | None, other: str | None) -> bool:
    """Whether two addresses or hashes are the same."""
    return one is not None and other is not None and one.lower() == other.lower()


async def block_at(node: Node, height: int) -> Block | Trouble | None:
    """The chain's block at a height; None where it is not that long."""
    found = await node.ask(Call("eth_getBlockByNumber", (hex(height), False)))
    if isinstance(found, Trouble) or found[0] is None:
        return found if isinstance(found, Trouble) else None
    try:
        block = read(found[0], Block)
        return block if number(block.number) == height else NONSENSE
    except ValueError:
        return NONSENSE


async def head(node: Node, chain_id: int | None) -> int | Trouble:
    """The height of the node's newest block, if it is of this chain."""
    asked = await node.ask(Call("eth_chainId"), Call("eth_blockNumber"))
    if isinstance(asked, Trouble):
        return asked
    try:
        chain, height = map(number, asked)
    except ValueError:
        return NONSENSE
    return height if chain == chain_id else Trouble(f"it is of chain {chain}, and the payment of {chain_id}")


async def last_before(node: Node, chain_id: int | None, at: float) -> int | Trouble:
    """The height of the last block that was made before the Unix time `at`; 0 where there is none."""
    high = await head(node, chain_id)
    if isinstance(high, Trouble):
        return high
    low, step = high, 1
    while True:  # back from the head by longer and longer steps, then halving what is left
        made = await _time_of(node, low)
        if isinstance(made, Trouble):
            return made
        if made < at or low == 0:
            break
        low, high, step = max(0, low - step), low, step * 2
    while low + 1 < high:
        middle = (low + high) // 2
        made = await _time_of(node, middle)
        if isinstance(made, Trouble):
            return made
        low, high = (middle, high) if made < at else (low, middle)
    return low


async def _time_of(node: Node, height: int) -> int | Trouble:
    block = await block_at(node, height)
    if isinstance(block, Trouble):
        return block
    return number(block.timestamp) if block else NONSENSE
