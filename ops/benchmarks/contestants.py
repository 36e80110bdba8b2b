"""Who takes part in the transform benchmark, and the running processes of one contestant."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.benchmarks.environments import find_uv, node_with, python_with
from processors.sandbox.command import ALLOCATOR, CHECKOUT, NO_THREADS

PEERS = Path(__file__).parent / "peers"
SANDBOX, INSIDE, LIMIT, VIPS, PILLOW, SHARP = (
    "darkroom",
    "darkroom, no sandbox",
    "codec limit",
    "pyvips",
    "Pillow",
    "sharp",
)
# The limit gets the same allocator settings as we do, or it would be no limit.
TUNED = ALLOCATOR | NO_THREADS


@dataclass(frozen=True)
class Contestant:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    cwd: Path = Path("/")


@dataclass(frozen=True)
class Spent:
    """CPU and wall-clock seconds over `photos` photos; peak resident bytes so far."""

    cpu: float
    wall: float
    photos: int
    rss: int


def contestants(scratch: Path, say: Callable[[str], None]) -> list[Contestant]:
    """All of them, their environments made under `scratch`. Raises NotInstalled."""
    uv = find_uv(scratch)
    paths = {"PYTHONPATH": CHECKOUT}
    own = [sys.executable, str(PEERS / "darkroom.py")]
    say("making the peers' environments (pyvips, Pillow, sharp)")
    vips = python_with(uv, scratch / "vips", ["pyvips>=3", "pyvips-binary"])
    pillow = python_with(uv, scratch / "pillow", ["pillow"])
    limit = python_with(uv, scratch / "limit", ["simplejpeg", "pillow"])
    node = node_with(uv, scratch / "sharp", ["sharp"])
    return [
        Contestant(SANDBOX, [*own, "sandbox"], paths),
        Contestant(INSIDE, [*own, "inside"], paths | TUNED),
        Contestant(LIMIT, [limit, str(PEERS / "limit.py")], paths | TUNED),
        Contestant(VIPS, [vips, str(PEERS / "vips.py")], paths | {"VIPS_CONCURRENCY": "1"}),
        Contestant(PILLOW, [pillow, str(PEERS / "pillow.py")], paths),
        Contestant(SHARP, [node, str(PEERS / "sharp.mjs")], {}, scratch / "sharp"),
    ]


class Team:
    """One contestant's processes, one a core; the first alone works in single rounds."""

    def __init__(self, contestant: Contestant, photos: Sequence[Path], size: int) -> None:
        self.name = contestant.name
        environment = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
        self._processes = [
            subprocess.Popen(
                [*contestant.command, *map(str, photos)],
                env=environment | contestant.environment,
                cwd=contestant.cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(size)
        ]

    def round(self) -> Spent:
        """One process works on every photo once."""
        return self._ask(self._processes[:1], {"do": "round"})[0]

    def together(self) -> list[Spent]:
        """All processes work on every photo at the same time."""
        return self._ask(self._processes, {"do": "round"})

    def save(self, folder: Path) -> None:
        """Write every version into `folder` as PHOTO.VERSION.jpg."""
        folder.mkdir()
        self._ask(self._processes[:1], {"do": "save", "folder": str(folder)})

    def end(self) -> None:
        for process in self._processes:
            with contextlib.suppress(OSError):  # it may have ended already
                process.stdin.close()  # type: ignore[union-attr]
        for process in self._processes:
            process.wait(30)

    def _ask(self, processes: list[subprocess.Popen[str]], command: dict[str, str]) -> list[Spent]:
        for process in processes:
            assert process.stdin
            with contextlib.suppress(OSError):  # then it has no answer, either
                process.stdin.write(json.dumps(command) + "\n")
                process.stdin.flush()
        answers = []
        for process in processes:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"{self.name} ended in the middle of the work")
            answers.append(Spent(**json.loads(line)))
        return answers
