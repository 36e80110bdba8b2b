"""The loop every Python contestant runs: it answers each line on stdin, a JSON command, with a line of JSON.

Standard library only, since it runs inside the peers' own environments. Commands: {"do": "round"} works on every photo
once and tells CPU and wall-clock seconds; {"do": "save", "folder": …} writes the versions as PHOTO.VERSION.jpg.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

BOXES = {"d2500": (2500, 2500), "big_1920": (1920, 1080), "big_thumb": (700, 700), "thumb": (150, 120)}
QUALITY = 82
Versions = Iterable[tuple[str, "bytes | memoryview"]]


def compete(
    work: Callable[[bytes], Versions],
    cpu: Callable[[], float] = time.process_time,
    peak: Callable[[], int] | None = None,
) -> None:
    """Serve until stdin ends. `cpu` tells CPU seconds so far, `peak` the peak of resident bytes."""
    photos = {path.stem: path.read_bytes() for path in map(Path, sys.argv[1:])}
    for line in sys.stdin:
        command = json.loads(line)
        cpu_before, wall_before = cpu(), time.perf_counter()
        for stem, data in photos.items():
            for name, version in work(data):
                if command["do"] == "save":
                    (Path(command["folder"]) / f"{stem}.{name}.jpg").write_bytes(version)
        spent = {"cpu": cpu() - cpu_before, "wall": time.perf_counter() - wall_before, "photos": len(photos)}
        print(json.dumps({**spent, "rss": (peak or own_peak)()}), flush=True)


def own_peak() -> int:
    return peak_of("self")


def peak_of(pid: "int | str") -> int:
    """Peak resident bytes of a process (proc(5), VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise ValueError("no VmHWM")
