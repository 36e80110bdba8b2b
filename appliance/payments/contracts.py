"""Wallets that are contracts, asked whether they signed.

Format: https://eips.ethereum.org/EIPS/eip-1271.
"""

from appliance.errors import NotAuthenticated, Unavailable
from appliance.payments.rpc import Call, Node, Trouble

_VALID = "1626ba7e"  # the function isValidSignature(bytes32,bytes), and what it gives for a good one
WRONG = "The signature is not that of this wallet"


class Contracts:
    """By the operator's node, where there is one."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def must_have_signed(self, address: str, chain_id: int, hashed: bytes, signature: bytes) -> None:
        """Raises NotAuthenticated, also where that can't be found out here; Unavailable while the node is away."""
        if not self._node.there:
            raise NotAuthenticated(
                f"{WRONG}; if it is a contract, it can't be asked here, since the operator has set no node"
            )
        call = {"to": address, "data": _asked(hashed, signature)}
        asked = await self._node.ask(Call("eth_chainId"), Call("eth_getCode", (address, "latest")))
        if isinstance(asked, Trouble):
            raise Unavailable(f"The chain can't be asked at the moment: {asked.why}; try again")
        chain, code = asked
        if chain != hex(chain_id):
            raise NotAuthenticated(f"{WRONG}, and the node here is of another chain than {chain_id}")
        if not isinstance(code, str) or len(code) <= len("0x"):
            raise NotAuthenticated(WRONG)
        # One that reverts refuses too: a node tells that as an error.
        told = await self._node.ask(Call("eth_call", (call, "latest")))
        if isinstance(told, Trouble) or told[0] != f"0x{_VALID:<064}":
            raise NotAuthenticated(WRONG)


def _asked(hashed: bytes, signature: bytes) -> str:
    """The call as contracts read it: the hash, where the signature begins, its length, and itself in whole words."""
    padded = signature.hex().ljust(-(-len(signature) // 32) * 64, "0")
    return f"0x{_VALID}{hashed.hex()}{64:064x}{len(signature):064x}{padded}"
