"""`python -m processors FILE… --into FOLDER`: develops local files into a folder, as a worker would.

Exit code: 0 when all came out, 1 when a file was refused.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

from processors.choice import process
from processors.recipes import PHOTO, RECIPES
from processors.refusals import Refused
from processors.results import Developed, Facts
from processors.sandbox import Sandbox
from processors.sandbox.errors import SandboxError, SandboxWeak


def main() -> int:
    options = _parse()
    options.into.mkdir(parents=True, exist_ok=True)
    recipe, page = RECIPES[options.recipe], options.page
    if options.no_sandbox:
        return _each(options, lambda data: process(memoryview(data), recipe, None, page))
    with asyncio.Runner() as runner:
        sandbox = Sandbox(weak=options.weak)
        try:
            # Who reads a file is found out in there, too.
            return _each(options, lambda data: runner.run(sandbox.develop(data, options.timeout, recipe, None, page)))
        finally:
            runner.run(sandbox.close())


def _each(options: argparse.Namespace, work: Callable[[bytes], Developed]) -> int:
    failed = 0
    for path in options.files:
        started = time.perf_counter()
        try:
            developed = work(path.read_bytes())
        except SandboxWeak as error:
            print(f"{error}\n  → --weak works all the same, --no-sandbox without any wall", file=sys.stderr)
            return 1
        except (Refused, SandboxError, OSError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
            continue
        _write(developed, path.stem, options.into)
        milliseconds = (time.perf_counter() - started) * 1000
        print(f"{path}: {_shown(developed.source, options.page or 1)}, {milliseconds:.0f} ms")
    return 1 if failed else 0


def _shown(facts: Facts, page: int) -> str:
    size = f"{facts.format} {facts.width} x {facts.height}"
    if facts.pages is not None:
        return f"{size} points, page {page:,} of {facts.pages:,}"
    return f"{size}, the first of {facts.frames:,} frames" if facts.frames > 1 else size


def _write(developed: Developed, stem: str, folder: Path) -> None:
    for version in developed.versions:
        target = folder / f"{stem}.{version.name}.{version.extension}"
        target.write_bytes(version.data)
        size = f"{version.width} x {version.height}, " if version.width else ""
        print(f"  {target}  {size}{len(version.data):,} bytes")


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m processors", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a picture or a PDF")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where versions go (default: here)")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default=PHOTO.name, help=f"default: {PHOTO.name}")
    parser.add_argument("--page", type=int, metavar="N", help="this page of a PDF alone (default: 1, and all its text)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds a file may take (default 10)")
    parser.add_argument("--weak", action="store_true", help="also where the system gives the sandbox one layer only")
    parser.add_argument("--no-sandbox", action="store_true", help="work in this process: for files you trust, to debug")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
