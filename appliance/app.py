"""The API's composition root: `python -m appliance.app --data DIR` serves it with granian."""

import argparse
import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from litestar import Litestar, Request
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers import BaseRouteHandler
from litestar.types import ASGIApp, ControllerRouterHandler

from appliance import docs, health
from appliance.accounts import api as accounts
from appliance.accounts import wallets_api as wallet
from appliance.accounts.callers import MODERATORS, Caller, Callers
from appliance.accounts.tickets import Tickets
from appliance.accounts.wallets import Wallets
from appliance.again import REVIVED_SECONDS, again
from appliance.answers import count_answer
from appliance.assets import api as assets
from appliance.beat import beat
from appliance.board import api as board
from appliance.board.live import Board
from appliance.board.sources import Sources
from appliance.bundles import api as bundles
from appliance.care import api as care
from appliance.chats import api as chats
from appliance.chats import export_api as chat_export
from appliance.chats import files_api as chat_files
from appliance.chats import keeping_api as chat_keeping
from appliance.chats import socket as chat_socket
from appliance.chats import typing as chat_typing
from appliance.chats.messages import Post
from appliance.chats.sending import Sending
from appliance.clocks import Clocks
from appliance.config import Config, current
from appliance.draining import draining
from appliance.errors import NotAllowed
from appliance.files import api as files
from appliance.files import forms, playlists
from appliance.files.content import ContentDoor
from appliance.files.parts import Parts
from appliance.files.slots import Slots
from appliance.files.sniffing import Sniffer
from appliance.folders import api as folders
from appliance.heads import answering_head
from appliance.images import api as images
from appliance.ledger.database import pool
from appliance.ledger.service import Asker, Ledger
from appliance.library import api as library
from appliance.library import events_api as library_events
from appliance.live import api as live
from appliance.live import notifications_api as notifications
from appliance.live import progress_api as progress
from appliance.live.doorbell import Doorbell, Listener
from appliance.live.feeds import Feeds
from appliance.live.places import Places
from appliance.logs import OTHERS, set_up
from appliance.metrics import gauge
from appliance.payments import api as payments
from appliance.payments.contracts import Contracts
from appliance.payments.rpc import Node
from appliance.payments.service import Payments
from appliance.problems import HANDLERS
from appliance.profiles import api as profiles
from appliance.profiles import form_api as profile_form
from appliance.profiles import moderation_api as moderation
from appliance.profiles import tags_api as hashtags
from appliance.profiles import uploads_api as profile_uploads
from appliance.profiles.editions import Editions
from appliance.profiles.entrance import Entrance
from appliance.profiles.gates import Ground
from appliance.profiles.uploads import Uploads
from appliance.profiles.words import api as words
from appliance.public import made_links
from appliance.queue import Queue
from appliance.quotas import api as quotas
from appliance.quotas.gate import Gate
from appliance.quotas.newcomers import Newcomers
from appliance.quotas.room import Room
from appliance.renders import api as renders
from appliance.renders import pages
from appliance.renders.parameters import listed
from appliance.renders.service import Renders
from appliance.renders.signing import Signatures
from appliance.samples import api as samples
from appliance.settings import api as settings
from appliance.settings.reading import Reader
from appliance.valkey import patient, quick
from appliance.webhooks import api as webhooks
from storage.endpoint import Ability
from storage.links import UploadForms
from storage.objects import Objects

ROUTERS = [
    module.router
    for module in (
        *(accounts, wallet, quotas, folders, files, playlists, images, renders, pages, bundles),
        *(chats, chat_files, chat_keeping, chat_export, chat_socket, chat_typing),
        *(profiles, profile_uploads, moderation),
        *(profile_form, hashtags, words),
        *(payments, assets, live, progress, notifications, webhooks, settings, library, library_events),
        *(health, care, docs),
        *(board, samples),
    )
]
MOST_BODY = 64 * 1024  # bytes; no request of this API is larger


async def authenticated(connection: ASGIConnection, handler: BaseRouteHandler) -> None:
    """Every route needs a caller, but those that say they are public, and those that check a signature in its place.
    All are counted, strangers by address.

    A websocket is counted by its handler, which accepts it first: only then can it be told why it is refused.
    """
    state, caller = connection.app.state, None
    try:
        if not handler.opt.get("public"):
            if not handler.opt.get("any_clock"):
                state["clocks"].must_agree()  # else a good token could seem to have run out
            if not (handler.opt.get("signed") and "sig" in connection.query_params):
                callers: Callers = state["callers"]
                caller = await callers.recognise(connection.headers.get("authorization"))
                connection.scope["state"]["caller"] = caller
                _must_be_for(caller, handler)
    finally:
        if connection.scope["type"] == "http":
            gate: Gate = state["gate"]
            await gate.admit(connection, caller)


def _must_be_for(caller: Caller, handler: BaseRouteHandler) -> None:
    """Who signed in with a wallet, and who moderates, may ask only what says that it is for them. Raises NotAllowed."""
    if caller.limited and not handler.opt.get("limited"):
        raise NotAllowed("Who signed in with a wallet may only do what has to do with a profile")
    if caller.owner and caller.owner.root == MODERATORS and not handler.opt.get("moderator"):
        raise NotAllowed("A moderator may only do what has to do with moderation")


async def _caller(request: Request) -> Caller:
    caller: Caller = request.scope["state"]["caller"]
    return caller


async def _asker(request: Request, caller: Caller) -> Asker:
    gate: Gate = request.app.state["gate"]
    return gate.asker(request, caller)


def _resources(config: Config) -> dict[str, Any]:
    """Everything that handlers are given, by the name they ask for it."""
    redis = quick(config.valkey_url)
    reading = Reader(config, redis)
    doorbell = Doorbell(config.valkey_url)
    ledger = Ledger(doorbell.ring)
    uploader, reader = config.key("uploader_key"), config.key("reader_key")
    objects = Objects(config.endpoint(), reader.access, reader.secret)
    room = Room(redis, objects, reading)
    listener = Listener(config.valkey_url)
    content_door, sniffer = ContentDoor(config), Sniffer(config)
    upload_forms = UploadForms(uploader.access, uploader.secret, config.endpoint())
    node = Node(config.payment_rpc_url)
    payments = Payments(node, reading)
    slots = Slots(ledger, upload_forms, room, reading)
    editions = Editions(doorbell.ring, reading)
    sources = Sources(redis, objects, reading)
    return {
        "config": config,
        "settings": reading,
        "redis": redis,
        "beating": patient(config.valkey_url),
        "doorbell": doorbell,
        "listener": listener,
        "feeds": Feeds(listener),
        "places": Places(redis, reading),
        "ledger": ledger,
        "gate": Gate(redis, reading),
        "slots": slots,
        "profile_uploads": Uploads(ledger, slots, reading),
        "sniffer": sniffer,
        "sending": Sending(ledger, Post(doorbell.ring), slots, content_door, sniffer, reading),
        "moves": editions,
        "entrance": Entrance(Ground(editions, payments, ledger, reading)),
        "room": room,
        "parts": Parts(config),
        "content_door": content_door,
        "bundles": bundles.Bundles(config),
        "renders": Renders(listener, Queue(config.valkey_url, config.queue_window), room, reading),
        "render_sizes": listed(config.render_sizes),
        "signatures": Signatures(config.token_secret),
        "callers": Callers(config.token_secret),
        "tickets": Tickets(redis, "ticket"),
        "logins": Tickets(redis, "login"),
        "wallets": Wallets(Tickets(redis, "wallet"), Contracts(node), Newcomers(redis, reading), reading),
        "node": node,
        "payments": payments,
        "links": made_links(config),
        "reader": objects,
        "clocks": Clocks(objects, config.clock_seconds),
        "sources": sources,
        "board": Board(sources, reading),
    }


def _routers(config: Config) -> tuple[list[ControllerRouterHandler], dict[str, Any]]:
    """What is served, and what more that needs: the forms where storage takes none itself."""
    if Ability.FORMS in config.endpoint().abilities:
        return list(ROUTERS), {}
    return [*ROUTERS, forms.form], {"forms_door": forms.FormDoor(config)}


@contextlib.asynccontextmanager
async def _running(app: Litestar) -> AsyncIterator[None]:
    """What lives as long as this process: the pool, both ends of the doorbell, the look at storage and clocks."""
    gauge("readers", lambda: app.state["feeds"].readers)
    async with pool():
        await app.state["settings"].start()
        await app.state["clocks"].look()
        beating = partial(beat, app.state["beating"], f"api-{os.getpid()}")
        loops = [beating, *(app.state[part].run for part in ("settings", "doorbell", "listener", "places", "clocks"))]
        tasks = [asyncio.create_task(again(REVIVED_SECONDS, loop)) for loop in loops]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await app.state["places"].give_back()
            await app.state["sniffer"].close()
            await app.state["node"].close()


def _provide(resource: Any) -> Provide:
    return Provide(lambda: resource, sync_to_thread=False)


def create_app() -> Litestar:
    """The API of one process, configured by its environment. Raises BadConfiguration."""
    config = current().need("database_url", "valkey_url", "storage_url", "token_secret", "uploader_key", "reader_key")
    set_up(config.log_format, config.log_level)
    routers, more = _routers(config)
    resources = _resources(config) | more

    def keep(app_config: AppConfig) -> AppConfig:
        app_config.state.update(resources)
        return app_config

    return Litestar(
        route_handlers=routers,
        dependencies={"caller": Provide(_caller), "asker": Provide(_asker)}
        | {name: _provide(resource) for name, resource in resources.items()}
        | {"config": Provide(lambda: resources["settings"].now, sync_to_thread=False)},  # as it is when they are asked
        guards=[authenticated],
        exception_handlers=HANDLERS,
        lifespan=[_running],
        on_app_init=[keep],
        before_send=[count_answer],
        request_max_body_size=MOST_BODY,
        openapi_config=docs.description_config(),
        logging_config=None,
    )


def served() -> ASGIApp:
    """The API as granian serves it. Raises BadConfiguration."""
    return draining(answering_head(create_app()))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m appliance.app", description="Serve the API on a loopback port.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("api_port")
    set_up(config.log_format, config.log_level)
    Granian(
        "appliance.app:served",
        factory=True,
        interface=Interfaces.ASGI,
        address="127.0.0.1",
        port=config.api_port,
        workers=config.api_workers,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=5,
        log_access=False,
        log_dictconfig=OTHERS,
    ).serve()


if __name__ == "__main__":
    main()
