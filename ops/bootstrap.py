"""The door of every verb in this folder: sets up what is missing, then runs its module in the locked environment.

Only the standard library, and only syntax that every Python 3 parses: an old one answers with a sentence, not a trace.
"""

import os
import shutil
import signal
import sys

MINIMUM = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")


def enter(module: str, caller: bool = False, dev: bool = False, handed: "tuple[str, ...]" = ()) -> None:
    """Replaces this process by `python -m module` with this process' arguments; returns only by SystemExit.

    caller: stay the calling user, where other verbs run as the service account when root calls them.
    dev: the tools of the tests are needed too. handed: words before the names of files that only the caller may be able
    to read, and whose content the service account gets.
    """
    if sys.version_info < MINIMUM:
        _start_over()
    # Ctrl-C ends the set-up and what it has started without a trace; the verb's own process decides anew.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # The folder of the verbs is where Python looks first; from here on it is the checkout, as in every other process.
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from ops.setup.launch import launch

    launch(module, caller, dev, handed)


def _start_over() -> None:
    """Starts the same verb with a newer Python of this machine, or says what to install."""
    for name in NEWER:
        python = shutil.which(name)
        if python:
            os.execv(python, [python, *sys.argv])
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(
        "Darkroom needs Python 3.11 or newer; " + sys.executable + " is " + found + ".\n"
        "Debian 12, Ubuntu 24.04 and newer have it: apt-get install python3. Elsewhere see https://www.python.org/downloads/"
    )
