"""The functional tests that minio-py brings in its source package: S3 as a client of many years expects it.

They are no part of the installed package, so the archive that uv.lock pins is fetched, and compared with its hash.
As a program: `python -m tests.others.suite FILE` runs them on SERVER_ENDPOINT with ACCESS_KEY and SECRET_KEY, and
prints a line of JSON with what became of each: "" or what it raised.
"""

import hashlib
import importlib.util
import io
import json
import os
import sys
import tarfile
import tomllib
import urllib.request
from pathlib import Path
from types import ModuleType

from minio import Minio

LOCK = Path(__file__).parents[2] / "uv.lock"
SIZES = {"_test_file": 1024**2, "_large_file": 11 * 1024**2}


def fetched(folder: Path) -> Path:
    """The file with the tests, of the version that is locked. Raises OSError or AssertionError."""
    packages = tomllib.loads(LOCK.read_text())["package"]
    source = next(package["sdist"] for package in packages if package["name"] == "minio")
    with urllib.request.urlopen(source["url"], timeout=60) as answer:
        archive = answer.read()
    assert "sha256:" + hashlib.sha256(archive).hexdigest() == source["hash"], "not what uv.lock vouches for"
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        [member] = [one for one in opened.getmembers() if one.name.endswith("tests/functional/tests.py")]
        content = opened.extractfile(member)
        assert content is not None
        target = folder / "functional.py"  # not tests.py, which would be taken for this package
        target.write_bytes(content.read())
    return target


def loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("functional", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def outcomes(module: ModuleType) -> dict[str, str]:
    """What became of each test. They write files where they stand."""
    for name, size in SIZES.items():
        Path(name).write_bytes(os.urandom(size))
        setattr(module, name, name)
    where = os.environ["SERVER_ENDPOINT"]
    client = Minio(where, os.environ["ACCESS_KEY"], os.environ["SECRET_KEY"], secure=False, region="us-east-1")
    module.__dict__.update(_client=client, _is_aws=False)
    found = {}
    for name in sorted(vars(module)):
        if name.startswith("test_"):
            try:
                getattr(module, name)({})
                found[name] = ""
            except Exception as error:  # whatever it is, it is what became of it
                found[name] = f"{type(error).__name__}: {error}"[:200]
    return found


if __name__ == "__main__":
    print(json.dumps(outcomes(loaded(Path(sys.argv[1]).resolve()))))
