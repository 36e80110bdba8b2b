"""Where database, queue and storage are: embedded ones, or those whose address was given from outside."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ops import postgres, valkey
from ops.addresses import Site
from ops.credentials import Credentials, refuse_default
from ops.folder import DataFolder
from ops.programs import Programs
from storage.endpoint import Ability, Endpoint
from storage.server.command import Node
from storage.signing import REGION

EMBEDDED = {"postgres": "DARKROOM_DATABASE_URL", "valkey": "DARKROOM_VALKEY_URL", "storage": "DARKROOM_STORAGE_URL"}
"""The parts that are not started when this variable gives the address of one that runs elsewhere."""


@dataclass(frozen=True, repr=False)
class Services:
    database_url: str
    valkey_url: str
    storage: Endpoint

    @property
    def storage_url(self) -> str:
        return self.storage.url

    def valkey_address(self) -> tuple[str, int, str]:
        """Host, port and password, as the storage server wants them for its notifications."""
        parts = urlsplit(self.valkey_url)
        return parts.hostname or "127.0.0.1", parts.port or 6379, unquote(parts.password or "")


@dataclass(frozen=True, repr=False)
class Plan:
    """All that the table of parts is made from."""

    folder: DataFolder
    site: Site
    ports: Mapping[str, int]
    """On loopback, of the parts that listen there."""
    credentials: Credentials
    services: Services
    programs: Programs
    code: Path
    """The folder that holds the packages and web/."""
    kinds: frozenset[str]
    """Of the parts that run here, see ops.inventory.KINDS."""
    host: str = ""
    """This host's name, where there are several."""
    node: Node | None = None
    """How storage here is one of several nodes; None where it is the only one."""
    apis: tuple[str, ...] = ()
    """host:port of each API that the edge here uses; none: the one on this host."""


def embedded(environment: Mapping[str, str]) -> list[str]:
    """The parts whose address was not given from outside."""
    return [part for part, variable in EMBEDDED.items() if not environment.get(variable)]


def find(
    environment: Mapping[str, str], ports: Mapping[str, int], credentials: Credentials, abilities: Collection[str] = ()
) -> Services:
    """The addresses in use. `abilities` are what was found of somebody else's S3.

    Raises credentials.DefaultPassword for an external one with a password everybody knows.
    """
    for part in ("postgres", "valkey"):
        given = urlsplit(environment.get(EMBEDDED[part], ""))
        if given.password is not None:
            refuse_default(EMBEDDED[part], unquote(given.password))
    return Services(
        environment.get("DARKROOM_DATABASE_URL") or postgres.url(ports["postgres"], credentials.database),
        environment.get("DARKROOM_VALKEY_URL") or valkey.url(ports["valkey"], credentials.valkey),
        endpoint(environment, abilities) or Endpoint(f"http://127.0.0.1:{ports['storage']}"),
    )


def endpoint(environment: Mapping[str, str], abilities: Collection[str] = ()) -> Endpoint | None:
    """The storage that `environment` names, None where it is our own part."""
    if not (url := environment.get("DARKROOM_STORAGE_URL", "").rstrip("/")):
        return None
    if not (bucket := environment.get("DARKROOM_STORAGE_BUCKET", "")):
        return Endpoint(url)
    region = environment.get("DARKROOM_STORAGE_REGION") or REGION
    return Endpoint(url, region, bucket, frozenset(map(Ability, abilities)))
