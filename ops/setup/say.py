"""How the set-up talks to the person who started it: on standard error, so that standard output stays for results."""

import sys
from typing import NoReturn


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def stop(problem: str, remedy: str = "") -> NoReturn:
    """Ends the process with exit code 1, saying what is wrong and what to do next."""
    say(f"darkroom: {problem}" + (f"\n  → {remedy}" if remedy else ""))
    raise SystemExit(1)
