"""Payment on a chain like Ethereum's, asked of a node of the operator's."""

from appliance.accounts import addresses
from appliance.config import Config
from appliance.payments import chain
from appliance.payments.chain import NONSENSE, Receipt, Transaction, block_at, head, same
from appliance.payments.judging import Seen, judged
from appliance.payments.provider import Finding, Terms, Unset
from appliance.payments.rows import Payment
from appliance.payments.rpc import Call, Node, Trouble
from appliance.payments.settings import ProviderName, smallest

NEEDED = ("payment_rpc_url", "payment_chain_id", "payment_recipient", "payment_amount")


class Evm:
    """Looks at one transaction at a time."""

    name = ProviderName.EVM

    def __init__(self, node: Node) -> None:
        self._node = node

    def terms(self, config: Config) -> Terms | Unset:
        """As the settings are now."""
        if missing := [name for name in NEEDED if not getattr(config, name)]:
            return Unset(f"{', '.join(missing)} must be set for payments on a chain")
        decimals = config.payment_token_decimals
        try:
            amount = smallest(config.payment_amount, decimals)
        except ValueError as error:
            return Unset(f"payment_amount {error}")
        recipient, token = (addresses.read(a) if a else None for a in (config.payment_recipient, config.payment_token))
        named = (config.payment_chain_id, recipient, token, config.payment_token_symbol)
        return Terms(*named, decimals=decimals, amount=amount, watched=True)

    async def look(self, payment: Payment, needed: int) -> Finding | Trouble:
        """What became of the payment by the transaction that it names, which counts after `needed` confirmations.
        Trouble also where the node contradicts itself, or is behind what it knew.
        """
        height = await head(self._node, payment.chain_id)
        if isinstance(height, Trouble):
            return height
        if payment.block and height < payment.block:
            return Trouble("it is behind the chain")
        by = (payment.tx_hash,)
        asked = await self._node.ask(Call("eth_getTransactionByHash", by), Call("eth_getTransactionReceipt", by))
        if isinstance(asked, Trouble):
            return asked
        try:
            transaction = chain.read(asked[0], Transaction | None)  # type: ignore[arg-type]
            receipt = chain.read(asked[1], Receipt | None)  # type: ignore[arg-type]
            where = chain.number(receipt.block_number) if receipt else payment.block
            block = None if where is None else await block_at(self._node, where)
            if isinstance(block, Trouble):
                return block
            if receipt is None and block and same(block.hash, payment.block_hash):
                return NONSENSE  # a block that is there has lost what is in it
            return judged(payment, Seen(height, transaction, receipt, block), needed)
        except ValueError:
            return NONSENSE
