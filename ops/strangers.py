"""Somebody else's S3: met at each start, asked what it can do, and known again by the mark in its bucket."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from ops import services
from ops.folder import DataFolder
from storage.endpoint import Ability, Endpoint

FILE = "storage.json"
AGAIN_SECONDS, PATIENCE_SECONDS = 3.0, 600.0
SAID_EVERY = 30.0

COSTS = {
    Ability.VERSIONS: "it keeps no versions: a form that is sent again within its 15 minutes replaces what was"
    " uploaded. Workers and ./ops/verify find that by the ETag; nothing prevents it, and a link shows what is there",
    Ability.FORMS: "it takes no forms: uploads go through the API, which takes about ten times the CPU for each",
    Ability.REDUCED: "it takes no storage class for less redundancy: versions take up as much as originals",
    Ability.CHECKED: "it does not compare what it gets with its SHA-256: ./ops/verify --deep does",
    Ability.ORDERED: "it lists folders out of order: verifying walks them one by one, in more requests",
}
ALWAYS = (
    "it tells of nothing that came: the client's word or the sweep does, within a minute at most",
    "it has one key for all: whoever gets hold of the API's process can delete",
    "drives, healing and free space are its operator's to watch",
)
KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
REFUSED = {
    "InvalidAccessKeyId": "does not know AWS_ACCESS_KEY_ID",
    "XAdminUserNotFound": "does not know AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "finds that AWS_SECRET_ACCESS_KEY is not the one of AWS_ACCESS_KEY_ID",
    "AuthorizationHeaderMalformed": "is in another region than AWS_REGION says",
    "PermanentRedirect": "says that the bucket is elsewhere: see AWS_REGION and AWS_ENDPOINT_URL",
    "AccessDenied": "does not let this key do that: it has to list, get, put and delete in all of S3_BUCKET",
    "RequestTimeTooSkewed": "has another time than this machine: run NTP on both",
}


class Refused(Exception):
    """The appliance can't be started on this S3. Says why, and what to do next."""


@dataclass(frozen=True)
class Known:
    """What is recorded with the data folder of the S3 that holds its files."""

    url: str
    bucket: str
    mark: str
    abilities: tuple[str, ...]


def known(folder: DataFolder) -> Known | None:
    found = folder.read(FILE)
    return Known(**found | {"abilities": tuple(found["abilities"])}) if found else None


def abilities(folder: DataFolder) -> tuple[str, ...]:
    """Of the S3 that was met at the last start."""
    found = known(folder)
    return found.abilities if found else ()


async def meet(folder: DataFolder, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    """Finds out what the S3 in `environment` can do, says it, and records it; nothing where there is none.

    One that does not answer is asked again for ten minutes. Raises Refused.
    """
    endpoint, before = services.endpoint(environment), known(folder)
    if endpoint is None or endpoint.own:
        if before:
            raise Refused(
                f"the files of this appliance are in the bucket {before.bucket} at {before.url}\n"
                "  → Set S3_BUCKET and the others as before, in the environment or in .env."
            )
        return
    _same(folder, endpoint, before)
    began, told = time.monotonic(), 0.0
    while True:
        try:
            found = await asyncio.to_thread(_met, endpoint, environment, before)
            break
        except _Away as error:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise Refused(f"{error}\n  → See AWS_ENDPOINT_URL, and whether that server runs.") from None
            if time.monotonic() - told > SAID_EVERY:
                say(f"{error}; asking again until it does")
                told = time.monotonic()
            await asyncio.sleep(AGAIN_SECONDS)
    folder.write(FILE, asdict(found))
    for line in lines(found):
        say(line)


def lines(found: Known) -> list[str]:
    """What is said of this S3: where it is, what it lacks, and what that costs."""
    lacks = [cost for ability, cost in COSTS.items() if ability not in found.abilities]
    return [f"storage is the bucket {found.bucket} at {found.url}", *(f"  {text}" for text in (*lacks, *ALWAYS))]


def told(folder: DataFolder) -> list[str]:
    """The same for ./ops/status; nothing where storage is our own."""
    found = known(folder)
    return lines(found) if found else []


def _same(folder: DataFolder, endpoint: Endpoint, before: Known | None) -> None:
    """Raises Refused where the files of this data folder are somewhere else."""
    if before and (before.url, before.bucket) != (endpoint.url, endpoint.bucket):
        raise Refused(
            f"the files of this appliance are in the bucket {before.bucket} at {before.url},"
            f" not in {endpoint.bucket} at {endpoint.url}\n"
            f"  → Set those; or, if the bucket was copied with all in it, remove {folder.path / FILE}."
        )
    if before is None and any(drive.joinpath(".minio.sys").exists() for drive in folder.drives):
        raise Refused(
            f"the files of this appliance are in its own storage, in {folder.path}\n"
            "  → Unset S3_BUCKET; or take another data folder with --data, and ./ops/backup and ./ops/restore."
        )


class _Away(Exception):
    pass


def _met(endpoint: Endpoint, environment: Mapping[str, str], before: Known | None) -> Known:
    from storage import probe
    from storage.errors import StorageError, StorageUnavailable

    access, _, secret = environment["DARKROOM_WORKER_KEY"].partition(":")
    where = f"the S3 at {endpoint.url}"
    try:
        probe.make_bucket(endpoint, access, secret)
        mark = _marked(endpoint, access, secret, environment, before)
        found = probe.abilities(endpoint, access, secret)
    except StorageUnavailable as error:
        raise _Away(f"{where} does not answer ({_reason(error)})") from None
    except StorageError as error:
        why = REFUSED.get(error.code, f"refuses: {error}")
        raise Refused(f"{where} {why}\n  → Check {KEYS}, AWS_REGION and S3_BUCKET there.") from None
    except probe.Unfit as error:
        raise Refused(f"{where} can't be used, bucket {endpoint.bucket}: {error}") from None
    return Known(endpoint.url, endpoint.bucket, mark, tuple(sorted(found)))


def _reason(error: Exception) -> str:
    return str(error).rpartition(": ")[2]


def _marked(endpoint: Endpoint, access: str, secret: str, environment: Mapping[str, str], before: Known | None) -> str:
    """The bucket's mark. Raises Refused where it is not this appliance's."""
    from storage import probe
    from storage.layout import MARK

    there = probe.mark(endpoint, access, secret)
    if before and there != before.mark:
        raise Refused(
            f"the bucket {endpoint.bucket} at {endpoint.url} is not the one that holds this appliance's files:"
            f" its {MARK} is {'another' if there else 'not there'}\n"
            "  → Is it another bucket of that name, or is a disk of that server not mounted?"
        )
    if there and not before and not environment.get("DARKROOM_DATABASE_URL"):
        raise Refused(
            f"the bucket {endpoint.bucket} at {endpoint.url} holds the files of another appliance\n"
            f"  → Take another bucket; or, if that one is gone for good, remove {MARK} from this one."
        )
    return there or probe.mark(endpoint, access, secret, secrets.token_hex(16))
