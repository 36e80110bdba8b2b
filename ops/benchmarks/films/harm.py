"""What was harmed: a file as it was, against what is there in its place; by the same measure for everybody."""

import hashlib
import os
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg

from processors.refusals import Refused
from processors.sandbox.errors import SandboxError
from processors.sandbox.layers import Protection
from processors.video.keeping.inventory import Inventory, Kind
from processors.video.keeping.looking import take_inventory

COUNTED = (Kind.VIDEO, Kind.AUDIO, Kind.SUBTITLE, Kind.ATTACHMENT, Kind.PICTURE)
SECONDS = 0.5


@dataclass(frozen=True)
class Was:
    """A file before. inventory: None where it can't be read."""

    size: int
    sha256: str
    inventory: Inventory | None


async def was(path: Path, protection: Protection) -> Was:
    """Raises OSError."""
    return Was(os.stat(path).st_size, _sha256(path), await _inventory(path, protection))


async def harms(before: Was, path: Path | None, protection: Protection) -> list[str]:
    """What is worse about it now, for people. path: what has taken its place, None for nothing. Raises OSError."""
    if path is None:
        return ["it is gone"]
    if _sha256(path) == before.sha256:
        return []
    found = [] if os.stat(path).st_size < before.size else ["it has become larger"]
    if before.inventory is None:
        return [*found, "it was replaced, though nothing could be read of it"]
    now = await _inventory(path, protection)
    if now is None or not _decodes(path):
        return [*found, "it can't be decoded"]
    return [*found, *_lost(before.inventory, now)]


def _lost(before: Inventory, now: Inventory) -> list[str]:
    found = []
    for kind in COUNTED:
        fewer = len(before.of(kind)) - len(now.of(kind))
        if fewer > 0:
            found.append(f"{fewer} of {kind.value} lost")
    spoken = _languages(before) - _languages(now)
    if spoken:
        found.append(f"languages lost: {', '.join(sorted(spoken))}")
    if len(now.chapters) < len(before.chapters):
        found.append("chapters lost")
    light, other = before.pictures.light, now.pictures.light
    if (light.transfer, light.primaries) != (other.transfer, other.primaries) or other.bits < light.bits:
        found.append("colours are meant in another way")
    if light.mastering is not None and other.mastering is None:
        found.append("what the screen of its maker could show is lost")
    if abs((before.seconds or 0.0) - (now.seconds or 0.0)) > SECONDS:
        found.append("it is of another length")
    return found


def _languages(inventory: Inventory) -> Counter[str]:
    """Of what is seen and heard: a track of chapters is written anew by whoever keeps these."""
    return Counter(one.language for one in inventory.of(*COUNTED) if one.language)


async def _inventory(path: Path, protection: Protection) -> Inventory | None:
    try:
        with path.open("rb") as file:
            return await take_inventory(file.fileno(), protection)
    except (Refused, SandboxError):
        return None


def _decodes(path: Path) -> bool:
    """All pictures and sound, with no word of complaint."""
    words = ["-nostdin", "-loglevel", "error", "-xerror", "-i", str(path)]
    words += ["-map", "0:V", "-map", "0:a?", "-f", "null", "-"]
    done = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *words], capture_output=True)
    return done.returncode == 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
