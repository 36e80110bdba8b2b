"""Refusals: what a file itself is guilty of, in words its owner understands."""

from enum import StrEnum


class Code(StrEnum):
    EMPTY = "empty"
    NOT_A_PICTURE = "not_a_picture"
    UNSUPPORTED_KIND = "unsupported_kind"
    DAMAGED = "damaged"
    TRUNCATED = "truncated"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_FRAMES = "too_many_frames"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_MUCH_METADATA = "too_much_metadata"
    NOT_A_VIDEO = "not_a_video"
    TOO_MANY_STREAMS = "too_many_streams"
    TOO_LONG = "too_long"
    NO_SMALLER = "no_smaller"
    NOT_A_PDF = "not_a_pdf"
    ENCRYPTED = "encrypted"
    TOO_MANY_PAGES = "too_many_pages"
    PAGE_TOO_LARGE = "page_too_large"
    NO_SUCH_PAGE = "no_such_page"
    NOT_A_DOCUMENT = "not_a_document"
    UNSAFE_ARCHIVE = "unsafe_archive"
    TOO_MUCH_UNPACKED = "too_much_unpacked"
    TOO_MANY_ROWS = "too_many_rows"


class Refused(Exception):
    """The file can't be developed, and trying again won't help. `message` is for the person who sent it.

    untouched: no decoder has had a part in it, so nothing can have been done to the process.
    """

    def __init__(self, code: str, message: str, untouched: bool = False) -> None:
        super().__init__(code, message)
        self.code = str(code)
        self.message = message
        self.untouched = untouched

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class OtherReader(Exception):
    """The file is of a kind that is taken, and read by a program of its own: of which `content_type`."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type)
        self.content_type = content_type


def too_much_memory() -> Refused:
    return Refused(Code.TOO_MUCH_MEMORY, "The file needs more memory to be read than a file may have.")
