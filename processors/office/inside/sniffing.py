"""What a document is by its content: libmagic's word for the family, and for a container what it says inside."""

import os

from processors.office.inside import contents
from processors.office.kinds import CSV, EXTENSIONS, LOOKED_INTO, MD, RTF, TXT, Kind
from processors.refusals import Code, Refused
from processors.sniff import content_type

ZIP, OLD = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
# How an encrypted file of today's Office is packed, in a file system of its old ones (MS-OFFCRYPTO, 2.3.2).
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# Texts that would be read as something else by whoever shows them: only by their names are they taken for texts.
MARKUP = ("text/html", "text/xml", "text/rtf")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def kind_of(data: memoryview, hint: str) -> Kind | None:
    """The kind of the file in `data`; None for one that is no document. hint: its extension, which tells texts apart.

    Raises Refused: empty, encrypted, unsupported_kind, unsafe_archive, damaged.
    """
    found, begins = content_type(data), bytes(data[: len(OLD)])
    if begins.startswith(ZIP):
        return contents.kind_of(data)
    if begins == OLD:
        raise _of_old(data)
    if found in ("text/rtf", "application/rtf"):
        return RTF
    hinted = EXTENSIONS.get(hint.lower())
    plainly = hinted is not None and hinted.plain
    if found.startswith("text/") or begins.startswith(UTF_16) or (plainly and found in LOOKED_INTO):
        if found in MARKUP and not plainly:
            raise Refused(Code.UNSUPPORTED_KIND, "Files of this kind are not supported: it is a page of markup.")
        return hinted if hinted in (CSV, MD) else CSV if found == "text/csv" and not plainly else TXT
    return None


def _of_old(data: memoryview) -> Refused:
    if data.obj is not None and _holds(data, ENCRYPTED):
        return Refused(Code.ENCRYPTED, "The document is protected by a password. Please send it without.")
    message = "Files of Office before 2007 are not supported. Please save it as docx or xlsx."
    return Refused(Code.UNSUPPORTED_KIND, message)


def _holds(data: memoryview, what: bytes) -> bool:
    step = 1 << 20
    return any(what in bytes(data[start : start + step + len(what)]) for start in range(0, len(data), step))


def size_of(descriptor: int) -> int:
    return os.fstat(descriptor).st_size
