"""The receiver of the soak's webhook: now and then it fails, and it has to be told everything all the same."""

import json
import random

from aiohttp import web

FAILS = 0.005  # of all messages


class Receiver:
    """`seqs`: the events it has taken. Give `url` to the appliance once it is `started`."""

    def __init__(self, seed: int) -> None:
        self.seqs: set[int] = set()
        self.failed = 0
        self.repeated = 0
        self.url = ""
        self._chance = random.Random(seed)

    async def started(self) -> web.AppRunner:
        """The running server, to be cleaned up by the caller."""
        app = web.Application()
        app.router.add_post("/", self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/"
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        event = json.loads(await request.read())
        if self._chance.random() < FAILS:
            self.failed += 1
            return web.Response(status=500)
        self.repeated += event["seq"] in self.seqs
        self.seqs.add(event["seq"])
        return web.Response(status=204)

    def missing(self, head: int) -> int:
        """Events up to `head` that it was never told of."""
        return head - len({seq for seq in self.seqs if seq <= head})
