"""`python -m processors FILE… --into FOLDER`: develops local files into a folder, as a worker would.

Exit code: 0 when all came out, 1 when a file was refused.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from processors import profiles
from processors.choice import process
from processors.office import libreoffice
from processors.office.develop import BOUNDS
from processors.office.develop import develop as convert
from processors.processor import Processor
from processors.recipes import PHOTO, RECIPES
from processors.refusals import OtherReader, Refused
from processors.results import Developed, Facts
from processors.sandbox.errors import SandboxError, SandboxWeak
from processors.sandbox.sandbox import Sandbox

DRAW_SECONDS = 10.0


def main() -> int:
    options = _parse()
    options.into.mkdir(parents=True, exist_ok=True)
    recipe, page = RECIPES[options.recipe], options.page
    if options.no_sandbox:
        return _each(options, lambda path: process(memoryview(path.read_bytes()), recipe, None, page))
    with asyncio.Runner() as runner:
        sandbox = Sandbox(weak=options.weak)
        try:
            return _each(options, lambda path: runner.run(_developed(path, path.read_bytes(), options, sandbox)))
        finally:
            runner.run(sandbox.close())


async def _developed(path: Path, data: bytes, options: argparse.Namespace, sandbox: Sandbox) -> Developed:
    """The name only says whether it may be a document; who reads it is found out in there, too."""
    recipe, hinted = RECIPES[options.recipe], profiles.suggested(path.name)
    if hinted is None or hinted.processor is not Processor.OFFICE:
        try:
            return await sandbox.develop(data, options.timeout or DRAW_SECONDS, recipe, None, options.page)
        except OtherReader as other:
            if profiles.of_content(other.content_type).processor is not Processor.OFFICE:
                raise
    bounds = replace(BOUNDS, seconds=options.timeout or BOUNDS.seconds)
    return await convert(data, sandbox, path.name, bounds, recipe)


def _each(options: argparse.Namespace, work: Callable[[Path], Developed]) -> int:
    failed = 0
    for path in options.files:
        started = time.perf_counter()
        try:
            developed = work(path)
        except SandboxWeak as error:
            print(f"{error}\n  → --weak works all the same, --no-sandbox without any wall", file=sys.stderr)
            return 1
        except OtherReader as other:
            where = "in the sandbox alone" if options.no_sandbox else "by python -m processors.video"
            print(f"{path}: {other} is read {where}", file=sys.stderr)
            failed += 1
            continue
        except (Refused, SandboxError, OSError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed += 1
            continue
        _write(developed, path.stem, options.into)
        milliseconds = (time.perf_counter() - started) * 1000
        print(f"{path}: {_shown(developed.source, options.page or 1)}, {milliseconds:.0f} ms")
    return 1 if failed else 0


def _shown(facts: Facts, page: int) -> str:
    if facts.previews is not None:
        return f"{facts.format}, previews {facts.previews}: {libreoffice.missing()}"
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
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a picture, PDF, document or spreadsheet")
    parser.add_argument("--into", type=Path, default=Path(), metavar="FOLDER", help="where versions go (default: here)")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default=PHOTO.name, help=f"default: {PHOTO.name}")
    parser.add_argument("--page", type=int, metavar="N", help="this page of a PDF alone (default: 1, and all its text)")
    parser.add_argument("--timeout", type=float, metavar="S", help="seconds a file may take (default 10; documents 60)")
    parser.add_argument("--weak", action="store_true", help="also where the system gives the sandbox one layer only")
    parser.add_argument("--no-sandbox", action="store_true", help="work in this process: for files you trust, to debug")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
