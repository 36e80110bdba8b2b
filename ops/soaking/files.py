"""What clients send: photos of several sizes, and files that are none."""

import io
import random
from typing import NamedTuple

from PIL import Image

SIZES = {"small": (900, 600), "large": (4000, 3000)}
SHARES = {"small": 70, "large": 12, "text": 9, "cut": 9}  # of a hundred uploads


class File(NamedTuple):
    """`good`: it is a photo, and has to be done in the end; others have to end as an error."""

    kind: str
    data: bytes
    good: bool


def made(chance: random.Random) -> dict[str, list[File]]:
    """Some files of each kind."""
    photos = {kind: [_photo(*size, chance.randrange(1 << 30)) for _ in range(3)] for kind, size in SIZES.items()}
    return {
        **{kind: [File(kind, photo, True) for photo in some] for kind, some in photos.items()},
        "text": [File("text", b"This is a letter, and no picture at all.", False)],
        "cut": [File("cut", photo[: len(photo) // 3], False) for photo in photos["small"]],
    }


def chosen(files: dict[str, list[File]], chance: random.Random) -> File:
    """One of them, as often as its kind's share says."""
    kind = chance.choices(list(SHARES), list(SHARES.values()))[0]
    return chance.choice(files[kind])


def _photo(width: int, height: int, seed: int) -> bytes:
    """A JPEG of soft colours under grain, as large as a camera's."""
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (16, 12), chance.randbytes(16 * 12 * 3))
    soft = small.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((width, height), 24).convert("RGB")
    out = io.BytesIO()
    Image.blend(soft, grain, 0.15).save(out, "JPEG", quality=88)
    return out.getvalue()
