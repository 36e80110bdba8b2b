"""Somebody else's S3: met at each start, asked what it can do, and known again by the mark in its bucket."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace

from ops import services
from ops.folder import DataFolder
from storage import probe
from storage.endpoint import Ability, Endpoint
from storage.errors import StorageError, StorageUnavailable
from storage.layout import MARK

FILE = "storage.json"
AGAIN_SECONDS, PATIENCE_SECONDS = 3.0, 600.0
SAID_EVERY = 30.0

COSTS = {
    Ability.VERSIONS: "it keeps no versions: a form that is sent again within its 15 minutes replaces what was"
    " uploaded. Workers and ./ops/verify find that by the ETag; nothing prevents it, and a link shows what is there",
    Ability.FORMS: "it takes no forms: uploads go through the API, with its CPU and up to 8 MiB of memory for each",
    Ability.REDUCED: "it has no cheaper storage class for what can be made again: versions cost what originals do",
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
    "NoSuchBucket": "has no such bucket any more, and this appliance's files were in it",
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
    marked: bool
    """Whether the mark was set: until then there is nothing to be known again."""
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
            found = await asyncio.to_thread(_met, folder, endpoint, environment)
            break
        except StorageUnavailable as error:
            away = f"the S3 at {endpoint.url} does not answer ({str(error).rpartition(': ')[2]})"
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise Refused(f"{away}\n  → See AWS_ENDPOINT_URL, and whether that server runs.") from None
            if not told or time.monotonic() - told > SAID_EVERY:
                say(f"{away}; it is asked again until it does, see AWS_ENDPOINT_URL")
                told = time.monotonic()
        await asyncio.sleep(AGAIN_SECONDS)
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
    if before and before.marked and (before.url, before.bucket) != (endpoint.url, endpoint.bucket):
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


def _met(folder: DataFolder, endpoint: Endpoint, environment: Mapping[str, str]) -> Known:
    """Raises StorageUnavailable or Refused."""
    key = environment["DARKROOM_WORKER_KEY"].partition(":")[::2]
    where = f"the S3 at {endpoint.url}"
    before = known(folder)
    try:
        probe.find_bucket(endpoint, *key, make=not (before and before.marked))
        mark, marked = _mark(endpoint, key, environment, before)
        found = Known(endpoint.url, endpoint.bucket, mark, marked, tuple(sorted(probe.abilities(endpoint, *key))))
        # First here, then there: whoever is killed in between finds a bucket that nobody has marked.
        folder.write(FILE, asdict(found))
        if not marked:
            probe.set_mark(endpoint, *key, mark)
            found = replace(found, marked=True)
            folder.write(FILE, asdict(found))
        return found
    except StorageUnavailable:
        raise
    except StorageError as error:
        why = REFUSED.get(error.code, f"refuses: {error}")
        raise Refused(f"{where} {why}\n  → Check {KEYS}, AWS_REGION and S3_BUCKET.") from None
    except probe.Unfit as error:
        raise Refused(f"{where} can't be used, bucket {endpoint.bucket}: {error}") from None


def _mark(
    endpoint: Endpoint, key: tuple[str, str], environment: Mapping[str, str], before: Known | None
) -> tuple[str, bool]:
    """The bucket's mark, and whether it is set. Raises Refused where it is not this appliance's."""
    there = probe.mark(endpoint, *key)
    if before and (before.marked or there) and there != before.mark:
        raise Refused(
            f"the bucket {endpoint.bucket} at {endpoint.url} is not the one that holds this appliance's files:"
            f" its {MARK} is {'another' if there else 'not there'}\n"
            "  → Is it another bucket of that name, or is a disk of that server not mounted?"
        )
    if there and not before and not environment.get("DARKROOM_DATABASE_URL"):
        # The ledger of this folder is new: it knows nothing of what is there, and would have it all removed.
        raise Refused(
            f"the bucket {endpoint.bucket} at {endpoint.url} holds the files of another appliance\n"
            f"  → Take another bucket; or, if that one is gone for good, remove {MARK} from this one."
        )
    return (there, True) if there else (before.mark if before else secrets.token_hex(16), False)
