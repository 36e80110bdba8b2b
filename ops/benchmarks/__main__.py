"""`./ops/bench NAME …`: runs one benchmark."""

import importlib
import sys

BENCHMARKS = {
    "transform": "making the versions of a photo, against other libraries and the codec's own limit",
    "documents": "documents and spreadsheets to PDF and pictures of the first page",
    "ingest": "photos through the whole appliance",
    "renditions": "a picture on request in each format: what it costs, takes and looks like",
    "video": "speed, size and VMAF of each codec; screenshots, probing, and telling what a file is",
    "mixed": "photos at a steady pace, alone and while videos wait to be transcoded",
    "chat": "a full room: how soon everybody has what is said",
    "upload": "a large file in parts, against the same by a form",
    "library": "videos of a folder made anew and verified, against a plain loop of ffmpeg",
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in BENCHMARKS:
        asked_for_help = len(sys.argv) > 1 and sys.argv[1] in ("-h", "--help")
        lines = [f"  {name:<11}{what}" for name, what in BENCHMARKS.items()]
        text = "\n".join(["usage: ./ops/bench NAME [options]   (./ops/bench NAME --help says more)", "", *lines])
        print(text, file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    name = sys.argv[1]
    module = importlib.import_module(f"ops.benchmarks.{name}")
    try:
        return int(module.main(sys.argv[2:]))
    except KeyboardInterrupt:
        print("interrupted; what was started has been ended", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
