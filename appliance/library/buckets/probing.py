"""Looking at an object, in the sandbox: at its ends first, and at all of it where these do not say enough."""

import asyncio
import os

from appliance.library.buckets import copying
from appliance.library.buckets.clients import said
from appliance.library.originals.hindrances import NoRoom, NotDone
from appliance.library.originals.places import Place
from appliance.library.outcomes import Found, Looked, Skip, Unreadable, Why
from appliance.library.probing import looked_into
from processors.refusals import Refused
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.layers import Protection
from storage.buckets import Bucket, Changed, Head
from storage.errors import StorageError

_FAILED = (Refused, SandboxDied, SandboxTimeout, ValueError)


async def look(
    bucket: Bucket, found: Found, protection: Protection, place: Place, least_free: int
) -> Looked | Skip | Unreadable:
    """What an object says of itself. Raises SandboxWeak where nothing may be decoded here."""
    try:
        head = await asyncio.to_thread(bucket.head, found.path)
        if head is None:
            return Unreadable(found.path, "it has vanished")
        if head.etag != found.etag:
            return Skip(Why.UNSETTLED, "it was written to while it was looked at")
        words = (bucket, head, protection, place, least_free)
        looked = await _at_ends(*words) or await _at_all(*words)
        return looked._replace(found=found) if isinstance(looked, Looked) else looked
    except Changed:
        return Skip(Why.UNSETTLED, "it was written to while it was looked at")
    except StorageError as error:
        return Unreadable(found.path, said(error))
    except OSError as error:
        return Unreadable(found.path, error.strerror or type(error).__name__)


async def _at_ends(bucket: Bucket, head: Head, protection: Protection, place: Place, least_free: int) -> Looked | None:
    descriptor = await asyncio.to_thread(copying.ends, bucket, head, place, least_free)
    if descriptor is None:
        return None
    try:
        looked = await looked_into(descriptor, protection)
    except _FAILED:
        return None
    finally:
        os.close(descriptor)
    return looked if looked.facts.seconds else None


async def _at_all(
    bucket: Bucket, head: Head, protection: Protection, place: Place, least_free: int
) -> Looked | Skip | Unreadable:
    copy = await asyncio.to_thread(copying.whole, bucket, head, place, least_free)
    if isinstance(copy, NoRoom | NotDone):
        return Unreadable(head.key, copy.reason)
    try:
        return await looked_into(copy.descriptor, protection)
    except Refused as refused:
        return Skip(Why.REFUSED, str(refused))
    except (SandboxDied, SandboxTimeout) as error:
        return Skip(Why.PROBE_FAILED, f"looking at it failed: {error}")
    finally:
        os.close(copy.descriptor)
