"""`./ops/test`: lint, types, import rules and the tests, as they run before every commit and in CI."""

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ops import ports
from ops.commands import options
from ops.setup import packages, place
from ops.setup.say import say
from storage.server import locate

CHECKOUT = Path(__file__).resolve().parents[2]

# Most tests wait for daemons, so three run on two cores. A file is never split, and files keep their order: those of a
# folder share daemons.
SIDE_BY_SIDE = ["--numprocesses", "3", "--dist", "loadfile", "--no-loadscope-reorder"]

EPILOG = """\
All other arguments go to pytest: ./ops/test tests/storage -k links. With none, three files run side by side.

The tests start real daemons on free ports and end them. Those marked `long` take minutes and run with --long; those
marked `root` make users and mounts, and run only as root. Exit code: 0 all is well, 1 something is not.
"""


def main() -> int:
    given, rest = parse(sys.argv[1:])
    os.chdir(CHECKOUT)
    if not given.fast:
        install_what_tests_need()
        compile_checkout()
    steps = [*checks(), ("tests", pytest(given.fast, given.long, rest, os.geteuid() == 0))]
    failed = [name for name, command in steps if not passes(name, command)]
    say(f"FAILED: {', '.join(failed)}" if failed else "All is well.")
    return 1 if failed else 0


def install_what_tests_need() -> None:
    """Beside the environment: the browser, and what faults and sandbox are tried with."""
    if not packages.BROWSER.present():
        packages.install([packages.BROWSER], "needed for the tests of the page")
    faults = [packages.CLOCK, *([packages.POWER, *packages.HOSTS] if os.geteuid() == 0 else [])]
    if missing := [need for need in faults if not need.present()]:
        packages.install(missing, "needed for the tests of faults, drives and hosts")
    if missing := [need for need in packages.OFFICE if not need.present()]:
        packages.install(missing, "needed for the tests of documents")
    if os.geteuid() == 0 and packages.family() == "debian" and not packages.BUBBLEWRAP.present():
        packages.install([packages.BUBBLEWRAP], "needed for the tests of the sandbox")
    chain = subprocess.run([sys.executable, "-m", "tests.daemons.anvil"], cwd=CHECKOUT, stdout=subprocess.DEVNULL)
    if chain.returncode:
        sys.exit("The node of the tests' own chain could not be got by npm (its reason is above).")
    root = os.geteuid() == 0
    cache = os.environ.get("DARKROOM_CACHE") or (place.ROOT_CACHE / "service" if root else locate.default_cache())
    if not locate.find(Path(cache)):
        build_storage_server()


def compile_checkout() -> None:
    """Root's parts run as an account that can't write here: each process that tests start would compile all anew."""
    for name in ("appliance", "ops", "processors", "storage", "tests"):
        compileall.compile_dir(CHECKOUT / name, quiet=2, workers=0)


def build_storage_server() -> None:
    """By an appliance that is started once, which shows how far it is: the tests' time limits are too short for it."""
    # Only now, since --help is answered before anything is installed.
    from ops.benchmarks.appliance import isolated

    with tempfile.TemporaryDirectory(prefix="darkroom-tests-") as folder:
        Path(folder).chmod(0o755)  # as root, the appliance runs as another account
        here, clean = ["--data", f"{folder}/data"], isolated()
        up = subprocess.run([CHECKOUT / "ops" / "up", "--detach", "--port", str(ports.choose()), *here], env=clean)
        subprocess.run([CHECKOUT / "ops" / "down", *here], env=clean)
    if up.returncode:
        sys.exit(up.returncode)  # it has said why, and what to do


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(
        prog="./ops/test",
        description="Runs lint, types, import rules and the tests.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--fast", action="store_true", help="only the tests that need no daemon: under 30 s")
    extent.add_argument("--long", action="store_true", help="also the tests that take minutes")
    return parser.parse_known_args(arguments)


def checks() -> list[tuple[str, list[str]]]:
    """What is checked without running anything of the appliance."""
    programs = Path(sys.executable).parent
    return [
        ("lint", [str(programs / "ruff"), "check", "."]),
        ("format", [str(programs / "ruff"), "format", "--check", "."]),
        ("types", [str(programs / "mypy")]),
        ("imports", [str(programs / "lint-imports")]),
    ]


def pytest(fast: bool, long: bool, rest: list[str], root: bool) -> list[str]:
    """The pytest command for an extent; what this user can't run is deselected, not skipped in silence by each test."""
    marks = ["pure"] if fast else []
    if not long:
        marks.append("not long")
    if not root:
        marks.append("not root")
    chosen = ["-m", " and ".join(marks)] if marks else []
    if not fast and not rest:
        chosen += SIDE_BY_SIDE
    if fast and not any(Path(word).exists() for word in rest):
        chosen += pure_files()
    return [sys.executable, "-m", "pytest", *chosen, *rest]


def pure_files() -> list[str]:
    """The files with a test marked `pure`: what the others import would take longer than those tests."""
    return [str(path) for path in sorted(CHECKOUT.glob("tests/**/test_*.py")) if "mark.pure" in path.read_text()]


def passes(name: str, command: list[str]) -> bool:
    say(f"── {name}")
    began = time.monotonic()
    # The checkout is where modules are found; `-P` of our own start has taken care that nothing else is.
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
    say(f"── {name}: {'ok' if done.returncode == 0 else 'FAILED'} after {time.monotonic() - began:.1f} s")
    return done.returncode == 0


if __name__ == "__main__":
    options.run(main)
