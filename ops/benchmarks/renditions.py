"""`./ops/bench renditions DIR`: what each format of a picture on request costs, takes and looks like.

Each JPEG photo of DIR is shrunk into a box of 800 pixels and encoded as JPEG, WebP and AVIF at the quality that is used
where none is asked for. Means over all photos, one core: CPU milliseconds (the best of five), bytes, and structural
similarity with the photo decoded in full and shrunk in one step. Exit code: 0, or 2 when it could not run.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from ops.benchmarks import command

SIDE, ROUNDS = 800, 5


def main(argv: list[str]) -> int:
    options = _parse(argv)
    files = command.photos(options.folder)
    if not files:
        print(f"no JPEG files in {options.folder}", file=sys.stderr)
        return 2
    found = _measured(files)
    print(json.dumps(found, indent=1) if options.json else _table(found))
    return 0


def _measured(files: list[Path]) -> dict[str, dict[str, float]]:
    # Only now, since --help is answered before anything is installed.
    from PIL import Image, ImageOps

    from ops.benchmarks.quality import Reference
    from processors.image import formats, library
    from processors.image.raster import Raster
    from processors.renditions import QUALITIES

    library.check()
    kept: dict[str, list[tuple[float, int, float]]] = {str(format): [] for format in QUALITIES}
    for file in files:
        command.say(file.name)
        reference = Reference(file)
        with Image.open(file) as photo:
            picture = ImageOps.exif_transpose(photo).convert("RGB")
        picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=None)
        for format, quality in QUALITIES.items():
            spent = []
            for _ in range(ROUNDS):
                began = time.process_time()
                made = formats.encode(Raster(picture), format, None, quality)
                spent.append(time.process_time() - began)
            kept[str(format)].append((1000 * min(spent), len(made.data), reference.compare(made.data).ssim))
    return {
        name: dict(zip(("cpu_ms", "bytes", "ssim"), map(statistics.mean, zip(*rows, strict=True)), strict=True))
        for name, rows in kept.items()
    }


def _table(found: dict[str, dict[str, float]]) -> str:
    lines = [f"{'format':<8}{'CPU ms':>9}{'bytes':>10}{'SSIM':>8}"]
    for name, one in found.items():
        lines.append(f"{name:<8}{one['cpu_ms']:>9.1f}{one['bytes']:>10,.0f}{one['ssim']:>8.3f}")
    return "\n".join(lines)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./ops/bench renditions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="JPEG photos")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--data", help=argparse.SUPPRESS)  # every verb is given it; no appliance is needed here
    return parser.parse_args(argv)
