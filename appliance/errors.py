"""Domain errors: each owns its HTTP status, its stable code and the text that a user may see."""


class DomainError(Exception):
    """The base of everything that a caller is told in plain words."""

    status = 500
    code = "internal"
    title = "Something went wrong on our side"
    retry_after: int | None = None

    def __init__(self, detail: str = "", **fields: str) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.fields = fields  # field name → what is wrong with it


class BadConfiguration(DomainError):
    code = "bad_configuration"
    title = "The configuration is not usable"


class BadRequest(DomainError):
    status = 400
    code = "bad_request"
    title = "The request is not valid"


class NotAuthenticated(DomainError):
    status = 401
    code = "not_authenticated"
    title = "A valid key or token is needed"


class NotAllowed(DomainError):
    status = 403
    code = "not_allowed"
    title = "This key or token may not do that"


class NotFound(DomainError):
    status = 404
    code = "not_found"
    title = "There is no such thing"


class Conflict(DomainError):
    status = 409
    code = "conflict"
    title = "This is not possible in the present state"


class LegalHold(Conflict):
    code = "legal_hold"
    title = "This chat is under a legal hold"

    def __init__(self) -> None:
        super().__init__(
            "This chat is under a legal hold: nothing that was said in it can be deleted until a server lifts the hold"
        )


class PartsMissing(Conflict):
    code = "parts_missing"
    title = "Parts of this file are missing"


class UploadEnded(Conflict):
    code = "upload_ended"
    title = "This file takes no bytes any more"


class NotTaken(BadRequest):
    code = "unsupported_kind"
    title = "Files of this kind are not taken"


class WrongPart(BadRequest):
    code = "wrong_part"
    title = "This is not one of the parts that the file was cut into"


class SizeMismatch(BadRequest):
    code = "size_mismatch"
    title = "This is not the size that was announced; please upload the file again"


class ChecksumMismatch(BadRequest):
    code = "checksum_mismatch"
    title = "This is not the checksum that was announced; please upload the file again"


class TooLarge(DomainError):
    status = 413
    code = "too_large"
    title = "The file is too large"


class WrongFormat(DomainError):
    status = 415
    code = "unsupported_kind"
    title = "Files of this kind are not taken"


class TooMany(DomainError):
    status = 429
    code = "too_many"
    title = "That is more than is allowed at once"
    retry_after = 10


class Unavailable(DomainError):
    status = 503
    code = "unavailable"
    title = "A part of the appliance is not available at the moment; try again"
    retry_after = 2
