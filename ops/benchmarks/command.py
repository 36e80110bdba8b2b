"""What the command lines of the benchmarks share."""

import argparse
import sys
from pathlib import Path


def photos(folder: Path) -> list[Path]:
    """The JPEG files of a folder, in the order of their names."""
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in (".jpg", ".jpeg"))


def positive(text: str) -> int:
    """A whole number from 1 on, as an argument. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("it is a whole number from 1 on")
    return int(text)


def say(text: str) -> None:
    """Shows what is being done, in place of what was shown before; to a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
