"""`./ops/rotate`: new keys for storage."""

import os

from ops import credentials
from ops.commands import options
from ops.setup.say import say, stop

EPILOG = """\
Of a running appliance the keys can't be replaced: end it, rotate, start it again. Links and forms that were given out
before stay good until they run out (by the settings that the next start is given); then the storage server refuses the
old keys, and the start after that removes them.
"""


def main() -> int:
    folder = options.folder(
        options.parser("rotate", "Replaces the three keys for storage by new ones.", EPILOG).parse_args()
    )
    if given := [name for name in map(credentials.variable, credentials.STORAGE_KEYS) if os.environ.get(name)]:
        stop(
            f"{', '.join(given)} came from outside, and so must new keys",
            "Make them on that storage server, set them, and start Darkroom again; then remove the old ones there.",
        )
    if not folder.read(credentials.FILE):
        stop(f"there is no appliance in {folder.path}", f"{options.RUNNING_HINT}, or say with --data where it is.")
    if not folder.take():
        stop("Darkroom is running", "End it with ./ops/down, type this again, and start it with ./ops/up.")
    credentials.rotate(folder)
    say("The keys for storage are new, from the next start on. Links that are out stay good until they run out.")
    return 0


if __name__ == "__main__":
    options.run(main)
