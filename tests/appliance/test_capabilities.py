"""The whole appliance, composed: what every handler asks for is there, every part answers, every kind is worked on."""

import asyncio
from collections.abc import Iterator
from enum import Enum
from typing import Any

import httpx
import pytest
from litestar.handlers import BaseRouteHandler

from appliance.app import create_app
from appliance.config import current
from appliance.files.versions import PLAYLISTS
from appliance.ledger.states import State
from processors.profiles import OWN
from tests.appliance import pictures
from tests.appliance.client import Project
from tests.appliance.test_access import SETTINGS
from tests.appliance.test_documents import DOCX, XLSX
from tests.appliance.test_files import PAPER, sent
from tests.appliance.test_videos import ended, short
from tests.stack import Stack

FILES = {
    "image": ("a.jpg", lambda: pictures.jpeg(300, 200)),
    "pdf": ("a.pdf", lambda: PAPER),
    "video": ("a.mp4", short),
    "document": ("a.docx", lambda: DOCX),
    "spreadsheet": ("a.xlsx", lambda: XLSX),
}
BEATING = ("intake", "webhooks", "caretaker", "worker-images-1", "worker-images-2", "worker-media-1")
OWN_PARTS = {"postgres", "valkey", "storage", "ledger", "buckets", "api", *BEATING, "edge"}
PARTS = ("appliance.", "storage.", "redis.")
# What a handler gets from the framework, and what only a request that was let in has.
OF_A_REQUEST = {"request", "socket", "data", "body", "caller", "asker", "state", "headers", "query", "cookies", "scope"}


def handlers(route: Any) -> list[BaseRouteHandler]:
    return list(getattr(route, "route_handlers", None) or [route.route_handler])


def parts_asked_for(handler: BaseRouteHandler) -> Iterator[str]:
    """The parameters of a handler that are ours to give: not of a path, a query or a body."""
    for name, field in handler.parsed_fn_signature.parameters.items():
        kind = field.annotation
        if name in OF_A_REQUEST or not isinstance(kind, type) or issubclass(kind, Enum):
            continue
        if kind.__module__.startswith(PARTS):
            yield name


def test_whatever_a_handler_asks_for_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    current.cache_clear()
    try:
        app = create_app()
        given = {name: provide for name, provide in (app.dependencies or {}).items() if name not in OF_A_REQUEST}
        asked = set[str]()
        for handler in (handler for route in app.routes for handler in handlers(route)):
            wanted = set(parts_asked_for(handler))
            assert wanted <= set(handler.resolve_dependencies()), handler
            asked |= wanted
        assert len(asked) > 15
        for name, provide in given.items():
            assert asyncio.run(provide()) is not None, name
    finally:
        current.cache_clear()


def test_every_part_answers(stack: Stack, project: Project) -> None:
    parts = stack.wait_well()
    assert set(parts) == OWN_PARTS
    for name, part in parts.items():
        state = "finished" if name in ("ledger", "buckets") else "running"
        assert (part["state"], part["health"]) == (state, "ok"), part
    ready = httpx.get(f"{stack.url}/readyz").json()
    assert set(ready["parts"].values()) == {"ok"}, ready
    assert httpx.get(f"{stack.url}/").status_code == 200
    assert project.server.get("/cluster").status_code == 200
    for name in ("/healthz", "/openapi.json", "/docs"):
        assert httpx.get(f"{stack.url}{name}").status_code == 200, name


@pytest.mark.parametrize("profile", OWN, ids=lambda profile: profile.name)
def test_every_kind_is_worked_on(project: Project, profile: Any) -> None:
    name, made = FILES[profile.name]
    file = ended(project, sent(project, name, made()), 90)
    assert (file["state"], file["kind"]) == (State.DONE, profile.name), file["error"]
    missing = {version for version in profile.versions if not file["versions"][version]}
    assert not missing
    for version in file["versions"].values():
        if version["content_type"] not in PLAYLISTS:  # whose text is filled in for who reads it
            assert len(httpx.get(version["url"]).content) == version["bytes"]
