"""The API's composition root: `python -m appliance.app --data DIR` serves it with granian."""

import argparse
import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from litestar import Litestar, Request
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler

from appliance import docs, health
from appliance.accounts import api as accounts
from appliance.accounts.callers import Caller, Callers
from appliance.accounts.tickets import Tickets
from appliance.config import Config, current
from appliance.images import api as images
from appliance.ledger.arrivals import Arrivals
from appliance.ledger.database import pool
from appliance.ledger.service import Ledger
from appliance.live import api as live
from appliance.live.doorbell import Doorbell, Listener
from appliance.logs import set_up
from appliance.problems import HANDLERS
from appliance.queue import Queue
from appliance.valkey import quick
from storage.links import Links, UploadForms
from storage.objects import Objects

MOST_BODY = 64 * 1024  # bytes; no request of this API is larger


async def authenticated(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    """Every route needs a caller, but for those that say they are public."""
    if not handler.opt.get("public"):
        callers: Callers = connection.app.state["callers"]
        connection.scope["state"]["caller"] = await callers.recognise(connection.headers.get("authorization"))


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["state"]["caller"]
    return caller


def _resources(config: Config) -> dict[str, Any]:
    """Everything that handlers are given, by the name they ask for it."""
    redis = quick(config.valkey_url)
    doorbell = Doorbell(config.valkey_url)
    ledger = Ledger(doorbell.ring)
    uploader, reader = config.key("uploader_key"), config.key("reader_key")
    return {
        "config": config,
        "redis": redis,
        "doorbell": doorbell,
        "listener": Listener(config.valkey_url),
        "ledger": ledger,
        "arrivals": Arrivals(ledger, Queue(config.valkey_url, config.queue_window)),
        "callers": Callers(config.token_secret),
        "tickets": Tickets(redis, "ticket"),
        "logins": Tickets(redis, "login"),
        "forms": UploadForms(uploader.access, uploader.secret),
        "links": Links(reader.access, reader.secret, config.link_seconds),
        "reader": Objects(config.storage_url, reader.access, reader.secret),
    }


@contextlib.asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """What lives as long as this process: the pool, and the two ends of the doorbell."""
    async with pool():
        tasks = [asyncio.create_task(app.state[part].run()) for part in ("doorbell", "listener")]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _provide(resource: Any) -> Provide:
    return Provide(lambda: resource, sync_to_thread=False)


def create_app() -> Litestar:
    """The API of one process, configured by its environment. Raises BadConfiguration."""
    config = current().need("database_url", "valkey_url", "storage_url", "token_secret", "uploader_key", "reader_key")
    set_up(config.log_format)
    resources = _resources(config)

    def keep(app_config: AppConfig) -> AppConfig:
        app_config.state.update(resources)
        return app_config

    return Litestar(
        route_handlers=[accounts.router, images.router, live.router, health.router, docs.router],
        dependencies={"caller": Provide(_caller)} | {name: _provide(resource) for name, resource in resources.items()},
        guards=[authenticated],
        exception_handlers=HANDLERS,
        lifespan=[_running],
        on_app_init=[keep],
        request_max_body_size=MOST_BODY,
        openapi_config=docs.description_config(),
        logging_config=None,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m appliance.app", description="Serve the API on a loopback port.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("api_port")
    Granian(
        "appliance.app:create_app",
        factory=True,
        interface=Interfaces.ASGI,
        address="127.0.0.1",
        port=config.api_port,
        workers=config.api_workers,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    main()
