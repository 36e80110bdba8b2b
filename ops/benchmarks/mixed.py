"""`./ops/bench mixed DIR`: photos at a steady pace, alone and while videos wait to be transcoded.

Starts an appliance of its own, with the workers that it would have, and sends it the JPEG files of DIR in turn, one a
second; first with nothing else to do, then with videos of 1080p in the queue, which are made here. The latency of a
photo is from its last byte sent to its `done`.
Exit code: 0 when the goal is reached, 1 when not, 2 when it could not run.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ops.benchmarks import command

if TYPE_CHECKING:
    from ops.benchmarks.appliance import Appliance
    from ops.benchmarks.load import Run

PROJECT = "bench"
MOST_RATIO = 1.2
CLIP = "testsrc2=size=1920x1080:rate=30:duration={},noise=alls=8:allf=t"


def main(argv: list[str]) -> int:
    options = _parse(argv)
    from ops.benchmarks import appliance  # only now, since --help is answered before anything is installed

    files = command.photos(options.folder)
    if not files:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    try:
        with appliance.running({"DARKROOM_PROJECT_REQUESTS": "0"}) as one:
            alone, mixed, left = _runs(one, files, options)
    except appliance.NotStarted as error:
        print(error, file=sys.stderr)
        return 2
    ratio = _p95(mixed) / _p95(alone)
    told = {
        "photos": options.count,
        "seconds_between": options.every,
        "videos": options.videos,
        "videos_left": left,
        "failed": alone.failed + mixed.failed,
        "p50": [statistics.median(run.latencies) for run in (alone, mixed)],
        "p95": [_p95(run) for run in (alone, mixed)],
        "ratio": ratio,
    }
    print(json.dumps(told, indent=1) if options.json else _table(told))
    return 0 if ratio <= MOST_RATIO and not told["failed"] and left else 1


def _runs(one: "Appliance", files: list[Path], options: argparse.Namespace) -> tuple["Run", "Run", int]:
    """The photos alone, the photos beside videos, and how many of these were not done when the last photo was."""
    import uvloop

    from ops.benchmarks import load

    url, token = one.url(), one.verb("token", "--project", PROJECT).strip()
    photos = [file.read_bytes() for file in files]

    def paced(count: int) -> "Run":
        return uvloop.run(load.run(url, PROJECT, token, photos, count, 1, options.every))

    command.say("warming up")
    paced(10)
    command.say(f"{options.count} photos, one every {options.every:g} s, alone")
    alone = paced(options.count)
    command.say(f"sending {options.videos} videos of {options.seconds} s")
    videos = _send_videos(url, token, options.videos, options.seconds)
    command.say(f"{options.count} photos, one every {options.every:g} s, beside them")
    mixed = paced(options.count)
    return alone, mixed, _left(url, token, videos)


def _send_videos(url: str, token: str, count: int, seconds: int) -> list[str]:
    import httpx
    import imageio_ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder, "clip.mp4")
        source = ["-f", "lavfi", "-i", CLIP.format(seconds), "-c:v", "libx264", "-preset", "veryfast", "-b:v", "6M"]
        ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
        subprocess.run([ffmpeg, "-loglevel", "error", *source, "-pix_fmt", "yuv420p", str(clip)], check=True)
        sent = []
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:
            for number in range(count):
                body = {"filename": f"clip-{number}.mp4", "project_id": PROJECT}
                link = client.post("/files/", json=body).raise_for_status().json()
                with clip.open("rb") as file:
                    form = httpx.post(link["upload_link"], data=link["params"], files={"file": file}, timeout=120)
                form.raise_for_status()
                sent.append(link["file_id"])
    return sent


def _left(url: str, token: str, videos: list[str]) -> int:
    import httpx

    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
        states = [client.get(f"/files/{video}").raise_for_status().json()["state"] for video in videos]
    return sum(state not in ("done", "error") for state in states)


def _p95(run: "Run") -> float:
    return run.latencies[min(len(run.latencies) - 1, round(0.95 * len(run.latencies)))]


def _table(told: dict[str, object]) -> str:
    p50, p95 = told["p50"], told["p95"]
    assert isinstance(p50, list)
    assert isinstance(p95, list)
    rows = [("", "alone", f"beside {told['videos']} videos", "ratio")]
    for name, (alone, mixed) in (("p50", p50), ("p95", p95)):
        rows.append((name, f"{1000 * alone:.0f} ms", f"{1000 * mixed:.0f} ms", f"{mixed / alone:.2f}"))
    lines = ["  ".join(cell.rjust(18) for cell in row) for row in rows]
    goal = (
        f"p95 at most {MOST_RATIO:g} x: {told['ratio']:.2f}; {told['failed']} failed; {told['videos_left']} videos left"
    )
    return "\n".join([*lines, goal])


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench mixed", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="JPEG photos")
    parser.add_argument("--count", type=command.positive, default=200, metavar="N", help="photos a run (default 200)")
    parser.add_argument("--every", type=float, default=1.0, metavar="S", help="seconds between two (default 1)")
    parser.add_argument("--videos", type=command.positive, default=20, metavar="N", help="videos queued (default 20)")
    parser.add_argument("--seconds", type=command.positive, default=30, metavar="S", help="of each (default 30)")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; this one has its own
    return parser.parse_args(argv)
