"""What storage costs for one photo, in CPU time: `python -m tests.storage.measure [PHOTOS] [md5]`.

One photo: its original is written and read (4 MB), four versions are written (10 to 480 kB, reduced redundancy). The
client is this process, the server is its own; both are user and system time. With `md5` every ETag is one, as it has to
be where other programs use the server.
"""

import hashlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from minio import Minio as Client

from storage.links import Links, UploadForms
from tests.daemons import minio, valkey

SIZES = (10_000, 60_000, 250_000, 480_000)


def measure(name: str, work: Callable[[int], object], count: int, server: minio.Minio | None = None) -> None:
    """Prints milliseconds a call of `work`: CPU here, CPU of the server, and by the clock."""
    work(-1)
    here, there, began = time.process_time(), server.daemon.cpu_seconds() if server else 0.0, time.monotonic()
    for number in range(count):
        work(number)
    spent = [time.process_time() - here, (server.daemon.cpu_seconds() if server else 0.0) - there]
    figures = [1000 * seconds / count for seconds in (*spent, time.monotonic() - began)]
    print(f"{name:<40} client {figures[0]:7.3f}  server {figures[1]:7.2f}  clock {figures[2]:7.2f} ms")


def photos(server: minio.Minio, count: int) -> None:
    objects = server.objects()
    versions = [os.urandom(size) for size in SIZES]
    digests = [hashlib.sha256(data).hexdigest() for data in versions]
    client = Client(f"127.0.0.1:{server.port}", *minio.WORKER, secure=False, region="us-east-1")
    server.objects(minio.ROOT).put("originals", "photo", os.urandom(4_000_000), "image/jpeg")

    def put(number: int, place: int, digest: str | None) -> object:
        return objects.put("versions", f"{number}/{place}", versions[place], "image/jpeg", reduced=True, sha256=digest)

    def library(number: int) -> None:
        for place, data in enumerate(versions):
            client.put_object("versions", f"{number}/{place}", io.BytesIO(data), len(data), "image/jpeg")

    threads = ThreadPoolExecutor(4)
    original = os.urandom(4_000_000)
    digest = hashlib.sha256(original).hexdigest()
    root = server.objects(minio.ROOT)
    measure(
        "put of 4 MB", lambda n: root.put("originals", f"{n}", original, "image/jpeg", sha256=digest), count, server
    )
    measure("get of 4 MB", lambda _: objects.get("originals", "photo"), count, server)
    measure("get of 4 MB by minio-py", lambda _: client.get_object("originals", "photo").read(), count, server)
    measure("four puts, hash known", lambda n: [put(n, p, digests[p]) for p in range(4)], count, server)
    measure(
        "four puts, hash known, four threads",
        lambda n: list(threads.map(put, [n] * 4, range(4), digests)),
        count,
        server,
    )
    measure("four puts, hash computed", lambda n: [put(n, p, None) for p in range(4)], count, server)
    measure("four puts by minio-py", library, count, server)


def main() -> None:
    words = sys.argv[1:]
    count = next((int(word) for word in words if word.isdecimal()), 100)
    links, forms = Links(*minio.READER), UploadForms(*minio.UPLOADER)
    measure("link", lambda n: links.link("versions", f"projects/111/images/{n}"), 20_000)
    measure("upload form", lambda n: forms.form(f"projects/111/images/{n}", 10**8, 900), 20_000)
    with tempfile.TemporaryDirectory() as folder:
        queue = valkey.start(Path(folder) / "valkey")
        server = minio.start(Path(folder) / "minio", queue, md5_etags="md5" in words)
        try:
            photos(server, count)
        finally:
            server.daemon.stop()
            queue.daemon.stop()


if __name__ == "__main__":
    main()
