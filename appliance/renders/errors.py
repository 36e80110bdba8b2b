"""What a caller is told whose picture is not made."""

from appliance.errors import Conflict, DomainError, NotAllowed, TooMany, Unavailable


class NotReady(Conflict):
    code = "not_ready"
    title = "This file is not processed yet; try again in a moment"
    retry_after = 2


class NotAPicture(Conflict):
    code = "not_a_picture"
    title = "Only pictures can be had at any size"


class NotADocument(Conflict):
    code = "not_a_document"
    title = "Only documents have pages"


class NoPreviews(Conflict):
    code = "previews_unavailable"
    title = "Nothing here could draw this document; it can be processed again once LibreOffice is installed"


class NotListed(NotAllowed):
    code = "size_not_listed"
    title = "Other sizes, or another quality, need a signature of a server's"


class BadSignature(NotAllowed):
    code = "bad_signature"
    title = "This signature is not of these parameters, or of a file that is no more, or has run out"


class TooManyRenditions(TooMany):
    code = "too_many_renditions"
    title = "Of this file as much was made on request as may be"
    retry_after = 3600


class Busy(Unavailable):
    code = "busy"
    title = "More pictures are being made than can be; try again"


class BeingMade(Unavailable):
    code = "being_made"
    title = "This picture is being made; try again in a moment"


class NotMade(Conflict):
    """`code` is that of the failure."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


REFUSALS: dict[str, type[DomainError]] = {"not_done": NotReady, "too_many": TooManyRenditions, "busy": Busy}
"""Verdicts of placing an order that end a request."""
