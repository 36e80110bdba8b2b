"""A node of a chain, asked by JSON-RPC over HTTP. What goes wrong is a value, and never tells the node's address, which
may have a key in it.

Format: https://ethereum.org/en/developers/docs/apis/json-rpc/.
"""

import asyncio
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar

from appliance.logs import log

SECONDS = 5.0  # the longest an answer may take
FIXED = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
MOST_BYTES = 16 << 20  # a full block of a busy chain has some 2 MB


class Trouble(NamedTuple):
    """The node could not be asked, or answered what is no answer. `why` is for people; `away`: it is no better at
    anything else now.
    """

    why: str
    away: bool = False


class Call(NamedTuple):
    method: str
    params: tuple[Any, ...] = ()


class Node:
    """The node at `url`; empty: there is none, and every question is answered by Trouble."""

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self._url, self._seconds = url, seconds
        self._session: ClientSession | None = None
        self._ids = count(1)

    @property
    def there(self) -> bool:
        """Whether the operator has given one."""
        return bool(self._url)

    async def __aenter__(self) -> "Node":
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Lets go of its connections."""
        if self._session:
            await self._session.close()

    async def ask(self, *calls: Call) -> list[Any] | Trouble:
        """The results of all, asked at once; or the first trouble."""
        if not self._url:
            return Trouble("no node is set (DARKROOM_PAYMENT_RPC_URL)", away=True)
        results = await asyncio.gather(*map(self._ask, calls))
        for result in results:
            if isinstance(result, Trouble):
                return result
        return list(results)

    async def _ask(self, call: Call) -> Any | Trouble:
        try:
            answer = await self._answer({"jsonrpc": "2.0", "id": next(self._ids), **call._asdict()})
        except TimeoutError:
            answer = Trouble(f"no answer within {self._seconds:g} s", away=True)
        except (ClientError, OSError, ValueError):  # whose texts have the address in them
            answer = Trouble("it can't be reached", away=True)
        if isinstance(answer, Trouble):
            log.warning("no answer of the chain's node", method=call.method, why=answer.why)
        return answer

    async def _answer(self, body: dict[str, Any]) -> Any | Trouble:
        if self._session is None:
            self._session = ClientSession(
                timeout=ClientTimeout(total=self._seconds),
                cookie_jar=DummyCookieJar(),
                headers=FIXED,
                auto_decompress=False,  # what a few bytes become is bounded by nothing
                trust_env=False,
            )
        data = msgspec.json.encode(body)
        async with self._session.post(self._url, data=data, allow_redirects=False) as answer:
            received = bytearray()
            async for chunk in answer.content.iter_any():
                received += chunk
                if len(received) > MOST_BYTES:
                    return Trouble(f"its answer is longer than {MOST_BYTES >> 20} MiB")
            if answer.status != 200:
                return Trouble(f"it answered with status {answer.status}", away=True)
        return _result(bytes(received), body["id"])


def _result(received: bytes, identity: int) -> Any | Trouble:
    try:
        told = msgspec.json.decode(received)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Trouble("its answer is no JSON")
    if not isinstance(told, dict) or told.get("id") != identity:
        return Trouble("its answer is not to what was asked")
    if told.get("error") is not None or "result" not in told:
        return Trouble("it refused to answer")
    return told["result"]
