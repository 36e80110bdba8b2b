"""SeaweedFS: an S3 by other people, from the binary in its package. All of it in one process."""

import json
import shutil
import signal
import sysconfig
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
from minio import Minio

from storage.endpoint import Endpoint
from storage.signing import REGION
from tests.daemons.process import Daemon, free_port

ACCESS = "AKIDOFSTRANGERS"
SECRET = "a/secret+of=strangers"  # with all the characters that secrets there have


@dataclass
class Seaweed:
    """A running server, whose one key may do everything."""

    daemon: Daemon
    url: str
    folder: Path

    def bucket(self, name: str) -> str:
        """Makes a bucket without versions, as an operator would who never heard of them."""
        self.client().make_bucket(name)
        return name

    def client(self) -> Minio:
        return Minio(self.url.removeprefix("http://"), ACCESS, SECRET, secure=False, region=REGION)

    def endpoint(self, bucket: str) -> Endpoint:
        return Endpoint(self.url, bucket=bucket)

    def settings(self, bucket: str) -> dict[str, str]:
        """What an appliance is told of it."""
        key = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        return {**key, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "S3_BUCKET": bucket}

    def close(self) -> None:
        """Ends it at once, since it takes its time to end by itself, and removes all it wrote."""
        self.daemon.stop(signal.SIGKILL)
        shutil.rmtree(self.folder)


def start() -> Seaweed:
    folder = Path(tempfile.mkdtemp(prefix="dk-weed-"))
    (folder / "data").mkdir()
    key = {"accessKey": ACCESS, "secretKey": SECRET}
    identity = {"name": "darkroom", "credentials": [key], "actions": ["Admin", "Read", "Write", "List"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    port = free_port()
    argv = [str(Path(sysconfig.get_path("scripts")) / "weed"), "server", f"-dir={folder}/data", *_options(folder, port)]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    url = f"http://127.0.0.1:{port}"
    server = Seaweed(Daemon(argv, env, folder / "weed.log", lambda: _answers(url)), url, folder)
    try:
        server.daemon.start()
    except BaseException:
        shutil.rmtree(folder)
        raise
    return server


def _options(folder: Path, port: int) -> Sequence[str]:
    parts = [f"{part}.{kind}" for part in ("master", "volume", "filer") for kind in ("port", "port.grpc")]
    options = [f"-{part}={free_port()}" for part in parts]
    options += ["-filer", "-s3", f"-s3.port={port}", f"-s3.port.grpc={free_port()}", f"-s3.config={folder}/s3.json"]
    options += ["-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0", "-metricsPort=0"]
    # A bucket takes seven volumes of its own; small ones, since they are not filled here.
    return [*options, "-master.volumeSizeLimitMB=64", "-volume.max=300", "-volume.minFreeSpace=1"]


def _answers(url: str) -> bool:
    """Whether it serves objects, and not just requests: without a signature it refuses then."""
    try:
        return httpx.get(f"{url}/no-such-bucket", timeout=2).status_code == 403
    except httpx.HTTPError:
        return False
