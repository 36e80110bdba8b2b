"""A wallet as a browser has it, by EIP-1193, whose accounts are those of a real chain."""

import asyncio
from typing import Any

from playwright.async_api import BrowserContext

from tests.daemons.anvil import CHAIN_ID, Anvil, Refused

REFUSED = 4001
ELSEWHERE = 1  # another chain than the one that is paid on

_PROVIDER = """
const request = async ({ method, params }) => {
    const { result, error } = await window.walletAsked(method, params ?? []);
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    return result;
};
"""
AS_ETHEREUM = f"{{{_PROVIDER} window.ethereum = {{ request }};}}"


def another(name: str) -> str:
    """A script by which a wallet of this name announces itself by EIP-6963."""
    rdns = name.lower().replace(" ", ".")
    return f"""{{{_PROVIDER}
        const info = {{ uuid: crypto.randomUUID(), name: '{name}', rdns: '{rdns}', icon: 'data:image/svg+xml,' }};
        const detail = Object.freeze({{ info, provider: {{ request }} }});
        const announce = () => dispatchEvent(new CustomEvent('eip6963:announceProvider', {{ detail }}));
        addEventListener('eip6963:requestProvider', announce);
    }}"""


class BrowserWallet:
    """Answers pages with one account of the chain. `asked`: what it was asked, in order; `chain_id`: where it is;
    `refusing`: methods that its owner says no to; `held`: those that wait until `answer` is set.
    """

    def __init__(self, chain: Anvil, account: str) -> None:
        self.chain, self.account = chain, account
        self.chain_id = ELSEWHERE
        self.asked: list[str] = []
        self.hashes: list[str] = []
        self.refusing: set[str] = set()
        self.held: set[str] = set()
        self.answer = asyncio.Event()

    async def into(self, context: BrowserContext, script: str = AS_ETHEREUM) -> None:
        """Every page of a context has it from now on."""
        await context.expose_function("walletAsked", self._asked)
        await context.add_init_script(script)

    async def _asked(self, method: str, params: list[Any]) -> dict[str, Any]:
        self.asked.append(method)
        if method in self.refusing:
            return {"error": {"code": REFUSED, "message": "User rejected the request."}}
        try:
            result = await asyncio.to_thread(self._answer, method, params)
        except Refused as error:
            return {"error": {"code": -32000, "message": str(error)}}
        if method in self.held:
            await self.answer.wait()
        return {"result": result}

    def _answer(self, method: str, params: list[Any]) -> Any:
        match method:
            case "eth_requestAccounts" | "eth_accounts":
                return [self.account]
            case "eth_chainId":
                return hex(self.chain_id)
            case "wallet_switchEthereumChain":
                self.chain_id = int(params[0]["chainId"], 16)
                return None
            case "eth_sendTransaction" if self.chain_id != CHAIN_ID:
                raise Refused("on another chain")
            case "eth_sendTransaction":
                self.hashes.append(self.chain.ask(method, *params))
                return self.hashes[-1]
            case "personal_sign":
                return self.chain.ask(method, *params)
        raise Refused(f"{method} is not known here")
