"""`./ops/down`: ends all parts of a running appliance."""

import os
import signal
import sys
import time

from ops.commands import options
from ops.host.say import say, stop

PATIENCE = 90.0


def main() -> int:
    parser = options.parser(
        "down", "Ends all parts, in the reverse order of their start, and returns when all have ended."
    )
    folder = options.folder(parser.parse_args())
    pid = folder.holder()
    if not pid:
        say(f"Nothing is running in {folder.path}.")
        return 0
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while folder.holder() == pid:
        if time.monotonic() > deadline:
            stop(
                f"process {pid} has not ended after {PATIENCE:.0f} s",
                f"See {folder.logs}; as a last resort: kill -9 {pid}",
            )
        time.sleep(0.05)
    say(f"Darkroom has stopped; its data are in {folder.path}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
