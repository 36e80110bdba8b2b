"""`./ops/down`: ends all parts of a running appliance."""

import os
import signal
import time

from ops.commands import options
from ops.folder import DataFolder
from ops.setup.say import say, stop

PATIENCE = 90.0


def main() -> int:
    parser = options.parser(
        "down", "Ends all parts, in the reverse order of their start, and returns when all have ended."
    )
    folder = options.folder(parser.parse_args())
    pid = folder.holder()
    if not pid:
        return _clear(folder)
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


def _clear(folder: DataFolder) -> int:
    """Where no supervisor is: what one that was killed has left behind is ended."""
    state = folder.read("state.json")
    if state and folder.take():
        from ops import running

        if running.end_leftovers(state, say):
            say(f"What an earlier start had left running in {folder.path} has ended.")
            return 0
    say(f"Nothing is running in {folder.path}.")
    return 0


if __name__ == "__main__":
    options.run(main)
