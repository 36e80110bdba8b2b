"""The system's own programs for drives; an account's PATH may leave out the folders they are in."""

import os
import shutil
import subprocess
from collections.abc import Collection

PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"


class ToolFailed(Exception):
    """A program of the system is missing or has failed. Says which, and its own words."""


def there(program: str) -> bool:
    return shutil.which(program, path=PATH) is not None


def run(*command: str, well: Collection[int] = (0,), seconds: float | None = 60) -> str:
    """What `command` says on standard output. Raises ToolFailed for an exit code that is not one of `well`."""
    try:
        done = subprocess.run(
            command,
            env={**os.environ, "PATH": PATH, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except FileNotFoundError:
        raise ToolFailed(f"{command[0]} is not installed on this machine") from None
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{' '.join(command)}: no answer within {seconds:.0f} s") from None
    if done.returncode not in well:
        said = done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}"
        raise ToolFailed(f"{' '.join(command)}: {said}")
    return done.stdout
