"""Which tests one worker runs: those of a file, and those of a folder that share an appliance of its own."""

from xdist.scheduler import LoadFileScheduling

FOLDERS = ("tests/faults/", "tests/library/", "tests/profiles/", "tests/quotas/")
"""Spread over three workers, each of them would start the folder's appliance: some 15 s of CPU every time."""


class Together(LoadFileScheduling):
    """As --dist loadfile, but for those folders."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in FOLDERS if nodeid.startswith(folder)), super()._split_scope(nodeid))
