"""The Versity gateway: another S3 by other people, before a folder; built once from a Go module that is pinned here."""

import hashlib
import os
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from minio import Minio
from urllib3 import PoolManager

from storage.server.build import toolchain
from storage.server.locate import default_cache
from storage.signing import REGION
from tests.daemons.process import Daemon, free_port

PINS = Path(__file__).parent / "versity"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
ACCESS, SECRET = "AKIDOFTHEGATEWAY", "a/secret+of=the-gateway"


@dataclass
class Gateway:
    """A running server, by https under the name localhost; `authority` is its certificate's."""

    daemon: Daemon
    url: str
    folder: Path
    authority: Path

    def client(self) -> Minio:
        trusting = PoolManager(ssl_context=ssl.create_default_context(cafile=str(self.authority)))
        return Minio(self.url.removeprefix("https://"), ACCESS, SECRET, region=REGION, http_client=trusting)

    def settings(self, bucket: str) -> dict[str, str]:
        """What an appliance is told of it."""
        key = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        trust = {"SSL_CERT_FILE": str(self.authority)}
        return {**key, **trust, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, "S3_BUCKET": bucket}

    def close(self) -> None:
        self.daemon.stop()
        shutil.rmtree(self.folder)


def start() -> Gateway:
    folder = Path(tempfile.mkdtemp(prefix="dk-gw-"))
    folder.chmod(0o755)  # the authority is for others to read
    for name in ("data", "versions"):
        (folder / name).mkdir()
    certificate, key, port = folder / "certificate.pem", folder / "key.pem", free_port()
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    make += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make, "-out", certificate, "-keyout", key], check=True, capture_output=True)
    argv = [str(build()), "--port", f"127.0.0.1:{port}", "--quiet", "--cert", str(certificate), "--key", str(key)]
    argv += ["posix", "--versioning-dir", f"{folder}/versions", f"{folder}/data"]
    env = {"PATH": "/usr/bin:/bin", "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}
    url = f"https://localhost:{port}"
    daemon = Daemon(argv, env, folder / "gateway.log", lambda: _answers(url, certificate))
    try:
        return Gateway(daemon.start(), url, folder, certificate)
    except BaseException:
        shutil.rmtree(folder)
        raise


def build() -> Path:
    """The binary, built the first time: some minutes on two cores."""
    pins = b"".join((PINS / name).read_bytes() for name in ("go.mod", "go.sum"))
    binary = default_cache() / f"versitygw-{hashlib.sha256(pins).hexdigest()[:12]}" / "versitygw"
    if os.access(binary, os.X_OK):
        return binary
    binary.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=binary.parent) as work:
        shutil.copytree(PINS, work, dirs_exist_ok=True)
        env = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -modcacherw", "GOTOOLCHAIN": "local"}
        env |= {"GOWORK": "off", "GOPATH": f"{work}/go", "GOCACHE": f"{work}/cache"}
        argv = [str(toolchain()), "build", "-trimpath", "-ldflags", "-s -w", "-o", "built", MODULE]
        made = subprocess.run(argv, cwd=work, env=env, capture_output=True, text=True, timeout=1500)
        assert made.returncode == 0, made.stderr[-3000:]
        os.replace(f"{work}/built", binary)
    return binary


def _answers(url: str, authority: Path) -> bool:
    try:
        context = ssl.create_default_context(cafile=str(authority))
        return httpx.get(f"{url}/", timeout=2, verify=context).status_code == 403
    except httpx.HTTPError:
        return False
