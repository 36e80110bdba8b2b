"""Links and upload forms: what lets a client read or write one object without a key of its own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from storage import disposition
from storage.endpoint import OWN, Endpoint
from storage.layout import CHATS, ORIGINALS, VERSIONS
from storage.signing import Signer


@dataclass(frozen=True, slots=True)
class UploadForm:
    """A form for one upload: send every pair of `params`, then the field `file`, as multipart/form-data to `path`."""

    path: str
    params: dict[str, str]
    expires_at: datetime


class UploadForms:
    """Makes forms that store one original each. Thread-safe, no I/O; about 0.01 ms a form."""

    def __init__(self, access_key: str, secret_key: str, endpoint: Endpoint = OWN) -> None:
        self._signer = Signer(access_key, secret_key, endpoint.region)
        self._endpoint = endpoint

    def form(
        self, key: str, max_bytes: int, seconds: int, now: datetime | None = None, bucket: str = ORIGINALS
    ) -> UploadForm:
        """A form for exactly `key` in `bucket` and 1 to `max_bytes` bytes, good for `seconds` from `now` (UTC).

        Storage answers 201 with an XML body. The same form can be sent again until it expires, and makes another
        version of the object: whoever reads must name the version they mean.
        """
        if max_bytes < 1:
            # Storage reads a range up to 0 as "no limit".
            raise ValueError(f"{max_bytes} bytes is no limit for an upload")
        at = now or datetime.now(UTC)
        expires_at = (at + timedelta(seconds=seconds)).replace(microsecond=0)
        stored = self._endpoint.key_of(bucket, key)
        named = {"bucket": self._endpoint.bucket_of(bucket), "key": stored, "success_action_status": "201"}
        conditions = [*({name: value} for name, value in named.items()), ["content-length-range", 1, max_bytes]]
        signed = self._signer.form(conditions, at, expires_at)
        params = {"key": stored, "success_action_status": "201", **signed}
        return UploadForm(f"/{bucket}", params, expires_at)


class Links:
    """Makes links that read one object each. Thread-safe, no I/O; about 0.01 ms a link.

    The time of signing is rounded down to a window, so within it the same link comes out and browsers cache what it
    gives; it is good for two windows, so at least one is left when a client gets it. The windows of chats are short:
    who may see them changes.
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        window_seconds: int = 3600,
        endpoint: Endpoint = OWN,
        chat_window_seconds: int = 300,
    ) -> None:
        self._signer = Signer(access_key, secret_key, endpoint.region)
        self._endpoint = endpoint
        self._host = endpoint.signing_host
        # Keys need no encoding, and a page of a list has some 500 links.
        buckets = (ORIGINALS, VERSIONS)
        self._before = {name: f"/{endpoint.bucket_of(name)}/{endpoint.key_of(name, '')}" for name in buckets}
        self._window, self._chat_window = window_seconds, chat_window_seconds

    def window(self, root: str) -> int:
        """For how many seconds a link to what lies below a root stays the same."""
        return self._chat_window if root == CHATS else self._window

    def link(
        self,
        bucket: str,
        key: str,
        version_id: str | None = None,
        filename: str | None = None,
        content_type: str | None = None,
        now: datetime | None = None,
    ) -> str:
        """The path and query of a GET link, to be put behind a public URL of the appliance.

        `filename` is the name to save under, `content_type` what the answer shall say of itself. An original's link
        names its `version_id` (ValueError without, where there are versions), since a form can be replayed, and is
        always an attachment, since its bytes are a stranger's.
        """
        query = {}
        if bucket == ORIGINALS:
            if not version_id and self._endpoint.versioned(bucket):
                raise ValueError("a link to an original names the version that was taken in")
            query["response-content-disposition"] = disposition.attachment(filename)
        elif filename is not None:
            query["response-content-disposition"] = disposition.inline(filename)
        if version_id:
            query["versionId"] = version_id
        if content_type:
            query["response-content-type"] = content_type
        seconds = (now or datetime.now(UTC)).timestamp()
        window = self.window(key.partition("/")[0])
        at = datetime.fromtimestamp(seconds - seconds % window, UTC)
        signed = self._signer.presign("GET", self._host, self._before[bucket] + key, query, at, 2 * window)
        return f"/{bucket}/{key}?{signed}"
