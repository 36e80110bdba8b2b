"""Finding the objects of a bucket, as the files of a folder are found: one after the other, a page in memory."""

from collections.abc import Iterator

from appliance.library.buckets.clients import Client, talking
from appliance.library.buckets.records import FOLDER
from appliance.library.outcomes import Found
from appliance.library.workflow import Source


def find(client: Client, source: Source) -> Iterator[Found]:
    """Objects with a wanted extension below the prefix. Raises OSError, at once where there is no key."""
    bucket, extensions = client.bucket, frozenset(one.lower() for one in source.extensions)

    def found() -> Iterator[Found]:
        with talking():
            for stat in bucket.list(source.prefix, hidden=FOLDER):
                if _wanted(stat.key, extensions):
                    mtime = round(stat.modified.timestamp() * 1e9)
                    yield Found(stat.key, stat.size, mtime, etag=stat.etag)

    return found()


def _wanted(key: str, extensions: frozenset[str]) -> bool:
    before, _, extension = key.rpartition("/")[2].rpartition(".")
    return bool(before) and extension.lower() in extensions
