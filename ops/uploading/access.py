"""Which appliance, and by what right: the one running here, or one elsewhere with a server key."""

import asyncio
import socket
import ssl
import time
from argparse import Namespace
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from ops import addresses
from ops.commands import options, serving
from ops.setup.say import stop
from ops.uploading.client import Away

GOOD_SECONDS = 3600
RENEW_SECONDS = 600  # before the end


class Access:
    """Tokens for one project, renewed before they run out."""

    def __init__(self, given: Namespace, key: str | None) -> None:
        if given.url and not key:
            stop("--url needs a server key in DARKROOM_KEY", "Make one there with ./ops/apikey create NAME")
        self._given = given
        self._key = key if given.url else None
        self._folder = options.folder(given)
        self.url: str = (given.url or serving.default_url(self._folder)).rstrip("/")
        self._token = ""
        self._until = 0.0
        self._session: aiohttp.ClientSession | None = None

    def tls(self) -> ssl.SSLContext | bool:
        """What to trust: the machine's authorities, and the edge's own if it runs here."""
        own = sorted(Path(self._folder.path).glob("edge/**/pki/authorities/local/root.crt"))
        if not self.url.startswith("https:") or self._given.url or not own:
            return True
        context = ssl.create_default_context()
        context.load_verify_locations(own[0])
        return context

    def resolver(self) -> AbstractResolver | None:
        """Who knows the way to a name: of the appliance running here we do, whatever this machine calls itself."""
        return None if self._given.url else _Here(addresses.load(self._folder).port)

    async def begin(self, session: aiohttp.ClientSession) -> None:
        """Makes the project if it is new. Ends the process where that is refused. Raises aiohttp.ClientError."""
        self._session = session
        if self._key is None:
            await self.bearer()
            return
        body = {"name": self._given.project, "id": self._given.project}
        async with session.post(f"{self.url}/projects/", json=body, headers=self._with(self._key)) as answer:
            if answer.status not in (201, 409):
                stop(
                    f"{self.url} refused: {answer.status} {await answer.text()}",
                    "Is DARKROOM_KEY a key of that appliance?",
                )

    async def bearer(self) -> str:
        """A token that is good for ten minutes at least. Raises Away where no further one can be had now."""
        if time.monotonic() > self._until - RENEW_SECONDS:
            try:
                self._token = await (self._asked() if self._key else asyncio.to_thread(self._made))
            except SystemExit:
                # The first time that is the answer; in the middle of a long run the appliance may be restarting.
                if not self._token:
                    raise
                raise Away("no token could be had") from None
            self._until = time.monotonic() + GOOD_SECONDS
        return self._token

    def _made(self) -> str:
        from appliance.accounts import service

        return serving.ask(self._folder, lambda: service.project_token(self._given.project, GOOD_SECONDS))

    async def _asked(self) -> str:
        assert self._session is not None
        assert self._key is not None
        body = {"project_id": self._given.project, "ttl": GOOD_SECONDS}
        async with self._session.post(f"{self.url}/tokens", json=body, headers=self._with(self._key)) as answer:
            answer.raise_for_status()
            return str((await answer.json())["token"])

    @staticmethod
    def _with(key: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {key}"}


class _Here(AbstractResolver):
    """Takes every name for this machine, where the edge listens on `port`."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        here = ResolveResult(
            hostname=host,
            host="127.0.0.1",
            port=self._port,
            family=socket.AF_INET,
            proto=0,
            flags=socket.AI_NUMERICHOST,
        )
        return [here]

    async def close(self) -> None:
        """There is nothing to close."""
