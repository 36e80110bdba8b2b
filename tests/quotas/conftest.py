"""An appliance with tight limits, and clients of it at addresses of their own."""

from collections.abc import Callable, Iterator
from itertools import count

import httpx
import pytest

from tests.appliance.client import Project
from tests.stack import SEVERAL, Stack

SLOTS, OF_A_USER, OF_AN_ADDRESS = 10, 3, 12
FORM_SECONDS = 20  # within which a hundred links are asked for on a busy machine: none may run out meanwhile
_SETTINGS = {
    "DARKROOM_PROJECT_SLOTS": SLOTS,
    "DARKROOM_USER_SLOTS": OF_A_USER,
    "DARKROOM_ADDRESS_SLOTS": OF_AN_ADDRESS,
    "DARKROOM_FORM_SECONDS": FORM_SECONDS,
    "DARKROOM_EXPIRY_GRACE_SECONDS": 1,
}

Connect = Callable[..., httpx.Client]


@pytest.fixture(scope="package")
def strict() -> Iterator[Stack]:
    stack = Stack(**SEVERAL, **{name: str(value) for name, value in _SETTINGS.items()})
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture
def project(strict: Stack) -> Project:
    return Project(strict)


@pytest.fixture(scope="package")
def addresses() -> Iterator[str]:
    """Addresses of this machine's loopback that nobody else connects from."""
    return (f"127.0.77.{number}" for number in count(1))


@pytest.fixture
def connect(strict: Stack, addresses: Iterator[str]) -> Iterator[Connect]:
    """Makes clients: `connect(project)` has its token and a new address; give `address` or `user` to have those."""
    made: list[httpx.Client] = []

    def client(project: Project, address: str | None = None, user: str | None = None) -> httpx.Client:
        asked = project.server.post("/tokens", json={"project_id": project.id, "user": user})
        assert asked.status_code == 201, asked.text
        made.append(
            httpx.Client(
                base_url=strict.url,
                headers={"Authorization": f"Bearer {asked.json()['token']}"},
                timeout=30,
                transport=httpx.HTTPTransport(local_address=address or next(addresses), limits=httpx.Limits()),
            )
        )
        return made[-1]

    yield client
    for one in made:
        one.close()


def ask(client: httpx.Client, project: Project, **headers: str) -> httpx.Response:
    """Asks for one link."""
    return client.post("/images/", json={"filename": "a.jpg", "project_id": project.id}, headers=headers)
