"""Makes a running server ours: buckets, policies, keys, and where it says what came in."""

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio, MinioAdmin
from minio.commonconfig import ENABLED
from minio.credentials import StaticProvider
from minio.notificationconfig import NotificationConfig, QueueConfig
from minio.versioningconfig import VersioningConfig

from storage import keys
from storage.errors import translated
from storage.keys import Key
from storage.layout import ORIGINALS, VERSIONS
from storage.signing import REGION
from storage.transport import pool

FAST = "FAST"
"""The target that tells within milliseconds, and forgets what it could not tell at once."""
DURABLE = "DURABLE"
"""The target that keeps what it could not tell on disk, and looks there every three seconds."""


def ensure(
    url: str,
    root_access: str,
    root_secret: str,
    uploader: Key,
    reader: Key,
    worker: Key,
    replaced: Collection[str] = (),
    overlap: timedelta = timedelta(hours=2),
) -> None:
    """Brings the server at `url` to what the appliance needs; on one that has it all, nothing changes.

    The access keys `replaced` were ours before, and stay good for `overlap`, as `keys.ensure` says.
    The server must have been started with `notify_env`. Raises StorageUnavailable or StorageError.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    connections = pool(30.0)
    client = Minio(parts.netloc, root_access, root_secret, secure=secure, region=REGION, http_client=connections)
    admin = MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(root_access, root_secret),
        region=REGION,
        secure=secure,
        http_client=connections,
    )
    with translated(f"setting up storage at {url}"):
        make_buckets(client)
        _notifications(client)
        keys.ensure(admin, {"uploader": uploader, "reader": reader, "worker": worker}, replaced, overlap)


def notify_env(host: str, port: int, password: str, queue_dir: Path, list_key: str) -> dict[str, str]:
    """The server's environment for two targets that push every event to the Valkey list `list_key`.

    One is fast and loses what happens while Valkey is down, the other keeps it in `queue_dir` (up to 100,000 events)
    and is slow: an event comes twice, and a reader that is used to that gets both speed and safety.
    """
    env: dict[str, str] = {}
    for target in (FAST, DURABLE):
        fields = {
            "ENABLE": "on",
            "ADDRESS": f"{host}:{port}",
            "PASSWORD": password,
            "KEY": list_key,
            "FORMAT": "access",
            "QUEUE_DIR": str(queue_dir) if target == DURABLE else "",
        }
        env |= {f"MINIO_NOTIFY_REDIS_{name}_{target}": value for name, value in fields.items() if value}
    return env


def make_buckets(client: Minio) -> None:
    """The two buckets, if they are not there. Raises what `translated` translates."""
    for bucket in (ORIGINALS, VERSIONS):
        if not client.bucket_exists(bucket):
            client.make_bucket(bucket)
    # A form sent again makes another version beside the one that was taken in, and can't replace it.
    if client.get_bucket_versioning(ORIGINALS).status != ENABLED:
        client.set_bucket_versioning(ORIGINALS, VersioningConfig(ENABLED))


def _notifications(client: Minio) -> None:
    rules = [
        QueueConfig(
            queue=f"arn:minio:sqs:{REGION}:{target}:redis", events=["s3:ObjectCreated:*"], config_id=target.lower()
        )
        for target in (FAST, DURABLE)
    ]
    client.set_bucket_notification(ORIGINALS, NotificationConfig(queue_config_list=rules))
