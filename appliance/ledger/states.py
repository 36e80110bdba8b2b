"""The states of an asset as the ledger keeps them, and as the API shows them."""

from enum import StrEnum


class State(StrEnum):
    """The states of `ledger.asset_state`; which may follow which is the table `ledger.moves`."""

    INIT = "init"
    EXPIRED = "expired"
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    DONE = "done"
    ERROR = "error"
    DELETING = "deleting"
    DELETED = "deleted"


SHOWN = ("init", "uploaded", "processing", "done", "error")  # the five states of the API
GONE = (State.DELETING, State.DELETED)

EXPIRED_ERROR = {
    "code": "upload_expired",
    "message": "No complete file arrived before the upload link ran out. Please upload it again.",
}


def shown(state: str | None) -> str | None:
    """What the API calls a state: `expired` is an error; what is gone has none."""
    if state in GONE or state is None:
        return None
    return "error" if state == State.EXPIRED else state


def kept(state: str) -> tuple[str, ...]:
    """The ledger's states behind one of the API's."""
    return ("error", "expired") if state == "error" else (state,)
