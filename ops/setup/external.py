"""A database and an S3 that run elsewhere, by the names that other programs use: POSTGRES_…, AWS_… and S3_BUCKET; and
from the same files the settings that may change at run time, by our own names.

They are turned into our own variables as the first thing that any verb does, so that nothing else has to know them.
POSTGRES_SERVER and S3_BUCKET decide: without those the others belong to other programs of this shell.
"""

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from appliance.config import Config
from appliance.settings.declared import live_in
from ops.credentials import DEFAULTS
from ops.setup import dotenv
from ops.setup.say import say

FILE = ".env"
MISSPELT = "AWS_ENDPOIN_URL"
POSTGRES = ("POSTGRES_SERVER", "POSTGRES_PORT", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
S3 = ("S3_BUCKET", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
NAMES = (*POSTGRES, *S3, MISSPELT)
SETTINGS = frozenset(one.variable for one in live_in(Config).values())
KEYS = ("DARKROOM_UPLOADER_KEY", "DARKROOM_READER_KEY", "DARKROOM_WORKER_KEY")
OURS = ("DARKROOM_DATABASE_URL", "DARKROOM_STORAGE_URL", "DARKROOM_STORAGE_BUCKET", "DARKROOM_STORAGE_REGION", *KEYS)

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_ENDPOINT = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")


class Unusable(ValueError):
    """What was given can't be used; the message names variables, and no value that is secret."""


def take(environment: MutableMapping[str, str], files: list[Path]) -> None:
    """Replaces what is known by these names, in `environment` or else in `files` (the first wins), by our own; settings
    of files are put into `environment` where it does not say otherwise.

    Raises Unusable, dotenv.Unreadable and OSError.
    """
    given: dict[str, str] = {}
    settings: dict[str, str] = {}
    for path in reversed(files):
        content = dotenv.read(path)
        settings |= {name: value for name, value in content.items() if name in SETTINGS}
        found = {name: value for name, value in content.items() if name in NAMES}
        if found and path.stat().st_mode & 0o077:
            say(f"{path} holds keys, and others can read it: chmod 600 {path}")
        given |= found
    given |= {name: environment.pop(name) for name in NAMES if name in environment}
    for name, value in translated(given).items():
        if environment.get(name, value) != value:
            raise Unusable(f"{name} says one thing, and what {FILE} or POSTGRES_…, AWS_… and S3_BUCKET say is another")
        environment[name] = value
    for name, value in settings.items():
        environment.setdefault(name, value)


def translated(given: Mapping[str, str]) -> dict[str, str]:
    """Our own variables for what is `given` by these names. Pure. Raises Unusable."""
    found = {name: value for name, value in given.items() if value}
    for name in ("POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY"):
        if found.get(name, "-").lower() in DEFAULTS:
            raise Unusable(f"{name} is one that everybody tries first: have another one made there")
    if (misspelt := found.pop(MISSPELT, "")) and found.setdefault("AWS_ENDPOINT_URL", misspelt) != misspelt:
        raise Unusable(f"AWS_ENDPOINT_URL and {MISSPELT} differ")
    database = {"DARKROOM_DATABASE_URL": _database(found)} if "POSTGRES_SERVER" in found else {}
    return database | (_storage(found) if "S3_BUCKET" in found else {})


def _database(given: Mapping[str, str]) -> str:
    _need(given, "POSTGRES_SERVER", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD")
    server, port = given["POSTGRES_SERVER"], given.get("POSTGRES_PORT", "5432")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise Unusable("POSTGRES_PORT is not a port")
    user, password, name = (quote(given[f"POSTGRES_{what}"], safe="") for what in ("USER", "PASSWORD", "DB"))
    if server.startswith("/"):  # the folder of a socket
        return f"postgresql://{user}:{password}@/{name}?host={quote(server, safe='')}&port={port}"
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", server):
        raise Unusable("POSTGRES_SERVER is not a host's name or address; its port goes into POSTGRES_PORT")
    return f"postgresql://{user}:{password}@{f'[{server}]' if ':' in server else server}:{port}/{name}"


def _storage(given: Mapping[str, str]) -> dict[str, str]:
    _need(given, "S3_BUCKET", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    region = given.get("AWS_REGION", "us-east-1")
    url = given.get("AWS_ENDPOINT_URL", f"https://s3.{region}.amazonaws.com")
    if not _BUCKET.fullmatch(given["S3_BUCKET"]):
        raise Unusable("S3_BUCKET is not the name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-'")
    if not _REGION.fullmatch(region):
        raise Unusable("AWS_REGION is not the name of a region")
    if not _ENDPOINT.fullmatch(url):
        raise Unusable("AWS_ENDPOINT_URL is not of the form https://host or http://host:port, with nothing after it")
    if ":" in given["AWS_ACCESS_KEY_ID"]:
        raise Unusable("AWS_ACCESS_KEY_ID is not an access key's id")
    key = f"{given['AWS_ACCESS_KEY_ID']}:{given['AWS_SECRET_ACCESS_KEY']}"
    where = {"URL": _base(url), "BUCKET": given["S3_BUCKET"], "REGION": region}
    return {f"DARKROOM_STORAGE_{name}": value for name, value in where.items()} | dict.fromkeys(KEYS, key)


def _base(url: str) -> str:
    parts = urlsplit(url.rstrip("/"))
    standard = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(standard)}"


def _need(given: Mapping[str, str], *names: str) -> None:
    if missing := [name for name in names if name not in given]:
        raise Unusable(f"{names[0]} is set, and {' and '.join(missing)} must be set too")


def alone(environment: MutableMapping[str, str]) -> None:
    """Leaves nothing in `environment` of a part that runs elsewhere: for an appliance that is to touch no other's."""
    for name in (*NAMES, *OURS, "DARKROOM_VALKEY_URL", "DARKROOM_STORAGE_ROOT"):
        environment.pop(name, None)


def files(checkout: Path, *data: Path) -> list[Path]:
    """Where settings of the appliance in the folder `data` may stand: with its data; of the checkout's own there, too.

    No other one takes the checkout's: two appliances in one bucket would delete each other's files. `data` may have two
    names: what was asked for, and where it had to go.
    """
    own = [folder / FILE for folder in dict.fromkeys(data)]
    return [*own, checkout / FILE] if checkout / "var" in data else own
