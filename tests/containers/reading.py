"""A compose file as the loader of the compose specification reads it: a program of Go, built once into the cache."""

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storage.server import build, locate

SOURCE = Path(__file__).parent / "loader"
IMAGES = {"SILO_IMAGE": "silo.example/silo:tested", "DEBIAN_IMAGE": "debian.example/debian:tested"}


class Invalid(Exception):
    """What the loader says against a file."""


def load(file: Path, environment: Mapping[str, str] = IMAGES) -> dict[str, Any]:
    """The project that `file` describes, with all its profiles. Raises Invalid."""
    done = subprocess.run([str(_built()), str(file)], env=dict(environment), capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise Invalid(done.stderr)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _built() -> Path:
    cache = Path(os.environ.get("DARKROOM_CACHE") or locate.default_cache())
    texts = b"".join((SOURCE / name).read_bytes() for name in ("go.mod", "go.sum", "main.go"))
    binary = cache / f"compose-loader-{hashlib.sha256(texts).hexdigest()[:12]}"
    if not binary.exists():
        cache.mkdir(parents=True, exist_ok=True)
        draft = binary.with_suffix(f".{os.getpid()}")
        fixed = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}
        command = [str(build.toolchain()), "build", "-trimpath", "-o", str(draft), "."]
        done = subprocess.run(command, cwd=SOURCE, env={**os.environ, **fixed}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        draft.replace(binary)
    return binary
